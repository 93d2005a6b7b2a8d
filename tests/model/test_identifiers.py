"""Dataset IDs in all the spellings that are met, and names that become IDs."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.errors import FitsprovError, MalformedID, UsageError
from fitsprov.model.identifiers import datalink_url, escape_name, is_id, name_id, parse_id, publisher_did
from tests.strategies import NASTY, ids, texts

DATASET = "019b68b0-113c-7eb6-9df9-98277069661d"


@pytest.mark.parametrize(
    "spelling",
    [
        DATASET,
        DATASET.upper(),
        f"ivo://example.org/survey/dr1?{DATASET}",
        f"IVO://Example.org/survey/dr1?{DATASET}",
        f"butler://dp02/{DATASET}",
        f"ivo://org.rubinobs/usdac/lsst-dp1?repo=dp1&id={DATASET}",
        f"ivo://org.rubinobs/usdac/dr1?repo=dr1&id={DATASET}",
        f"ivo://org.rubinobs/lsst-dp1/datasets?repo=dp1&id={DATASET}",
        f"ivo://org.rubinobs/usdac/lsst-dp1/datasets?repo=dp1&id={DATASET}",
    ],
)
def test_every_spelling_that_is_met_gives_the_same_id(spelling: str) -> None:
    assert is_id(spelling)
    assert parse_id(spelling) == UUID(DATASET)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "SC_O_20260314_00101.fits",
        DATASET[:-1],
        DATASET + "0",
        f" {DATASET}",
        f"{DATASET}\n",
        DATASET.replace("-", ""),
        f"{{{DATASET}}}",
        f"ivo://example.org/{DATASET}",
        f"ivo://example.org?name={DATASET}",
        f"ivo://example.org?{DATASET}#part",
        f"https://example.org/links?ID={DATASET}",
        f"butler://dp02/{DATASET}/more",
        f"butler://{DATASET}",
    ],
)
def test_what_is_no_id_is_refused_by_one_line_that_shows_it(text: str) -> None:
    assert not is_id(text)
    with pytest.raises(MalformedID) as refused:
        parse_id(text)
    assert refused.value.text == text
    assert "expected a UUID" in str(refused.value)


def test_publisher_did_is_the_registered_part_and_the_uuid() -> None:
    assert publisher_did("ivo://org.rubinobs/lsst-dp1", UUID(DATASET)) == f"ivo://org.rubinobs/lsst-dp1?{DATASET}"


@pytest.mark.parametrize(
    "authority",
    [
        "ivo://example.org/a%20b",
        "ivo://example.org/a?b",
        "ivo://example.org/a#b",
        "ivo://",
        "ivo://ab",
        "example.org",
        "http://example.org",
        "ivo://example.org/ ",
        "ivo://example.org/",
    ],
)
def test_publisher_did_refuses_what_is_no_registered_part(authority: str) -> None:
    with pytest.raises(UsageError, match="is no IVOID"):
        publisher_did(authority, UUID(DATASET))


@given(ids)
def test_publisher_did_reads_back(dataset: UUID) -> None:
    assert parse_id(publisher_did("ivo://example.org/survey", dataset)) == dataset


def test_links_url_percent_encodes_the_did_whole() -> None:
    url = datalink_url("https://example.org/prov/", f"ivo://example.org/dr1?{DATASET}")
    assert url == f"https://example.org/prov/links?ID=ivo%3A%2F%2Fexample.org%2Fdr1%3F{DATASET}"


@pytest.mark.parametrize(
    ("name", "convention", "expected"),
    [
        ("SC_O_20260314_00101.fits", "native", "c4926d20-d110-5a57-9e16-4b24c413f84e"),
        ("SC_O_20260314_00101.fits", "eso", "d97e8b3a-498e-5cd4-9b1b-c74b325c27db"),
        ("Übersicht 7", "native", "571ec81c-b413-59c6-b345-b605781b6277"),
    ],
)
def test_ids_of_names_never_change(name: str, convention: str, expected: str) -> None:
    assert name_id(name, convention) == UUID(expected)


@pytest.mark.parametrize(
    ("name", "escaped"),
    [
        ("raw_7.fits", "raw_7.fits"),
        ("night 7/raw.fits", "night%207/raw.fits"),
        ("it's", "it%27s"),
        ("a&b", "a%26b"),
        ("50%", "50%25"),
        ("é", "%C3%A9"),
        ("a\nb", "a%0Ab"),
    ],
)
def test_names_are_escaped_the_same_for_ever(name: str, escaped: str) -> None:
    assert escape_name(name) == escaped


@given(texts)
def test_escaped_names_are_one_word_of_plain_ascii(name: str) -> None:
    assert set(escape_name(name)) <= {chr(code) for code in range(0x21, 0x7F)} - {"'", "&"}


@given(st.lists(st.text(NASTY, min_size=1), min_size=2, max_size=2, unique=True))
def test_different_names_escape_differently(pair: list[str]) -> None:
    assert escape_name(pair[0]) != escape_name(pair[1])


def test_a_name_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(FitsprovError, match="surrogate"):
        escape_name("raw\udcff.fits")
