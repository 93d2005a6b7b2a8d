"""A convention of anybody: every field in every kind that may be written is read back as it was."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import product
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.conventions.convention import Convention
from fitsprov.conventions.reading import read_header
from fitsprov.conventions.values import FIELDS
from fitsprov.conventions.writing import spell
from fitsprov.errors import UsageError
from fitsprov.model.stamp import Input, Software, Stamp
from tests.strategies import ids

ID = UUID("019b68b0-113c-7eb6-9df9-98277069661d")
NAMED = Input(name="raw_001.fits")
SAID: dict[str, dict[str, Any]] = {
    "id": {"id": ID},
    "run": {"run": "a/run"},
    "type": {"type": "image"},
    "data_id": {"data_id": {"visit": 7, "band": "r"}},
    "data_id.visit": {"data_id": {"visit": "seven"}},
    "data_id.{key}": {"data_id": {"visit": "seven", "band": "r"}},
    "activity_id": {"activity_id": ID},
    "task": {"task": "reduce"},
    "software.numpy": {"software": (Software("numpy", "2.1"),)},
    "software.{key}": {"software": (Software("numpy", "2.1"), Software("astropy", "8.0"))},
    "parameters.sigma": {"parameters": {"sigma": "3"}},
    "parameters.{key}": {"parameters": {"sigma": "3", "kernel": "turbo"}},
    "publisher_did": {"publisher_did": f"ivo://example.org/x?{ID}"},
    "datalink": {"datalink": f"https://example.org/links?ID={ID}"},
    **{f"{items}.{{n}}.id": {items: (Input(ID), Input(UUID(int=2)))} for items in ("parents", "raws")},
    **{
        f"{items}.{{n}}.{column}": {items: (Input(ID, **{column: "word"}),)}
        for items, column in product(("parents", "raws"), ("run", "type", "role", "name"))
    },
    **{f"{items}.{{n}}.extra.md5": {items: (Input(ID, extra={"md5": "a1"}),)} for items in ("parents", "raws")},
    **{f"{items}.{{n}}.extra.{{key}}": {items: (Input(ID, extra={"md5": "a1"}),)} for items in ("parents", "raws")},
    "n_parents": {"n_parents": 3},
    "n_raws": {"n_raws": 0, "raws": ()},
    "digests": {"digests": f"{'0' * 32}:"},
    "fingerprint": {"fingerprint": f"sha256:1:{'a' * 32}"},
    "stamped": {"stamped": datetime(2026, 3, 14, tzinfo=UTC)},
    "extra.night": {"extra": {"night": "20260314"}},
    "extra.{key}": {"extra": {"night": "20260314", "sky": "clear"}},
}
"""What a stamp has in a field, so that no other field is needed to say it."""
ONLY_READ = ("software", "ancestors.", "software.{n}", "parameters.{n}")
NOTHING_TO_SAY = ("version", "long_strings", "seal")


def general(field: str) -> str:
    """A field as the table of fields has it."""
    words = field.split(".")
    if "extra" in words:
        return ".".join(words[:-1]) + ".*"
    return f"{words[0]}.*" if len(words) == 2 else field


def cases() -> list[tuple[str, str]]:
    return [(field, kind) for field in SAID for kind in FIELDS[general(field)]]


def convention(field: str, kind: str) -> Convention:
    """A convention with this field, and with IDs where it is of an item."""
    items = field.partition(".")[0]
    name = "MYOX" + (" {n}" if "{n}" in field else "") + (" {key}" if "{key}" in field else "")
    rows = [f'{{ name = "{name}", field = "{field}", kind = "{kind}" }}']
    if items in ("parents", "raws") and not field.endswith(".id"):
        rows.insert(0, f'{{ name = "MYOID{{n}}", field = "{items}.{{n}}.id", kind = "uuid" }}')
    return Convention.parse(
        f'name = "myo"\ntitle = "t"\nsource = "s"\nwrite = true\nprefix = "MYO"\nkeywords = [{", ".join(rows)}]'
    )


def test_every_field_is_tried_or_only_read() -> None:
    rest = set(FIELDS) - {general(field) for field in SAID}
    assert {field for field in rest if not field.startswith(ONLY_READ)} == set(NOTHING_TO_SAY)


@pytest.mark.parametrize(("field", "kind"), cases())
def test_what_is_written_is_read_back(field: str, kind: str) -> None:
    own, stamp = convention(field, kind), Stamp(**SAID[field])
    cards = spell(stamp, own)
    reading = read_header(cards, [own])
    assert reading.findings == ()
    read = reading.stamp or Stamp()
    assert {name: getattr(read, name) for name in SAID[field]} == {name: getattr(stamp, name) for name in SAID[field]}
    assert spell(read, own) == cards


@pytest.mark.parametrize("items", ["parents", "raws"])
@pytest.mark.parametrize("kind", ["name", "label"])
def test_names_are_read_back(items: str, kind: str) -> None:
    own, stamp = convention(f"{items}.{{n}}.id", kind), Stamp(**{items: (NAMED, Input(ID))})
    assert read_header(spell(stamp, own), [own]).stamp == stamp


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        ("software", "software"),
        ("software.{n}.name", "word"),
        ("parameters.{n}.value", "scalar"),
        ("parents.flat.id", "uuid"),
    ],
)
def test_what_cannot_be_written_has_to_say_so(field: str, kind: str) -> None:
    with pytest.raises(UsageError, match="is only read; expected write = false"):
        convention(field, kind)


words = st.from_regex(r"[a-z][a-z0-9_]{0,7}", fullmatch=True)
versions = st.from_regex(r"[0-9a-z][0-9a-z.+-]{0,19}", fullmatch=True)


@given(
    st.dictionaries(words, versions, max_size=5), st.dictionaries(words, st.integers() | st.booleans() | versions), ids
)
def test_software_and_parameters_are_read_back(
    programs: dict[str, str], parameters: dict[str, Any], found: UUID
) -> None:
    own = Convention.parse(
        'name = "myo"\ntitle = "t"\nsource = "s"\nwrite = true\nprefix = "MYO"\nkeywords = [\n'
        '{ name = "MYOID", field = "id", kind = "uuid" },\n'
        '{ name = "MYO SW {key}", field = "software.{key}", kind = "version" },\n'
        '{ name = "MYO PAR {key}", field = "parameters.{key}", kind = "scalar" }]'
    )
    fits = {name: value for name, value in parameters.items() if not isinstance(value, int) or abs(value) < 2**63}
    software = tuple(Software(name, version) for name, version in sorted(programs.items()))
    stamp = Stamp(id=found, software=software, parameters=fits)
    read = read_header(spell(stamp, own), [own]).stamp
    assert (set(read.software), read.parameters) == (set(software), fits)
