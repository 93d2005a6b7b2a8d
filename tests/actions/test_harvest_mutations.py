"""Harmed headers of every convention are harvested, or refused by name; they never end a harvest."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import fitsprov
from fitsprov import Registry
from tests.actions.conftest import write_cards
from tests.actions.test_verify_foreign import write_text
from tests.conventions.test_mutations import headers


@settings(max_examples=30, deadline=None)
@given(st.lists(headers(), min_size=1, max_size=12))
def test_harmed_headers_are_harvested(empty_registry: Path, texts: list[bytes]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = shutil.copy(empty_registry, folder / "registry.db")
        for number, text in enumerate(texts):
            write_text(folder / f"{number}.fits", text)
        with Registry(f"sqlite:///{database}") as registry:
            done = fitsprov.harvest(folder, registry)
            assert done.files == len(texts)
            assert done.counts.files + done.unstamped + done.refused == len(texts)
            for dataset in registry.find():
                assert registry.lineage(dataset.id).focus == dataset.id


@pytest.mark.parametrize("count", [2**31, 2**63, 10**40])
def test_a_count_that_no_registry_holds_is_a_finding(count: int, registry: Registry, tmp_path: Path) -> None:
    path = write_cards(tmp_path / "a.fits", f"PRVCNT  = {count}", "PRV1    = 'raw1'")
    assert [finding.code for finding in fitsprov.inspect(path).findings] == ["value-malformed"]
    assert fitsprov.harvest(path, registry).counts.edges == 1
