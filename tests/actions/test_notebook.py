"""What a resolution looks like in a notebook: whole, short, and harmless."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import fitsprov
from fitsprov.actions.resolution import Resolution, Status
from fitsprov.model.facts import Annotation, DatasetFacts, Metric, Observation
from fitsprov.model.finding import Finding
from fitsprov.model.lineage import Activity, Agent, Dataset, Lineage, Usage
from tests.exchange.conftest import HOSTILE, hostile, survey

ALLOWED_TAGS = {
    "div",
    "p",
    "strong",
    "em",
    "details",
    "summary",
    "pre",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
}


class Seen(HTMLParser):
    """Tags, attributes and text of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.open.append(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def resolution(lineage: Lineage | None, **more: object) -> Resolution:
    return Resolution(
        **{"name": "mine.fits", "status": Status.RESOLVED, "source": "service", "lineage": lineage, **more}
    )  # type: ignore[arg-type]


@pytest.fixture
def coadd() -> Resolution:
    story, focus = survey(1_500)
    return resolution(story.seen_from(focus), findings=(Finding("lineage-incomplete", "it has an open end"),))


def test_html_shows_what_is_measured_and_said(coadd: Resolution) -> None:
    when = datetime(2026, 11, 2, tzinfo=UTC)
    measured = tuple(Metric(name=f"<i>depth {n}", value=26.5, unit="mag", run="r") for n in range(30))
    note = Annotation(kind="note", text="a trail\u202e", time=when, run="r")
    focus = Observation(dataset=UUID(int=1), program="wide", started=when)
    facts = DatasetFacts(observation=focus, metrics=measured, annotations=(note,))
    seen = Seen(replace(coadd, facts=facts)._repr_html_())
    for told in ("30 metrics", "<i>depth 0", "26.5", "and 5 more", "a trail\\u202e", "program", "2026-11-02T00:00:00Z"):
        assert told in seen.text
    assert set(seen.tags) <= ALLOWED_TAGS
    assert seen.open == []


def test_html_shows_status_tree_tables_and_findings(coadd: Resolution) -> None:
    seen = Seen(coadd._repr_html_())
    assert "mine.fits" in seen.text
    assert "resolved (from the service)" in seen.text
    assert "deep_coadd  band=r" in seen.text
    assert "1498 parents" in seen.text
    assert "and 1473 more: .parents has all" in seen.text
    assert "lineage-incomplete" in seen.text
    assert seen.open == []


def test_html_of_a_large_lineage_stays_short(coadd: Resolution) -> None:
    assert len(coadd._repr_html_()) < 100_000


def test_each_form_is_there(coadd: Resolution) -> None:
    bundle = coadd._repr_mimebundle_()
    assert bundle == {"text/plain": str(coadd), "text/html": coadd._repr_html_()}
    assert str(coadd).splitlines()[0] == "mine.fits  resolved  (from the service)"
    assert "1,498 × visit_image" in str(coadd)
    assert repr(coadd) == "<Resolution of 'mine.fits': resolved, from the service>"


def test_nothing_known_is_shown_too() -> None:
    nothing = resolution(None, status=Status.UNSTAMPED, source="header")
    assert "unstamped (from the header)" in Seen(nothing._repr_html_()).text
    assert str(nothing) == "mine.fits  unstamped  (from the header)"


def is_harmless(shown: Resolution) -> None:
    html = shown._repr_html_()
    seen = Seen(html)
    assert set(seen.tags) <= ALLOWED_TAGS
    assert seen.attributes <= {"style", "open"}
    assert seen.open == []
    assert all(line.isprintable() for line in (*html.splitlines(), *str(shown).splitlines()))
    html.encode()


def test_hostile_text_does_nothing() -> None:
    lineage = hostile()
    (key, activity), *_ = lineage.activities.items()
    dressed = replace(activity, agent=Agent(id=HOSTILE, name=HOSTILE), config={HOSTILE: HOSTILE})
    is_harmless(
        resolution(
            replace(lineage, activities={key: dressed}),
            name=HOSTILE,
            findings=(Finding("seal-broken", HOSTILE, HOSTILE),),
            known_raws=(Dataset(id=UUID(int=1), name=HOSTILE, type=HOSTILE),),
        )
    )


@given(text=st.text())
def test_any_text_does_nothing(text: str) -> None:
    made, used, activity = UUID(int=1), UUID(int=2), UUID(int=3)
    lineage = Lineage(
        focus=made,
        datasets={made: Dataset(id=made, type=text, run=text), used: Dataset(id=used, name=text, type=text)},
        activities={activity: Activity(id=activity, task=text, version=text)},
        generated_by={made: activity},
        used={activity: (Usage(used, text),)},
    )
    is_harmless(resolution(lineage, name=text))


def test_tables_of_a_resolution_stay_tables(coadd: Resolution) -> None:
    assert len(coadd.parents) == 1498
    assert coadd.parents.colnames[:2] == ["id", "name"]
    assert isinstance(coadd, fitsprov.Resolution)
