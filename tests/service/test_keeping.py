"""What was answered is given again as long as it is true."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

import fitsprov
from fitsprov.service import keeping
from fitsprov.service.answer import Answer
from fitsprov.service.keeping import Kept
from tests.service.conftest import COADD, visit

NEW = visit(123_456)


def body(size: int) -> Answer:
    return Answer(b"x" * size, "text/plain")


def test_latest_are_kept_up_to_so_many_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "MOST", 100)
    kept = Kept()
    for name in (b"a", b"b", b"c"):
        kept.put((name, False), body(33))
    assert kept.get((b"a", False)) == body(33)
    kept.put((b"d", False), body(33))
    assert [kept.get((name, False)) is None for name in (b"a", b"b", b"c", b"d")] == [False, True, False, False]
    assert kept.size == 99


def test_what_is_sent_in_pieces_fails_or_is_too_large_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "LARGEST", 10)
    kept = Kept()
    for answer in (Answer(iter([b"x"]), "text/plain"), Answer(b"x", "text/plain", 404), body(11)):
        kept.put((b"a", False), answer)
        assert kept.get((b"a", False)) is None


@pytest.mark.parametrize("path", ["/links?ID={}&RESPONSEFORMAT=json", "/prov?ID={}", "/dataset/{}?way=into"])
def test_answer_changes_with_the_registry(
    path: str, survey: Path, tmp_path: Path, limited: Callable[..., httpx.Client]
) -> None:
    shutil.copy(survey / "fitsprov.db", tmp_path / "mine.db")
    client = limited(registry=f"sqlite:///{tmp_path}/mine.db")
    asked = path.format(COADD) + ("&DIRECTION=FORTH" if "prov" in path else "")
    first, again = client.get(asked), client.get(asked)
    assert (first.content, first.headers["etag"]) == (again.content, again.headers["etag"])
    with fitsprov.Registry(tmp_path / "mine.db") as registry:
        made = {"used": [{"id": COADD}], "generated": [{"id": NEW, "type": "catalogue"}]}
        registry.record({"fitsprov": 1, "run": "later", "activities": [made]})
    after = client.get(asked, headers={"If-None-Match": first.headers["etag"]})
    assert after.status_code == 200
    assert after.headers["etag"] != first.headers["etag"]
    assert NEW in after.text
    assert NEW not in first.text


def test_pages_of_two_datasets_are_two(client: httpx.Client) -> None:
    one, other = client.get(f"/dataset/{COADD}"), client.get(f"/dataset/{visit(3)}")
    assert one.headers["etag"] != other.headers["etag"]
    assert client.get(f"/dataset/{COADD}").content == one.content
    assert client.get(f"/dataset/{visit(3)}").content == other.content
    told = {"If-None-Match": one.headers["etag"]}
    same = client.get(f"/dataset/{COADD}", headers=told)
    assert same.status_code == 304
    assert not {"content-type", "content-security-policy"} & set(same.headers)  # a browser would take them over
    assert client.get(f"/dataset/{visit(3)}", headers=told).status_code == 200


def test_clients_with_and_without_gzip_get_what_they_can_read(client: httpx.Client) -> None:
    url = f"/links?ID={COADD}"
    for _ in range(2):
        plain = client.get(url, headers={"Accept-Encoding": "identity"})
        with client.stream("GET", url, headers={"Accept-Encoding": "gzip"}) as packed:
            raw = b"".join(packed.iter_raw())
        assert "content-encoding" not in plain.headers
        assert gzip.decompress(raw) == plain.content


def test_head_of_what_is_kept_has_no_body(client: httpx.Client) -> None:
    url = f"/links?ID={COADD}&MAXREC=50"
    got, head = client.get(url), client.head(url)
    assert head.content == b""
    assert head.headers["content-length"] == got.headers["content-length"]
