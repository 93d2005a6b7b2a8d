"""A header of megabytes costs memory in proportion to its size, wherever the stamp stands in it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

import fitsprov
from fitsprov import Input, Stamp
from fitsprov.actions.conventions import find_convention, native
from fitsprov.cards.card import format_card
from fitsprov.conventions.writing import spell, spell_native

CARDS = 20_000
MOST = 5
"""Times its size."""
STAMP = Stamp(run="run", type="image", parents=(Input(name="IMG_1"), Input(name="IMG_2")))


@pytest.mark.parametrize("last", [False, True], ids=["first", "last"])
@pytest.mark.parametrize("name", ["none", "native", "cadc", "eso"])
def test_memory_is_bounded(tmp_path: Path, name: str, last: bool) -> None:
    others = [format_card(f"KEY{n:05}", n, "what some instrument says") for n in range(CARDS)]
    cards = {"none": b"", "native": spell_native(STAMP, native())}.get(name)
    stamp = spell(STAMP, find_convention(name)) if cards is None else cards
    head = [format_card("SIMPLE", True), format_card("BITPIX", 8), format_card("NAXIS", 0)]
    header = b"".join([*head, *([*others, stamp] if last else [stamp, *others]), b"END".ljust(80)])
    path = tmp_path / "a.fits"
    path.write_bytes(header.ljust(-(-len(header) // 2880) * 2880))
    fitsprov.inspect(path)
    tracemalloc.start()
    try:
        reading = fitsprov.inspect(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert reading.conventions == (() if name == "none" else (name,))
    assert len(header) < peak < MOST * len(header)
