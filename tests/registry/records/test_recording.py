"""A record is taken in whole or not at all, once, and whoever knows more completes it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from fitsprov.errors import Conflict, DatasetNotFound, InvalidRecord, RegistryError
from fitsprov.model.facts import Event
from fitsprov.model.lineage import Agent, Category, Dataset, Environment, Package, Usage
from fitsprov.model.record import Record
from fitsprov.registry import Counts, Registry
from fitsprov.registry.harvests.bulk import insert_rows
from fitsprov.registry.records import recording
from fitsprov.registry.schema import used
from tests.registry.making import AGENT, ENVIRONMENT, dataset, dump, record, step, survey, uid
from tests.strategies import NASTY


def refused(registry: Registry, url: str, given: Record, kind: type[Exception] = Conflict) -> str:
    """Record what must be refused with the registry untouched; give the message."""
    before = dump(url)
    with pytest.raises(kind) as error:
        registry.record(given)
    assert dump(url) == before
    text = str(error.value)
    assert text.startswith(f"{given.source}: ")
    assert "\n" not in text
    return text


def test_counts_say_what_was_new(registry: Registry) -> None:
    assert registry.record(survey()) == Counts(files=1, datasets=8, activities=4, edges=9)
    more = record(step("more", ["coadd", "nobody knows"], ["catalogue"]))
    assert registry.record(more) == Counts(files=1, datasets=1, activities=1, edges=2, stubs=1)


def test_counts_add_up() -> None:
    assert Counts(1, 2, 3, 4, 5, 6) + Counts(1, 1, 1, 1, 1, 1) == Counts(2, 3, 4, 5, 6, 7)


def test_recording_twice_changes_nothing(registry: Registry, url: str) -> None:
    registry.record(survey())
    before = dump(url)
    assert registry.record(survey()) == Counts(files=1)
    assert dump(url) == before


def test_activity_comes_back_as_recorded(registry: Registry) -> None:
    began = datetime(2025, 12, 29, 4, 48, 7, 123456, tzinfo=timezone(timedelta(hours=-3)))
    given = step(
        "s",
        ["a"],
        ["b"],
        task="isr",
        version="v30",
        run="drp/1",
        started=began,
        ended=began + timedelta(minutes=1),
        status="done",
        config={"doFlat": True, "nested": {"é": [1, 2.5, None]}},
        environment=ENVIRONMENT,
        agent=AGENT,
    )
    registry.record(record(given))
    found = registry.activity(given.activity.id)
    assert found == given.activity
    assert found.started is not None
    assert found.started.tzinfo is UTC


def test_defaults_of_the_record_reach_its_activities(registry: Registry) -> None:
    registry.record(survey())
    found = registry.activity(uid("activity isr 1"))
    assert (found.run, found.agent, found.environment) == ("drp/1", AGENT, ENVIRONMENT)


def test_equal_contents_are_stored_once(registry: Registry) -> None:
    registry.record(survey())
    shuffled = Environment(
        container=ENVIRONMENT.container, packages=ENVIRONMENT.packages[::-1], platform=ENVIRONMENT.platform
    )
    registry.record(record(step("more", [], ["x"], environment=shuffled, config={"sigma": 3.5, "doFlat": True})))
    with registry._engine.connect() as connection:
        counts = {
            table: connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            for table in ("software_env", "config", "package", "agent", "task")
        }
    assert counts == {"software_env": 1, "config": 2, "package": 2, "agent": 1, "task": 2}


def test_a_stub_is_completed_by_its_record(registry: Registry) -> None:
    registry.record(record(step("late", ["early"], ["late"])))
    assert registry.dataset(uid("early")) == Dataset(id=uid("early"), stub=True)
    assert not registry.lineage(uid("late")).complete
    early = dataset("early", "image", run="r", name="n", data_id={"exposure": 1})
    assert registry.record(record(step("first", ["raw"], [early]), datasets=(dataset("raw", "raw"),))).datasets == 2
    assert registry.dataset(uid("early")) == replace(early, category=Category.PRODUCT)
    assert registry.lineage(uid("late")).complete


def test_a_name_alone_keeps_a_stub_a_stub(registry: Registry) -> None:
    registry.record(record(step("s", ["a"], ["b"]), datasets=(Dataset(id=uid("a"), name="the one", stub=True),)))
    assert registry.dataset("the one") == Dataset(id=uid("a"), name="the one", stub=True)


def test_unknown_facts_are_completed(registry: Registry) -> None:
    registry.record(record(step("s", [], [dataset("a")], task="isr"), datasets=(dataset("b"),)))
    fuller = record(
        step("s", ["b"], [dataset("a", run="r", data_id={"x": 1})], task="isr", version="2", config={"k": 1}),
        datasets=(dataset("b", name="bee", uri="file:///b"),),
    )
    assert registry.record(fuller) == Counts(files=1, edges=1)
    assert registry.dataset(uid("a")).data_id == {"x": 1}
    assert registry.dataset(uid("b")).uri == "file:///b"
    assert registry.activity(uid("activity s")).version == "2"
    assert registry.activity(uid("activity s")).config == {"k": 1}
    assert registry.record(record(step("s", [], [dataset("a")]))) == Counts(files=1)
    assert registry.lineage(uid("a")).parents()[0][0].id == uid("b")


def test_an_activity_is_completed_by_who_does_not_repeat_its_agent(registry: Registry) -> None:
    registry.record(survey())
    registry.record(record(step("isr 1", [], [dataset("image 1")], status="done")))
    found = registry.activity(uid("activity isr 1"))
    assert (found.status, found.agent) == ("done", AGENT)


def test_usage_is_completed_by_role_and_actual(registry: Registry) -> None:
    registry.record(record(step("s", ["b", "a"], ["x"])))
    said = [Usage(uid("a"), "flat", False), Usage(uid("b"), "exposure")]
    assert registry.record(record(step("s", [*said], ["x"]))).edges == 0
    lineage = registry.lineage(uid("x"))
    assert lineage.used[uid("activity s")] == (Usage(uid("b"), "exposure"), Usage(uid("a"), "flat", False))
    assert registry.record(record(step("s", ["b", "a"], ["x"]))) == Counts(files=1)


def test_an_activity_may_be_told_of_more_outputs(registry: Registry) -> None:
    registry.record(record(step("s", ["a"], ["x"])))
    registry.record(record(step("s", ["a"], ["y"])))
    assert registry.lineage(uid("y")).generated_by == {uid("y"): uid("activity s")}
    assert {d.id for d in registry.neighbourhoods([uid("x")])[uid("x")].siblings} == {uid("y")}


BASE = {
    "task": "isr",
    "version": "1",
    "config": {"a": 1, "b": 2},
    "environment": ENVIRONMENT,
    "agent": AGENT,
    "status": "done",
}
OTHER_ENVIRONMENT = replace(ENVIRONMENT, packages=(Package("pip", "astropy", "7.1"), Package("pip", "numpy", "2.4.6")))


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"task": "coadd"}, "task is 'coadd' but stands as 'isr'"),
        ({"version": "2"}, "version is '2' but stands as '1'"),
        ({"config": {"a": 1, "b": 3}}, "config is '{\"b\":3}' but stands as '{\"b\":2}'"),
        ({"status": "failed"}, "status is 'failed' but stands as 'done'"),
        ({"agent": Agent(id="org:other")}, "agent is 'org:other' but stands as 'org:simcam'"),
        ({"agent": Agent(id="org:simcam", name="Else")}, "agent 'org:simcam': name is 'Else' but stands as 'SimCam'"),
        ({"environment": OTHER_ENVIRONMENT}, 'is \'{"pip astropy":"7.1"}\' but stands as \'{"pip astropy":"8.0.2"}\''),
    ],
)
def test_another_fact_of_an_activity_is_refused(
    registry: Registry, url: str, change: dict[str, Any], shown: str
) -> None:
    registry.record(record(step("s", ["a"], ["x"], **BASE)))
    assert shown in refused(registry, url, record(step("s", ["a"], ["x", "new"], **{**BASE, **change})))


@pytest.mark.parametrize(
    ("change", "shown"),
    [
        ({"run": "r2"}, "run is 'r2' but stands as 'r1'"),
        ({"data_id": {"tract": "1"}}, """data_id is '{"tract":"1"}' but stands as '{"tract":1}'"""),
        ({"data_id": {"tract": True}}, """data_id is '{"tract":true}' but stands as '{"tract":1}'"""),
        ({"name": "other"}, "name is 'other' but stands as 'one'"),
        ({"publisher_did": "ivo://y.org?1"}, "publisher_did is 'ivo://y.org?1'"),
    ],
)
def test_another_fact_of_a_dataset_is_refused(registry: Registry, url: str, change: dict[str, Any], shown: str) -> None:
    facts = {"run": "r1", "data_id": {"tract": 1}, "name": "one", "publisher_did": "ivo://x.org?1"}
    registry.record(record(datasets=(dataset("d", "image", **facts),)))
    given = record(datasets=(dataset("new"), dataset("d", "image", **{**facts, **change})))
    assert shown in refused(registry, url, given)


def test_a_contradiction_in_two_lines_is_shown_in_one(registry: Registry, url: str) -> None:
    registry.record(record(datasets=(dataset("d", run="a\nb"),)))
    assert r"but stands as 'a\nb'" in refused(registry, url, record(datasets=(dataset("d", run="\x1b[31m"),)))


def test_another_type_is_refused(registry: Registry, url: str) -> None:
    registry.record(record(datasets=(dataset("d", "image"),)))
    given = record(datasets=(dataset("d", "table"),))
    assert "type is 'table' but stands as 'image'" in refused(registry, url, given)


def test_two_makers_are_refused(registry: Registry, url: str) -> None:
    registry.record(record(step("one", ["a"], ["x"])))
    text = refused(registry, url, record(step("two", ["a"], ["x"])))
    assert f"made by activity '{uid('activity two')}' but stands as made by '{uid('activity one')}'" in text


@pytest.mark.parametrize(
    "said",
    [
        ["a"],
        ["a", "c"],
        [Usage(uid("a"), "flat"), "b"],
        [Usage(uid("a"), "exposure", False), "b"],
        ["a", "b", "c"],
    ],
)
def test_other_usages_of_an_activity_are_refused(registry: Registry, url: str, said: list[str | Usage]) -> None:
    registry.record(record(step("s", [Usage(uid("a"), "exposure", True), "b"], ["x"])))
    assert "but stands as using" in refused(registry, url, record(step("s", said, ["x"])))


def test_another_category_is_refused(registry: Registry, url: str) -> None:
    registry.record(record(datasets=(dataset("d", "flat"),), categories={"flat": Category.CALIBRATION}))
    given = record(datasets=(dataset("e", "flat"),), categories={"flat": Category.RAW})
    assert "dataset type 'flat': category is 'raw' but stands as 'calibration'" in refused(registry, url, given)


def test_an_agent_of_two_names_is_refused(registry: Registry, url: str) -> None:
    two = [step(f"s{n}", [], [f"x{n}"], agent=Agent(id="a", name=name)) for n, name in enumerate(["A", None, "B"])]
    assert "agent 'a': name is both 'A' and 'B'" in refused(registry, url, record(*two))
    registry.record(record(*two[:2]))
    assert registry.activity(uid("activity s1")).agent == Agent(id="a", name="A")


def test_a_version_of_nothing_is_refused(registry: Registry, url: str) -> None:
    given = record(step("s", [], ["x"], version="1"))
    assert "version '1' of nothing; expected a task" in refused(registry, url, given, InvalidRecord)


def test_an_activity_that_ends_before_it_starts_is_refused(registry: Registry, url: str) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    early = datetime(2025, 12, 31, 23, 59)  # without a zone, which is UTC
    text = refused(registry, url, record(step("s", ["a"], ["b"], started=start, ended=early)))
    shown = "ended is '2025-12-31 23:59:00+00:00', before it started, '2026-01-01 00:00:00+00:00'"
    assert text == f"test.yaml: activity {uid('activity s')}: {shown}; expected no contradiction"
    registry.record(record(step("s", ["a"], ["b"], started=start)))
    assert shown in refused(registry, url, record(step("s", ["a"], ["b"], ended=early)))
    registry.record(record(step("s", ["a"], ["b"], ended=start)))


def test_many_contradictions_are_one_line(registry: Registry, url: str) -> None:
    registry.record(record(datasets=tuple(dataset(f"d{n}", "image") for n in range(9))))
    text = refused(registry, url, record(datasets=tuple(dataset(f"d{n}", "table") for n in range(9))))
    assert "; and 6 more; expected" in text


def test_category_is_stated_or_raw_by_name_or_product_by_making(registry: Registry) -> None:
    given = record(
        step("s", ["raw"], ["image", dataset("log", "log")]),
        datasets=(dataset("raw", "raw"), dataset("catalogue", "refcat"), dataset("flat", "flat")),
        categories={"flat": Category.CALIBRATION, "log": Category.LOG},
    )
    registry.record(given)
    words = ("raw", "image", "log", "catalogue", "flat")
    assert [registry.dataset(uid(word)).category for word in words] == ["raw", "product", "log", None, "calibration"]
    registry.record(record(categories={"raw": Category.REFERENCE, "refcat": Category.REFERENCE}))
    assert registry.dataset(uid("raw")).category is Category.REFERENCE
    assert registry.dataset(uid("catalogue")).category is Category.REFERENCE


def test_a_dataset_without_a_type_may_have_a_category_of_its_own(registry: Registry, url: str) -> None:
    def told(word: str) -> tuple[str | None, Category | None]:
        found = registry.dataset(uid(word))
        return found.type, found.category

    def named(word: str, category: Category | None = None) -> Dataset:
        return Dataset(id=uid(word), category=category, stub=True)

    registry.record(record(step("s", ["bias", "dark"], ["image"]), datasets=(named("bias", Category.CALIBRATION),)))
    assert told("bias") == (None, Category.CALIBRATION)
    registry.record(
        record(datasets=(named("bias"), named("dark", Category.CALIBRATION)))
    )  # said later, of what is there
    assert told("bias") == told("dark") == (None, Category.CALIBRATION)
    registry.record(record(datasets=tuple(dataset(word, "frame") for word in ("bias", "other"))))
    assert (told("bias"), told("other")) == (("frame", Category.CALIBRATION), ("frame", None))
    assert told("dark") == (None, Category.CALIBRATION)
    given = record(datasets=(named("bias", Category.LOG),))
    assert f"dataset {uid('bias')}: category is 'log' but stands as 'calibration'" in refused(registry, url, given)


@pytest.mark.parametrize("first", [True, False])
def test_the_category_of_a_type_is_that_of_all_its_datasets(registry: Registry, url: str, first: bool) -> None:
    own = (Dataset(id=uid("a"), category=Category.CALIBRATION), Dataset(id=uid("raw"), category=Category.CALIBRATION))
    stated = record(categories={"frame": Category.REFERENCE}), record(datasets=own)
    for one in stated if first else stated[::-1]:
        registry.record(one)
    registry.record(record(datasets=(dataset("a", "frame"), dataset("raw", "raw"))))
    assert registry.dataset(uid("a")).category is Category.REFERENCE
    assert registry.dataset(uid("raw")).category is Category.RAW, "what a type is called is said of all of them, too"
    assert [one.id for one in registry.find(type="frame")] == [uid("a")]
    other = refused(registry, url, record(categories={"frame": Category.LOG}))
    assert other.count("category is 'log' but stands as 'reference'") == 1


def test_strict_refuses_what_nobody_describes(registry: Registry, url: str) -> None:
    given = record(step("s", ["a"], ["b"]))
    before = dump(url)
    with pytest.raises(InvalidRecord, match=r"1 used IDs are not described .* expected their datasets"):
        registry.record(given, strict=True)
    assert dump(url) == before
    registry.record(given)
    with pytest.raises(InvalidRecord, match="not described"):
        registry.record(given, strict=True)
    registry.record(record(datasets=(dataset("a"),)), strict=True)
    registry.record(given, strict=True)


def test_a_cycle_across_records_is_refused(registry: Registry, url: str) -> None:
    registry.record(record(step("one", ["a"], ["b"])))
    registry.record(record(step("two", ["b"], ["c"])))
    text = refused(registry, url, record(step("three", ["c"], ["a"])), InvalidRecord)
    assert "a cycle: " in text
    assert all(str(uid(name)) in text for name in "abc")


def test_a_cycle_by_completing_what_was_used_is_refused(registry: Registry, url: str) -> None:
    registry.record(record(step("one", [], ["a"])))
    registry.record(record(step("two", ["a"], ["b"])))
    refused(registry, url, record(step("one", ["b"], ["a"])), InvalidRecord)


def test_an_event_is_kept_once(registry: Registry) -> None:
    event = Event(component="REB", kind="firmware", time=datetime(2025, 5, 1, 12), before="31395008", after="3139500e")
    registry.record(record(events=(event,)))
    registry.record(record(events=(event, replace(event, kind="maintenance"))))
    assert registry.status().events == 2


def test_a_failure_half_way_leaves_nothing(registry: Registry, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump(url)

    def fail(connection: Any, table: Any, *rest: Any) -> None:
        if table is used:
            raise RuntimeError("the power is gone")
        insert_rows(connection, table, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(recording, "insert_rows", fail)
        with pytest.raises(RuntimeError):
            registry.record(survey())
    assert dump(url) == before
    assert registry.record(survey()).datasets == 8


HOSTILE = "'); DROP TABLE entity; --\" %s :x ? ; ☃ " + NASTY.replace("\0", "")


def test_sql_in_every_string_stays_text(registry: Registry) -> None:
    parent = dataset("p", HOSTILE, run=HOSTILE, name=HOSTILE, data_id={HOSTILE: HOSTILE}, uri=f"file:///{HOSTILE}")
    given = step(
        "s",
        [Usage(uid("p"), HOSTILE)],
        [dataset("x", HOSTILE, run=HOSTILE, publisher_did=HOSTILE[::-1])],
        task=HOSTILE,
        version=HOSTILE,
        run=HOSTILE,
        status=HOSTILE,
        config={HOSTILE: HOSTILE},
        agent=Agent(id=HOSTILE, name=HOSTILE, type=HOSTILE),
        environment=Environment(
            container=HOSTILE, packages=(Package(HOSTILE, HOSTILE, HOSTILE),), platform={"os": HOSTILE}
        ),
    )
    event = Event(component=HOSTILE, kind=HOSTILE, time=datetime(2025, 1, 1), before=HOSTILE, after=HOSTILE)
    registry.record(record(given, datasets=(parent,), events=(event,)))
    assert registry.record(record(given, datasets=(parent,), events=(event,))) == Counts(files=1)
    assert registry.activity(given.activity.id) == given.activity
    assert registry.dataset(HOSTILE) == parent
    assert registry.find(run=HOSTILE, type=HOSTILE, name=HOSTILE, data_id={HOSTILE: HOSTILE}) == [parent]
    assert registry.dataset_of_file(f"file:///{HOSTILE}") == uid("p")
    assert registry.lineage(uid("x")).used == {given.activity.id: given.used}


@pytest.mark.parametrize(
    "given",
    [
        record(datasets=(dataset("d", "\0"),)),
        record(datasets=(dataset("d", name="a\0b"),)),
        record(datasets=(dataset("d", uri="file:///\0"),)),
        record(step("s", [Usage(uid("a"), "\0")], ["x"])),
        record(step("s", [], ["x"], status="\0")),
        record(step("s", [], ["x"]), agent=Agent(id="a", name="\0")),
        record(step("s", [], ["x"]), environment=Environment(packages=(Package("pip", "n", "\0"),))),
        record(events=(Event(component="\0", kind="k", time=datetime(2025, 1, 1)),)),
    ],
)
def test_a_nul_is_refused(registry: Registry, url: str, given: Record) -> None:
    """SQLite would keep it, PostgreSQL does not."""
    assert "holds a NUL character; expected text without" in refused(registry, url, given, InvalidRecord)


def test_a_nul_in_json_is_escaped_and_kept(registry: Registry) -> None:
    given = dataset("d", data_id={"k": "\0"})
    made = step("s", [], [given], config={"a\0b": "\0"}, environment=Environment(platform={"k": "\0"}))
    registry.record(record(made))
    assert registry.dataset(uid("d")).data_id == {"k": "\0"}
    assert registry.activity(made.activity.id) == made.activity


@pytest.mark.parametrize("asked", [{"name": "\0"}, {"run": "\0*"}, {"type": "\0"}])
def test_a_nul_finds_nothing(registry: Registry, asked: dict[str, str]) -> None:
    registry.record(survey())
    assert registry.find(**asked) == []  # type: ignore[arg-type]  # any field
    with pytest.raises(DatasetNotFound):
        registry.dataset("SC_1\0")


LONG = "".join(chr(0x4E00 + n * 7919 % 20_000) for n in range(100_000))
"""A text that does not compress well."""


@pytest.mark.parametrize(
    "given",
    [
        record(datasets=(dataset("d", LONG),)),
        record(datasets=(dataset("d", name=LONG),)),
        record(datasets=(dataset("d", uri=LONG),)),
        record(datasets=(dataset("d"),), categories={LONG: Category.RAW}),
        record(step("s", [Usage(uid("a"), LONG)], ["x"])),
        record(step("s", [], ["x"], task=LONG)),
        record(step("s", [], ["x"]), run=LONG),
        record(step("s", [], ["x"]), environment=Environment(packages=(Package("pip", "n", LONG),))),
        record(events=(Event(component=LONG, kind="k", time=datetime(2025, 1, 1)),)),
    ],
)
def test_a_text_too_long_for_an_index_is_refused(registry: Registry, url: str, given: Record) -> None:
    assert "has 300000 bytes; expected at most" in refused(registry, url, given, InvalidRecord)


def test_a_long_text_that_no_index_holds_is_kept(registry: Registry) -> None:
    config = {LONG: LONG, "sql": LONG}
    made = step("s", [], [dataset("d", data_id={LONG: LONG})], status=LONG, config=config)
    registry.record(record(made, environment=Environment(container=LONG, platform={LONG: LONG})))
    found = registry.activity(made.activity.id)
    assert (found.status, found.config) == (LONG, config)
    assert registry.dataset(uid("d")).data_id == {LONG: LONG}


def test_the_longest_texts_that_are_taken_fit(registry: Registry) -> None:
    word, place = LONG[:266], "file:///" + LONG[:664]
    packages = (Package(word, word, word),)
    made = step(
        "s", [Usage(uid("a"), word)], ["x"], task=word, version=word, environment=Environment(packages=packages)
    )
    given = record(made, datasets=(dataset("d", word, run=word, name=word, uri=place, publisher_did=word),))
    assert registry.record(given) == Counts(files=1, datasets=2, activities=1, edges=1, stubs=1)


def test_half_a_surrogate_pair_is_refused(registry: Registry, url: str) -> None:
    assert "no Unicode text" in refused(registry, url, record(datasets=(dataset("d", "\ud800"),)), InvalidRecord)


@pytest.mark.parametrize("config", [{"a": float("inf")}, {"a": {1, 2}}, {"a": datetime(2025, 1, 1)}])
def test_a_configuration_that_is_no_json_is_refused(registry: Registry, url: str, config: dict[str, Any]) -> None:
    before = dump(url)
    with pytest.raises(InvalidRecord, match="expected JSON"):
        registry.record(record(step("s", [], ["x"], config=config)))
    assert dump(url) == before


def test_many_ids_are_more_than_one_statement_takes(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fitsprov.registry.datasets.CHUNK", 7)
    many = [f"d{n}" for n in range(100)]
    given = record(step("s", [*many], [f"x{n}" for n in range(50)]), datasets=tuple(map(dataset, many)))
    assert registry.record(given) == Counts(files=1, datasets=150, activities=1, edges=100)
    assert registry.record(given) == Counts(files=1)
    assert len(registry.datasets(map(uid, many))) == 100


def test_a_registry_on_a_readonly_medium_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Registry(path) as registry:
        registry.record(survey())
    monkeypatch.setattr("fitsprov.registry.engines.sqlite.may_write", lambda path: False)
    with Registry(path) as readonly:
        assert len(readonly.lineage(uid("coadd")).datasets) == 7
        with pytest.raises(RegistryError, match="read-only here; expected"):
            readonly.record(record(datasets=(dataset("new"),)))
