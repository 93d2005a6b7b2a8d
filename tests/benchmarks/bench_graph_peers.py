"""The graph of a small survey, 10⁵ edges, beside what else one would keep it in."""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import networkx
from bench_graph import Questions, load
from harness import Row, once, paired
from survey_graph import TYPES, Survey, uuid

SURVEY = Survey(exposures=200, detectors=33)
RAW = TYPES.index("raw") + 1

Edges = list[tuple[str, str]]


def measure() -> Iterator[Row]:
    """A coadd's raws, and the room that an edge takes."""
    from fitsprov.registry import Registry

    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/survey.db"
        Registry.create(url).close()
        with Registry(url) as registry:
            load(registry, SURVEY)
            ours = Questions(registry, SURVEY)
            name = str(UUID(bytes=uuid(ours.last_coadd)))
            raws, edges = name_edges()
            size = registry.status().size / SURVEY.edges
            text = Path(folder, "text.db")
            in_text = fill_text(text, edges)
            graph = networkx.DiGraph((child, parent) for child, parent in edges)
            in_memory = partial(find_in_memory, graph, name, raws)
            asked = partial(find_in_text, in_text, name, raws)
            assert len(ours.raws()) == in_memory() == asked()
            registry.index()
            ours.open_file()
            what = "coadd → its raws, 10⁵ edges, with file"
            yield Row(what, paired(ours.raws, asked), 1, notes="a recursive query on UUIDs as text")
            yield Row(what, paired(ours.raws, in_memory), 2, notes="`networkx.descendants`, all in memory")
            yield Row(
                "all tables, an edge",
                size / (text.stat().st_size / len(edges)),
                1,
                notes="two UUIDs as text, two indexes",
            )
            opened = once(partial(ask_anew, Registry, url, ours.last_coadd))
            built = once(partial(prov_graph, edges, name, raws))
            yield Row(
                "from nothing in memory to the raws of a coadd",
                opened / built,
                0.01,
                notes=f"`prov` and `networkx`: {built:.0f} s",
            )


def name_edges() -> tuple[set[str], Edges]:
    """Raws, and pairs of dataset and what it was made from, by their UUIDs."""
    raws: set[str] = set()
    makers: dict[int, list[int]] = {}
    edges: Edges = []
    for block in SURVEY.blocks():
        keys, types, _, made_by, *_ = (column.tolist() for column in block.entities)
        for key, kind, maker in zip(keys, types, made_by, strict=True):
            if kind == RAW:
                raws.add(spelled(key))
            if maker:
                makers.setdefault(maker, []).append(key)
        users, _, inputs, _ = (column.tolist() for column in block.edges)
        edges += [
            (spelled(child), spelled(key)) for user, key in zip(users, inputs, strict=True) for child in makers[user]
        ]
    return raws, edges


def spelled(key: int) -> str:
    """A UUID as text."""
    return str(UUID(bytes=uuid(key)))


def find_in_memory(graph: Any, name: str, raws: set[str]) -> int:
    """Follow a graph of networkx."""
    return len(networkx.descendants(graph, name) & raws)


def fill_text(path: Path, edges: Edges) -> sqlite3.Connection:
    """Keep UUIDs as text, as one begins."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE edge (child TEXT, parent TEXT)")
    connection.executemany("INSERT INTO edge VALUES (?, ?)", edges)
    connection.execute("CREATE INDEX by_child ON edge (child)")
    connection.execute("CREATE INDEX by_parent ON edge (parent)")
    connection.commit()
    return connection


def find_in_text(connection: sqlite3.Connection, name: str, raws: set[str]) -> int:
    """Ask recursively."""
    query = """WITH RECURSIVE above (id) AS
        (VALUES (?) UNION SELECT parent FROM above JOIN edge ON edge.child = above.id) SELECT id FROM above"""
    return len({one for (one,) in connection.execute(query, (name,))} & raws)


def ask_anew(registry: Callable[[str], Any], url: str, key: int) -> None:
    """Open a registry and ask it."""
    with registry(url) as opened:
        assert opened.raws(UUID(bytes=uuid(key)))


def prov_graph(edges: Edges, name: str, raws: set[str]) -> None:
    """Make a document of the prov library, and follow its graph."""
    from prov.graph import prov_to_graph
    from prov.model import ProvDocument

    document = ProvDocument()
    document.add_namespace("d", "urn:uuid:")
    for one in {one for edge in edges for one in edge}:
        document.entity(f"d:{one}")
    for child, parent in edges:
        document.wasDerivedFrom(f"d:{child}", f"d:{parent}")
    graph = prov_to_graph(document)
    start = next(node for node in graph if str(node.identifier) == f"d:{name}")
    found = {str(node.identifier).removeprefix("d:") for node in networkx.descendants(graph, start)}
    assert found & raws
