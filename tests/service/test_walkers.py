"""Who asks for what takes long keeps nobody waiting but those who ask for the same."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from fitsprov.service import app
from fitsprov.service.answer import Answer, text
from tests.service.conftest import COADD


def test_links_are_answered_while_lineages_take_for_ever(
    limited: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    end = threading.Event()

    def answer(*_: object) -> Answer:
        end.wait(20)
        return text("done")

    monkeypatch.setattr(app, "answer_prov", answer)
    client = limited()
    with ThreadPoolExecutor(40) as callers:
        waiting = [callers.submit(client.get, f"/prov?ID={COADD}&n={n}") for n in range(40)]
        try:
            for path in (f"/links?ID={COADD}", f"/files/{COADD}", "/availability"):
                assert client.get(path, timeout=10).status_code == 200
            assert not any(one.done() for one in waiting)
        finally:
            end.set()
        assert {one.result().text for one in waiting} == {"done\n"}
