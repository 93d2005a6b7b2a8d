"""The way through a lineage: each dataset once, the nearest first, and what really was used before what was not."""

from __future__ import annotations

from uuid import UUID

from fitsprov.exchange.drawings.walk import Leg, Walk
from fitsprov.model.lineage import Activity, Dataset, Direction, Lineage, Usage

ONE, TWO, THREE, FOUR, TASK, OTHER = (UUID(int=n) for n in range(1, 7))


def lineage(*usages: Usage, direction: Direction = Direction.UP) -> Lineage:
    """Two datasets that one activity made of what it used."""
    return Lineage(
        focus=ONE if direction is Direction.UP else THREE,
        direction=direction,
        datasets={key: Dataset(id=key) for key in (ONE, TWO, THREE)},
        activities={TASK: Activity(id=TASK, task="add", version="2")},
        generated_by={ONE: TASK, TWO: TASK, FOUR: OTHER},
        used={TASK: usages},
    )


def test_a_dataset_used_in_two_roles_is_one_step() -> None:
    walk = Walk(lineage(Usage(THREE, "seen", False), Usage(FOUR, "flat"), Usage(THREE, "input"), Usage(THREE, "again")))
    assert walk.legs(1) == (Leg((3,), "input", True), Leg((4,), "flat", True))


def test_steps_that_follow_each_other_in_one_role_are_one_leg() -> None:
    walk = Walk(lineage(Usage(THREE, "input"), Usage(FOUR, "input"), Usage(TWO, "flat")))
    assert walk.legs(1) == (Leg((3, 4), "input", True), Leg((2,), "flat", True))
    assert walk.legs(2) is walk.legs(1)


def test_the_nearest_is_first_and_what_was_only_presented_is_not_followed() -> None:
    depths, presented = Walk(lineage(Usage(FOUR, None, False), Usage(TWO), Usage(THREE))).reach()
    assert list(depths.items()) == [(1, 0), (2, 1), (3, 1), (4, 1)]
    assert set(presented) == {4}


def test_products_are_reached_through_the_activities_that_used_them() -> None:
    depths, presented = Walk(lineage(Usage(THREE, "input"), direction=Direction.DOWN)).reach()
    assert (depths, set(presented)) == ({3: 0, 1: 1, 2: 1}, set())


def test_who_made_a_dataset_is_told_with_its_version() -> None:
    walk = Walk(lineage())
    assert [walk.maker(n) for n in (1, 3, 4)] == ["add 2", "", "task not named"]


def test_what_nothing_is_known_of_is_a_stub() -> None:
    assert Walk(lineage()).dataset(4) == Dataset(id=FOUR, stub=True)
