"""What is asked of many datasets together is what each alone would answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

from fitsprov.model.lineage import Direction, Usage
from fitsprov.registry import Registry
from fitsprov.registry.engines.engine import reading
from fitsprov.registry.graph.lineage import lineage_of
from fitsprov.registry.graph.many_lineages import lineages_of
from fitsprov.registry.harvests.claims import Claim, Named
from tests.registry.making import dataset, record, step, survey, uid


def named(name: str) -> Named:
    """A dataset that a header names."""
    return Named(uid(name).bytes)


def fill(registry: Registry) -> list[UUID]:
    """Fill a registry with a survey, a stub, a list that was dropped, and raws that only a header lists."""
    registry.record(survey())
    registry.record(record(step("s", ["stub", Usage(uid("raw 1"), "a", False)], ["x", "y"]), datasets=()))
    claims = [
        Claim(
            "file:///a", 1, 1, "rubin", uid("a").bytes, activity=uid("q").bytes, used=(Named(uid("x").bytes),), n_used=7
        ),
        Claim("file:///b", 1, 1, "cadc", uid("b").bytes, raws=(named("raw 1"), named("r"))),
        Claim("file:///c", 1, 1, "rubin", uid("c").bytes, activity=uid("p").bytes, used=(named("b"),)),
    ]
    registry.harvester().take(claims)
    return [one.id for one in registry.find()]


def test_lineages_together_are_those_of_each_alone(registry: Registry) -> None:
    ids = fill(registry)
    with reading(registry._engine, registry._url) as connection:
        together = {one.focus: one for one in lineages_of(connection, [*ids, uid("nobody knows"), ids[0]])}
        alone = {one: lineage_of(connection, one, Direction.UP, None) for one in ids}
    assert together == alone
    assert {one.complete for one in together.values()} == {True, False}


def test_stamps_together_are_those_of_each_alone(registry: Registry) -> None:
    ids = fill(registry)
    assert registry.stamps([*ids, uid("nobody knows")]) == {one: registry.stamp(one) for one in ids}
    assert registry.stamps([]) == {}


def test_the_number_of_queries_is_that_of_the_generations(path: Path) -> None:
    """A hundred datasets cost no more than forty; counted by SQLite, which the others are like."""
    names = [f"image {n}" for n in range(100)]
    raws = tuple(dataset(f"raw {n}", "raw") for n in range(100))
    steps = [step(f"isr {n}", [f"raw {n}"], [name]) for n, name in enumerate(names)]
    with Registry(path) as registry:
        registry.record(record(*steps, datasets=raws))
        counts = []
        for some in (names[:40], names):
            statements: list[str] = []
            with reading(registry._engine, registry._url) as connection:
                driver = connection.connection.driver_connection
                driver.set_trace_callback(statements.append)
                assert len(list(lineages_of(connection, map(uid, some)))) == len(some)
                driver.set_trace_callback(None)
            counts.append(len(statements))
        assert counts[0] == counts[1]


def test_files_together_are_found_as_each_alone(registry: Registry) -> None:
    registry.record(survey())
    uris = [f"file:///data/raw_{n}.fits" for n in (1, 2, 3, 10)]
    assert registry.datasets_of_files(uris) == {uris[n]: [uid(f"raw {m}")] for n, m in ((0, 1), (1, 2), (3, 10))}
    again = replace(dataset("other", "raw"), uri=uris[0])
    registry.record(record(datasets=(again,)))
    assert sorted(registry.datasets_of_files(uris)[uris[0]]) == sorted([uid("raw 1"), uid("other")])
