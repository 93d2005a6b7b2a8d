"""The adjacency file answers as the tables do, or not at all."""

from __future__ import annotations

import logging
import shutil
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, text

from fitsprov.errors import Conflict, RegistryError
from fitsprov.model.identifiers import activity_id
from fitsprov.model.lineage import Direction, Usage
from fitsprov.model.record import Record
from fitsprov.registry import Registry
from fitsprov.registry.engines.engine import transact
from fitsprov.registry.graph.reach import Bounds, follow
from fitsprov.registry.harvests.claims import Claim, Named
from tests.registry.making import dataset, record, step, survey, uid

NewRegistry = Callable[[], AbstractContextManager[str]]

NAMES = [f"d{n}" for n in range(8)]
EDITS = (
    "DELETE FROM used WHERE activity_id = :key",
    "UPDATE used SET actual = FALSE WHERE activity_id = :key",
    "UPDATE entity SET gen_aid = NULL WHERE id = :key",
    "UPDATE entity SET dataset_type_id = (SELECT max(id) FROM dataset_type) WHERE id = :key",
)


@st.composite
def histories(draw: st.DrawFn) -> list[Record | str | tuple[str, int]]:
    """Records over one set of datasets, in any order: stubs are completed later; edits from outside; files made."""
    usage = st.tuples(st.integers(0, 6), st.sampled_from([None, True, False]))
    steps = []
    for number in range(1, 8):
        used = draw(st.lists(usage, max_size=4, unique_by=lambda one: one[0]))
        inputs = [Usage(uid(NAMES[n]), None, actual) for n, actual in used if n < number]
        steps.append(step(f"s{number}", [*inputs], [dataset(NAMES[number], draw(st.sampled_from(["image", "coadd"])))]))
    moments: list[Record | str | tuple[str, int]] = []
    for one in draw(st.permutations(steps)):
        later = draw(st.booleans()) and one.used
        moments.append(record(step_of(one, ()) if later else one))
        if later:
            moments.insert(draw(st.integers(0, len(moments))), "index")
            moments.append(record(one))
        if draw(st.integers(0, 3)) == 0:
            moments.append((draw(st.sampled_from(EDITS)), draw(st.integers(1, 7))))
    for _ in range(draw(st.integers(1, 3))):
        moments.insert(draw(st.integers(0, len(moments))), "index")
    return moments


def step_of(one: Any, used: tuple[Usage, ...]) -> Any:
    """The same activity with other inputs."""
    return type(one)(activity=one.activity, used=used, generated=one.generated)


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


@pytest.mark.parametrize("place", ["heading", "columns", "sums", "end", "magic"])
def test_a_damaged_file_is_noticed_and_not_used(path: Path, place: str, caplog: pytest.LogCaptureFixture) -> None:
    with Registry(path) as registry:
        registry.record(survey())
        expected = registry.ancestors(uid("coadd"))
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
