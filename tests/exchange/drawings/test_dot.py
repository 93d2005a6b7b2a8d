"""The PROV graph: DOT that parses, with every dataset and activity, in the colours of the convention."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.exchange.drawings.dot import draw_dot
from fitsprov.model.lineage import Agent, Direction, Lineage

QUOTED = r'"(?:[^"\\\n]|\\.)*"'
ATTRIBUTES = rf"\[\w+={QUOTED}(?: \w+={QUOTED})*\]"
STATEMENT = re.compile(rf"  {QUOTED}(?P<to> -> {QUOTED})? {ATTRIBUTES}")


def statements(graph: str) -> list[re.Match[str]]:
    """The nodes and edges of a graph; fails where there is anything else."""
    *head, end = graph.splitlines()
    assert head[0] == "digraph lineage {"
    assert end == "}"
    found = [STATEMENT.fullmatch(line) for line in head[5:]]
    assert None not in found
    return [each for each in found if each]


def count(graph: str) -> dict[str, int]:
    looks = {"ellipse": "entity", "box": "activity", "house": "agent"}
    kinds: Counter[str] = Counter()
    for each in statements(graph):
        if each["to"]:
            label = re.search(r'label="(used|wasGeneratedBy|wasAssociatedWith|presented, not used)', each[0])
            assert label
            kinds[label[1]] += 1
        else:
            shape = re.search(r' shape="(\w+)"', each[0])
            assert shape
            kinds[looks[shape[1]]] += 1
    return dict(kinds)


def test_datasets_activities_and_what_ties_them_are_drawn(survey_lineage: Lineage) -> None:
    assert count(draw_dot(survey_lineage)) == {
        "entity": 125,
        "activity": 76,  # 35 isr, 37 calibrateImage, 3 calibrations, the coadd
        "wasGeneratedBy": 76,
        "used": 35 + 35 * 2 + 35 * 4 + 5 + 6 + 5 + 2,
        "presented, not used": 2,
    }


def test_agents_are_houses(survey_lineage: Lineage) -> None:
    agent = Agent(id="org:sim", name="SimCam Survey")
    activities = {key: replace(each, agent=agent) for key, each in survey_lineage.activities.items()}
    counts = count(draw_dot(replace(survey_lineage, activities=activities)))
    assert counts["agent"] == 1
    assert counts["wasAssociatedWith"] == 76


def test_entities_are_yellow_and_activities_blue(survey_lineage: Lineage) -> None:
    for each in statements(draw_dot(survey_lineage)):
        assert ('shape="ellipse"' in each[0]) == ('fillcolor="#FFFC87"' in each[0])
        assert ('shape="box"' in each[0]) == ('fillcolor="#9FB1FC"' in each[0])


def test_hostile_text_stays_in_its_quotes(hostile_lineage: Lineage) -> None:
    graph = draw_dot(hostile_lineage)
    assert count(graph) == {"entity": 2, "activity": 1, "wasGeneratedBy": 1, "used": 1}
    graph.encode()


def test_a_cycle_ends(ring_lineage: Lineage) -> None:
    assert count(draw_dot(ring_lineage))["entity"] == 3


@given(data=st.data())
def test_any_lineage_is_a_graph(data: st.DataObject, any_graph: st.SearchStrategy[Lineage]) -> None:
    lineage = data.draw(any_graph)
    graph = draw_dot(lineage)
    assert statements(graph)
    assert graph == draw_dot(lineage)
    if lineage.direction is Direction.UP:
        assert all(f'"{ancestor.id}" [label=' in graph for ancestor in lineage.ancestors())


@pytest.mark.parametrize("name", ["survey_lineage", "hostile_lineage", "ring_lineage"])
def test_graphviz_reads_it(name: str, request: pytest.FixtureRequest, needs_tool: Callable[..., str]) -> None:
    graph = draw_dot(request.getfixturevalue(name))
    command = [needs_tool("dot", "graphviz"), "-Tcanon"]
    done = subprocess.run(command, input=graph.encode(), capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
