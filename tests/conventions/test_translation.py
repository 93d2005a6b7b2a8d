"""What is lost from one convention to another: the table of the documentation against what really comes through."""

from __future__ import annotations

import importlib.util
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import pytest

from fitsprov.actions.conventions import all_conventions
from fitsprov.conventions.convention import Convention
from fitsprov.conventions.reading import read_header
from fitsprov.conventions.writing import spell, spell_native
from fitsprov.model.stamp import Input, Software, Stamp

SOURCE = Path(__file__).parent.parent.parent / "docs" / "_ext" / "translation.py"


def load() -> ModuleType:
    """The module from which the documentation makes its tables."""
    spec = importlib.util.spec_from_file_location("translation", SOURCE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


translation = load()
ID = UUID("019b68b0-113c-7eb6-9df9-98277069661d")
VALUES: dict[str, dict[str, Any]] = {
    "dataset ID": {"id": ID},
    "run": {"run": "a/run"},
    "type": {"type": "image"},
    "dataId": {"data_id": {"visit": 7}},
    "activity": {"activity_id": UUID(int=3)},
    "task": {"task": "reduce"},
    "software": {"software": (Software("muse", "1.4"),)},
    "parameters": {"parameters": {"sigma": 3}},
    "publisher DID": {"publisher_did": f"ivo://example.org/dr1?{ID}"},
    "DATALINK": {"datalink": f"https://example.org/links?ID={ID}"},
    "digests": {},
    "fingerprint": {"fingerprint": "datasum:1:0123456789abcdef0123456789abcdef"},
    "time": {"stamped": datetime(2026, 3, 14, tzinfo=UTC)},
}
COLUMNS: dict[str, dict[str, Any]] = {
    "roles of inputs": {"role": "flat"},
    "categories of inputs": {"category": "calibration"},
    "types of inputs": {"type": "flat"},
    "runs of inputs": {"run": "calib/run"},
    "more about inputs": {"extra": {"md5": "a1"}},
}


def stamp_of(said: set[str]) -> Stamp:
    """A stamp that says all this."""
    fields = {name: value for thing in said for name, value in VALUES.get(thing, {}).items()}
    columns = {name: value for thing in said for name, value in COLUMNS.get(thing, {}).items()}
    item = Input(name="a.fits", **columns) if "names of inputs" in said else Input(UUID(int=5), **columns)
    lists = {name: (item,) for name in ("parents", "raws") if name in said}
    return Stamp(**fields, **lists)


def comes_through(thing: str, before: Stamp, after: Stamp) -> bool:
    """Whether a stamp still says something."""
    if VALUES.get(thing):
        return all(getattr(before, name) == getattr(after, name) for name in VALUES[thing])
    if thing in ("parents", "raws"):
        return bool(getattr(after, thing))
    mine, theirs = ((stamp.parents or stamp.raws or (None,))[0] for stamp in (before, after))
    if thing in COLUMNS:
        return theirs is not None and all(getattr(mine, name) == getattr(theirs, name) for name in COLUMNS[thing])
    return thing == "names of inputs" and theirs is not None and theirs.name == mine.name


@pytest.mark.parametrize("target", [each for each in all_conventions() if each.write], ids=lambda each: each.name)
@pytest.mark.parametrize("source", all_conventions(), ids=lambda each: each.name)
def test_the_table_says_what_is_lost(source: Convention, target: Convention) -> None:
    said = translation.said(source)
    before = stamp_of(said)
    cards = spell_native(before, target) if target.name == "native" else spell(before, target)
    after = read_header(cards, [target]).stamp or Stamp()
    lost = set(translation.lost(source, target))
    tried = {
        thing
        for thing in said
        if thing in COLUMNS or VALUES.get(thing) or thing in ("parents", "raws", "names of inputs")
    }
    assert {thing for thing in tried if not comes_through(thing, before, after)} == lost & tried


def test_every_field_is_told_apart() -> None:
    """Nothing that a convention says is missing from the tables."""
    rows = [row for each in all_conventions() for row in each.keywords]
    unnamed = {thing for row in rows for thing in translation.things_of(row)} - set(translation.THINGS)
    assert unnamed == {"version", "long_strings", "seal"}


def test_what_is_lost_from_native_to_rubin() -> None:
    found = {each.name: each for each in all_conventions()}
    assert translation.lost(found["native"], found["rubin"]) == [
        "publisher DID",
        "DATALINK",
        "raws",
        "number of raws",
        "names of inputs",
        "digests",
        "fingerprint",
        "time",
    ]


@pytest.mark.parametrize("target", [each for each in all_conventions() if each.write], ids=lambda each: each.name)
@pytest.mark.parametrize(
    ("thing", "before"),
    [
        ("number of parents", Stamp(n_parents=3001)),
        ("number of raws", Stamp(n_raws=3001)),
        ("digests", Stamp(n_parents=2, digests=f"{'0' * 32}:")),
        ("raws", Stamp(raws=(Input(UUID(int=5)),))),
    ],
)
def test_what_is_said_by_itself_comes_through_where_the_table_says_so(
    thing: str, before: Stamp, target: Convention
) -> None:
    """Counts and digests without the lists that they follow from, and raws without parents."""
    own = next(each for each in all_conventions() if each.name == "native")
    cards = spell_native(before, target) if target is own else spell(before, target)
    after = read_header(cards, [target]).stamp or Stamp()
    fields = {"number of parents": "n_parents", "number of raws": "n_raws", "digests": "digests", "raws": "raws"}
    same = getattr(after, fields[thing]) == getattr(before, fields[thing])
    assert same is (thing not in translation.lost(own, target))
