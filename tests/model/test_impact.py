"""Causes and requirements as values."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.errors import UsageError
from fitsprov.model.impact import Cause, Requirement


@pytest.mark.parametrize(
    ("requirement", "admitted", "refused"),
    [
        ("numpy", ["1.0", "anything"], []),
        ("numpy==2.0", ["2.0", "2.0.0"], ["2.0.1", "2.0rc1"]),
        ("numpy>=2.0,<2.1", ["2.0", "2.0.9"], ["1.26", "2.1", "2.0rc1"]),
        ("numpy!=2.0.1", ["2.0"], ["2.0.1"]),
        ("lsst_distrib<v30_0_0", ["v29_2_0", "v30_0_0_rc2", "29.1"], ["v30_0_0", "v30_0_1"]),
        ("lsst_distrib>=v30_0_0_rc2", ["v30_0_0", "v30_0_0_rc10"], ["v30_0_0_rc1"]),
        ("lsst_distrib <= w_2025_9", ["w_2025_08", "w_2024_50"], ["w_2025_10"]),
        ("afw>g1", ["g2"], ["g1"]),
        ("numpy==2.0.*", ["2.0", "2.0.1", "2.0rc1", "2"], ["2.1", "20.1", "w_2026_9"]),
        ("numpy!=2.*", ["1.9", "w_2026_9"], ["2.0", "2.1.dev1"]),
        ("numpy~=2.0.1", ["2.0.1", "2.0.9"], ["2.0.0", "2.1", "w_2026_9"]),
        ("lsst_distrib==v30_0.*", ["v30_0_1", "v30_0_0_rc1"], ["v30_1_0", "29.0"]),
        ("torch==2.1.0", ["2.1.0+cu118"], []),
        ("torch<=2.1.0,>=2.1.0", ["2.1.0+cu118"], []),
        ("x==1!0.5", ["1!0.5", "1!0.5.0"], ["0.5", "2!0.5"]),
        ("x<1!0,>=0!2", ["2.0", "99"], ["1!0.1", "1.9"]),
        ("x==1!2.*", ["1!2.3"], ["2.3", "1!3"]),
        ("x~=1!2.1", ["1!2.1", "1!2.9"], ["1!3.0", "2.5"]),
        ("torch==2.1.0+cu118", ["2.1.0+cu118"], ["2.1.0", "2.1.0+cpu"]),
    ],
)
def test_requirement_admits_versions_within_its_bounds(
    requirement: str, admitted: list[str], refused: list[str]
) -> None:
    wanted = Requirement.parse(requirement)
    assert [version for version in admitted if not wanted.admits(version)] == []
    assert [version for version in refused if wanted.admits(version)] == []


def test_an_unknown_version_meets_no_bound() -> None:
    assert Requirement.parse("isr").admits(None)
    assert not Requirement.parse("isr>1").admits(None)


@pytest.mark.parametrize(
    "text",
    ["", "numpy=2", "numpy>=", "numpy>=1,", ">=1", "two words", "x~=2", "x>=2.*", "x==*", "x==1!", "x!1", "x==a!1"],
)
def test_what_is_no_requirement_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no requirement; expected a name"):
        Requirement.parse(text)


@given(st.text(), st.text())
def test_any_two_versions_are_ordered_one_way(one: str, other: str) -> None:
    """Of two versions, one is smaller or neither is; never both, whatever they look like."""
    smaller = Requirement("x", (("<", other),)).admits(one)
    greater = Requirement("x", ((">", other),)).admits(one)
    equal = Requirement("x", (("==", other),)).admits(one)
    assert smaller + greater + equal == 1


def test_a_requirement_is_spelled_as_it_was_read() -> None:
    assert str(Requirement.parse(" numpy >= 2.0 , <2.1")) == "numpy>=2.0,<2.1"


CAUSES = st.builds(
    Cause,
    dataset=st.none() | st.uuids(),
    activity=st.none() | st.uuids(),
    run=st.just("some/run"),
    job=st.none() | st.text(),
    task=st.none() | st.just(Requirement.parse("isr<2")),
    package=st.none() | st.just(Requirement.parse("numpy>=2,<3")),
    config=st.none() | st.tuples(st.text(min_size=1), st.booleans() | st.integers() | st.text()),
    container=st.none() | st.text(),
    node=st.none() | st.text(),
    since=st.none() | st.datetimes(max_value=datetime(2020, 1, 1), timezones=st.just(UTC)),
    until=st.none() | st.datetimes(min_value=datetime(2020, 1, 1), timezones=st.just(UTC)),
)


@given(CAUSES)
def test_a_cause_comes_back_from_json(cause: Cause) -> None:
    assert Cause.from_json(cause.to_json()) == cause


def test_a_cause_of_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="no cause"):
        Cause()


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(UsageError, match="expected a time window"):
        Cause(since=datetime(2025, 1, 2), until=datetime(2025, 1, 1, tzinfo=UTC))


def test_a_cause_reads_as_a_sentence() -> None:
    cause = Cause(dataset=UUID(int=1), config=("isr.doFlat", True))
    assert str(cause) == "dataset 00000000-0000-0000-0000-000000000001, config isr.doFlat=True"
