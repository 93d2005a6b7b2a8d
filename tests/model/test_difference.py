"""What differs between two products is said, and nothing else."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from fitsprov.model.config import leaves
from fitsprov.model.difference import Difference, differences, environment_differences
from fitsprov.model.lineage import Activity, Dataset, Environment, Lineage, Package, Usage


def uid(name: str) -> UUID:
    return uuid5(UUID(int=0), name)


def product(raws: tuple[str, ...] = ("r1",), **facts: Any) -> Lineage:
    """An image made from raws."""
    made, activity = uid(str(facts)), Activity(id=uid("activity"), task="isr", **facts)
    sources = {uid(name): Dataset(id=uid(name), type="raw", name=name) for name in raws}
    return Lineage(
        focus=made,
        datasets={made: Dataset(id=made, type="image"), **sources},
        activities={activity.id: activity},
        generated_by={made: activity.id},
        used={activity.id: tuple(map(Usage, sources))},
    )


def test_equal_provenance_differs_in_nothing() -> None:
    assert differences(product(version="1"), product(version="1")) == []


def test_versions_configuration_software_and_inputs_are_told_apart() -> None:
    one = product(
        version="1",
        config={"isr": {"doFlat": True, "n": 3}},
        environment=Environment(container="a", packages=(Package("pip", "numpy", "1"),), platform={"os": "x"}),
    )
    other = product(
        ("r1", "r2"),
        version="2",
        config={"isr": {"doFlat": False, "n": 3}},
        environment=Environment(container="a", packages=(Package("pip", "numpy", "2"),), platform={"os": "x"}),
    )
    assert differences(one, other) == [
        Difference("config", "isr", "isr.doFlat", "true", "false"),
        Difference("input", "raw", "r2", None, str(uid("r2"))),
        Difference("package", "isr", "pip:numpy", "1", "2"),
        Difference("version", "isr", "", "1", "2"),
    ]


def test_environments_are_compared_part_by_part() -> None:
    one = Environment(container="a", recipe="r", packages=(Package("pip", "x", "1"),))
    other = Environment(container="b", recipe="r", platform={"python": "3"})
    assert environment_differences(one, other) == [
        Difference("container", "", "container", "a", "b"),
        Difference("package", "", "pip:x", "1", None),
        Difference("platform", "", "python", None, "3"),
    ]


NAMES = st.text("abc", min_size=1, max_size=3)
CONFIGS = st.dictionaries(
    NAMES, st.recursive(st.integers() | st.booleans(), lambda below: st.dictionaries(NAMES, below), max_leaves=8)
)


@given(CONFIGS)
def test_leaves_are_all_values_by_their_paths(config: dict[str, Any]) -> None:
    for name, value in leaves(config):
        here: Any = config
        for part in name.split("."):
            here = here[part]
        assert here == value
        assert not isinstance(value, dict) or value == {}
    assert sum(1 for _ in leaves(config)) == count(config)


def count(value: Any) -> int:
    """The number of leaves, the other way."""
    return sum(count(below) if isinstance(below, dict) and below else 1 for below in value.values())


@given(CONFIGS, CONFIGS)
def test_swapping_two_products_swaps_the_values(one: dict[str, Any], other: dict[str, Any]) -> None:
    there = differences(product(config=one), product(config=other))
    back = differences(product(config=other), product(config=one))
    assert [(d.kind, d.where, d.what, d.other, d.one) for d in back] == [
        (d.kind, d.where, d.what, d.one, d.other) for d in there
    ]
