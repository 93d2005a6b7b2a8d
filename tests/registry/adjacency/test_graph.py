"""The adjacency file answers as the tables do, or not at all."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text
from sqlalchemy import event as on

from fitsprov.errors import Conflict, RegistryError
from fitsprov.model.identifiers import activity_id
from fitsprov.model.impact import Cause, Requirement
from fitsprov.model.lineage import Activity, Direction, Environment, Execution, Node, Package, Usage
from fitsprov.model.record import Record, Step
from fitsprov.registry import Registry
from fitsprov.registry.adjacency.rebuilding import is_due
from fitsprov.registry.engines.engine import transact
from fitsprov.registry.graph.reach import Bounds, follow
from fitsprov.registry.graph.seeds import USED, WORDS, Having, Seeds
from fitsprov.registry.harvests.claims import Claim, Named
from tests.registry.making import ENVIRONMENT, dataset, record, step, survey, uid

NewRegistry = Callable[[], AbstractContextManager[str]]

NAMES = [f"d{n}" for n in range(8)]
EDITS = (
    "DELETE FROM used WHERE activity_id = :key",
    "UPDATE used SET actual = FALSE WHERE activity_id = :key",
    "UPDATE entity SET gen_aid = NULL WHERE id = :key",
    "UPDATE entity SET dataset_type_id = (SELECT max(id) FROM dataset_type) WHERE id = :key",
    "UPDATE activity SET software_env_id = (SELECT max(id) FROM software_env) WHERE id = :key",
    "UPDATE activity SET task_id = NULL, execution_id = NULL WHERE id = :key",
)
OTHER = Environment(packages=(Package("pip", "numpy", "2.5.0"),))
JOBS = [Execution(id=uid(f"job {n}"), system="slurm", job=n, node=Node(name=f"n{n}"), environment=OTHER) for n in "12"]
FACTS = st.fixed_dictionaries(
    {},
    optional={
        "task": st.sampled_from(["isr", "coadd"]),
        "run": st.sampled_from(["drp/1", "drp/2"]),
        "config": st.sampled_from([{"clip": 3}, {"clip": 4}]),
        "environment": st.sampled_from([ENVIRONMENT, OTHER]),
        "execution": st.sampled_from(JOBS),
    },
)


@st.composite
def histories(draw: st.DrawFn) -> list[Record | str | tuple[str, int]]:
    """Records over one set of datasets, in any order: stubs are completed later; edits from outside; files made."""
    usage = st.tuples(st.integers(0, 6), st.sampled_from([None, True, False]))
    steps = []
    for number in range(1, 8):
        used = draw(st.lists(usage, max_size=4, unique_by=lambda one: one[0]))
        inputs = [Usage(uid(NAMES[n]), None, actual) for n, actual in used if n < number]
        made = dataset(NAMES[number], draw(st.sampled_from(["image", "coadd"])))
        steps.append(step(f"s{number}", [*inputs], [made], **draw(FACTS)))
    moments: list[Record | str | tuple[str, int]] = []
    for one in draw(st.permutations(steps)):
        later = draw(st.booleans())
        moments.append(record(unknown(one) if later else one))
        if later:
            moments.insert(draw(st.integers(0, len(moments))), "index")
            moments.append(record(one))
        if draw(st.integers(0, 3)) == 0:
            moments.append((draw(st.sampled_from(EDITS)), draw(st.integers(1, 7))))
    for _ in range(draw(st.integers(1, 3))):
        moments.insert(draw(st.integers(0, len(moments))), "index")
    return moments


def unknown(one: Step) -> Step:
    """The same activity before anybody has said what it used, and in what."""
    return replace(one, activity=Activity(id=one.activity.id), used=())


def agree(registry: Registry) -> int:
    """Hold the file against the tables, from each dataset on; give how many walks were compared."""

    def compare(connection: Connection) -> int:
        layers = registry._graph.current(connection)
        if layers is None:
            return 0
        keys = [key for (key,) in connection.execute(text("SELECT id FROM entity"))]
        made = connection.execute(text("SELECT gen_aid, id FROM entity WHERE gen_aid IS NOT NULL")).all()
        for activities in [[maker] for maker, _ in made] + [[maker for maker, _ in made][:3]]:
            direct = [key for maker, key in made if maker in activities]
            touched = {*direct, *follow(connection, direct, Direction.DOWN, Bounds()).keys}
            assert layers.tally(activities) == tally(connection, touched, direct)
        for conditions in some_conditions(connection):
            assert layers.having(conditions).tolist() == sorted(Seeds(conditions).keys(connection))
        number = 0
        for direction in Direction:
            for presented in (False, True):
                for bounds in (Bounds(presented=presented), Bounds(2, 3, (1,), presented)):
                    for start in [[key] for key in keys]:
                        expected = follow(connection, start, direction, bounds)
                        found = layers.follow(start, direction, bounds)
                        assert [sorted(one) for one in found.generations] == expected.generations
                        assert found.cut == expected.cut
                        number += 1
        return number

    return registry._reader.snapshot(compare)


def some_conditions(connection: Connection) -> list[list[list[Having]]]:
    """Each word by itself, and one that nobody has; some of them together, and some of which one is enough."""
    words = {}
    queries = {word: f"SELECT DISTINCT {word} FROM activity WHERE {word} IS NOT NULL" for word in WORDS}
    for word, query in {**queries, USED: "SELECT id FROM entity"}.items():
        words[word] = [*(key for (key,) in connection.execute(text(query))), 1000]
    alone = [[[Having(word, some)]] for word, keys in words.items() for some in ([], keys, *([key] for key in keys))]
    task, run, config, environment, job, used = (Having(word, keys[:1]) for word, keys in words.items())
    return [*alone, [[environment, job]], [[task], [run]], [[environment, job], [task, config]], [[used], [task]]]


def tally(connection: Connection, touched: set[int], direct: list[int]) -> list[tuple[int, int, int, int]]:
    """Count datasets by type and run."""
    query = text("SELECT id, coalesce(dataset_type_id, 0), coalesce(run_id, 0) FROM entity")
    places = {key: (kind, run) for key, kind, run in connection.execute(query)}
    every, some = (Counter(places[key] for key in keys) for keys in (touched, direct))
    return [(*place, number, some[place]) for place, number in sorted(every.items())]


@settings(max_examples=8)
@given(history=histories())
def test_the_file_with_what_is_newer_is_the_graph(new_registry: NewRegistry, history: list[Any]) -> None:
    with new_registry() as url, Registry(url) as registry:
        compared = 0
        for moment in history:
            if moment == "index":
                registry.index()
            elif isinstance(moment, Record):
                with suppress(Conflict):  # with what was edited from outside
                    registry.record(moment)
            else:
                edit, key = moment
                transact(registry._engine, registry._url, lambda c, e=edit, k=key: c.execute(text(e), {"key": k}))
            compared += agree(registry)
        assert compared


@st.composite
def headers(draw: st.DrawFn) -> list[list[Claim]]:
    """Batches of headers that name each other's datasets, with and without the activity, with lists that are cut."""
    claims = []
    for number in range(1, 7):
        inputs = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True))
        stated = draw(st.booleans())
        behind = Named(uid(NAMES[number - 1]).bytes), uid(f"behind {number}").bytes, (Named(uid(NAMES[0]).bytes),)
        claims.append(
            Claim(
                f"file:///{number}",
                *(1, 1, "native", uid(NAMES[number]).bytes, "image"),
                activity=(uid(f"s{number}") if stated else activity_id(None, None, [uid(NAMES[number])])).bytes,
                derived=not stated,
                used=tuple(Named(uid(NAMES[n]).bytes) for n in inputs),
                n_used=draw(st.none() | st.just(len(inputs) + 2)) if inputs else None,
                steps=(behind,) if number > 1 and draw(st.booleans()) else (),
            )
        )
    again = [one._replace(uri=f"{one.uri}.fz", n_used=None) for one in claims if draw(st.booleans())]
    order = draw(st.permutations([*claims, *again]))
    size = draw(st.integers(1, 6))
    return [order[start : start + size] for start in range(0, len(order), size)]


@settings(max_examples=8)
@given(batches=headers(), indexed=st.integers(0, 3))
def test_what_headers_complete_behind_the_file_is_noticed(
    new_registry: NewRegistry, batches: list[list[Claim]], indexed: int
) -> None:
    with new_registry() as url, Registry(url) as registry:
        harvester = registry.harvester()
        for number, batch in enumerate(batches):
            harvester.take(batch)
            if number == min(indexed, len(batches) - 1):
                registry.index()
        assert agree(registry)


def test_what_is_answered_is_the_same_with_a_file(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.record(survey())
    monkeypatch.setattr("fitsprov.registry.adjacency.graph.FEW", 1)

    def answers() -> list[object]:
        return [
            registry.ancestors(uid("coadd")),
            registry.descendants(uid("flat"), type="image"),
            registry.raws(uid("coadd")),
            registry.paths(uid("flat"), uid("coadd")),
        ]

    before = answers()
    registry.index()
    assert answers() == before
    assert registry._graph.file is not None
    registry.record(record(step("more", ["coadd"], ["mosaic"])))
    assert [one.id for one in registry.descendants(uid("coadd"))] == [uid("mosaic")]


CAUSES = {
    "task": Cause(task=Requirement("isr")),
    "run": Cause(run="drp/1"),
    "config": Cause(config=("clip", 3)),
    "package": Cause(package=Requirement.parse("numpy>=2")),
    "package of a job": Cause(package=Requirement.parse("numpy==2.5.0")),
    "container": Cause(container="sha256:1"),
    "job": Cause(job="1"),
    "node": Cause(node="n1"),
    "dataset": Cause(dataset=uid("flat")),
    "dataset, too": Cause(dataset=uid("flat"), package=Requirement("numpy")),
    "nothing": Cause(package=Requirement.parse("numpy<2")),
    "activity": Cause(activity=uid("activity isr 1")),
    "activity, too": Cause(activity=uid("activity isr 1"), package=Requirement("numpy")),
}


def test_impacts_are_the_same_with_a_file(registry: Registry) -> None:
    registry.record(survey())
    registry.record(record(step("late", ["coadd"], ["mosaic"], execution=JOBS[0])))
    before = {what: registry.impact(cause) for what, cause in CAUSES.items()}
    assert {what for what, impact in before.items() if impact.activities} == CAUSES.keys() - {"nothing"}
    registry.index()
    registry._reader.snapshot(registry._graph.current)
    assert registry._graph.file is not None
    statements: list[str] = []
    on.listen(registry._engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    for what, cause in CAUSES.items():
        statements.clear()
        assert registry.impact(cause) == before[what], what
        # what the file lists is not asked for
        assert any(" activity" in one for one in statements) is what.startswith("activity"), what
    registry.record(record(step("later", ["mosaic"], ["picture"], environment=OTHER)))
    assert registry.impact(CAUSES["package of a job"]).activities == 2


def test_an_environment_that_is_told_later_is_noticed(registry: Registry) -> None:
    cause = Cause(package=Requirement("numpy"))
    registry.record(record(step("first", ["x"], ["y"]), step("second", ["y"], ["z"], environment=ENVIRONMENT)))
    registry.index()
    registry._reader.snapshot(registry._graph.current)
    assert registry.impact(cause).datasets == 1
    registry.record(record(step("first", ["x"], ["y"], environment=OTHER)))
    assert (registry.impact(cause).activities, registry.impact(cause).datasets) == (2, 2)
    assert registry._graph.file is not None


def test_a_file_of_an_older_format_is_not_used(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with Registry(path) as registry:
        registry.record(survey())
        file = Path(registry.index().path)
        file.write_bytes(b"FPVGRAF1" + file.read_bytes()[8:])
        with caplog.at_level(logging.WARNING):
            assert registry.indexed() is None
            assert is_due(str(path))
        assert "it begins with b'FPVGRAF1'; expected b'FPVGRAF2'" in caplog.text
        registry.index()
        assert registry.indexed() is not None


@pytest.mark.parametrize("place", ["heading", "columns", "sums", "end", "magic"])
def test_a_damaged_file_is_noticed_and_not_used(path: Path, place: str, caplog: pytest.LogCaptureFixture) -> None:
    with Registry(path) as registry:
        registry.record(survey())
        expected, impact = registry.ancestors(uid("coadd")), registry.impact(CAUSES["package"])
        file = Path(registry.index().path)
        content = bytearray(file.read_bytes())
        blocks = (len(content) - 4096) // 4100
        for at in {
            "heading": [100],
            "columns": range(4096, len(content) - blocks * 4, 4096),
            "sums": [len(content) - 1],
            "magic": [3],
            "end": [],
        }[place]:
            content[at] ^= 1
        file.write_bytes(content[:-5000] if place == "end" else content)
        with pytest.MonkeyPatch.context() as patch, caplog.at_level(logging.WARNING):
            patch.setattr("fitsprov.registry.adjacency.graph.FEW", 0)
            for _ in range(2):
                assert registry.ancestors(uid("coadd")) == expected
                assert registry.impact(CAUSES["package"]) == impact
    assert [str(file) in one.getMessage() for one in caplog.records] == [True]


def test_a_file_of_another_registry_or_another_state_is_not_used(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = Path(shutil.copy(path, tmp_path / "other.db"))
    with Registry(path) as registry, Registry(other) as stranger:
        registry.record(survey())
        shutil.copy(registry.index().path, other.with_name("other.db.graph"))
        stranger.record(survey())
        stranger.index()
        shutil.copy(registry.index().path, other.with_name("other.db.graph"))
        with caplog.at_level(logging.WARNING):
            assert stranger.indexed() is None
    assert "of another registry, or of another state of this one" in caplog.text


def test_a_registry_that_was_put_back_does_not_believe_a_younger_file(
    path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    backup = tmp_path / "backup.db"
    with Registry(path) as registry:
        registry.record(survey())
        registry.index()
    shutil.copy(path, backup)
    with Registry(path) as registry:
        registry.record(record(step("more", ["coadd"], ["mosaic"])))
        registry.index()
    for end in ("-wal", "-shm"):
        path.with_name(path.name + end).unlink(missing_ok=True)
    shutil.copy(backup, path)
    with Registry(path) as registry:
        registry.record(record(step("other", ["image 1"], ["mosaic"])))
        assert registry.indexed() is None
        assert [one.id for one in registry.parents(uid("mosaic"))] == [uid("image 1")]


def test_a_file_that_cannot_be_written_leaves_the_older_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Registry(path) as registry:
        registry.record(survey())
        file = Path(registry.index().path)
        before = file.read_bytes()

        def full(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr("os.fsync", full)
        with pytest.raises(RegistryError, match="No space left on device; expected room for the adjacency file"):
            registry.index()
        assert file.read_bytes() == before
        assert [one.name for one in path.parent.iterdir() if "graph" in one.name] == [file.name]
        assert registry.indexed() is not None
        assert agree(registry)


def test_a_key_that_is_given_again_is_not_what_it_was(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    registry.record(record(step("first", ["x"], ["y"]), step("last", [], ["z"])))
    registry.index()
    for statement in ("UPDATE entity SET gen_aid = NULL WHERE gen_aid = 2", "DELETE FROM activity WHERE id = 2"):
        transact(registry._engine, registry._url, lambda c, s=statement: c.execute(text(s)))
    registry.record(record(step("new", ["x"], ["z"])))
    assert agree(registry)
    monkeypatch.setattr("fitsprov.registry.adjacency.graph.FEW", 0)
    assert [one.id for one in registry.parents(uid("z"))] == [uid("x")]


def test_too_much_that_is_newer_leaves_the_tables_to_answer(
    registry: Registry, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    registry.record(survey())
    registry.index()
    monkeypatch.setattr("fitsprov.registry.adjacency.graph.MOST", 0)
    registry.record(record(step("more", ["coadd"], ["mosaic"])))
    with caplog.at_level(logging.WARNING):
        assert agree(registry) == 0
    assert "more than 0 activities are newer" in caplog.text
    indexed = registry.indexed()
    assert indexed is None or indexed.newer == 1
    registry.index()
    assert agree(registry)
