"""The adjacency file of a registry: where it is, whether it may be believed, and making it anew."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from logging import getLogger
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import URL, Connection, Engine, func, select

from fitsprov.errors import RegistryError
from fitsprov.model.lineage import Direction
from fitsprov.registry.adjacency.changes import State, mark_graph, state_of, tell_built
from fitsprov.registry.engines.compiled import as_keys
from fitsprov.registry.engines.engine import is_file, transact
from fitsprov.registry.engines.reader import Reader
from fitsprov.registry.engines.sqlite import file_of
from fitsprov.registry.graph.reach import Bounds, Found, Tally, Walk, of_types, tally
from fitsprov.registry.graph.seeds import Seeds
from fitsprov.registry.schema import activity

if TYPE_CHECKING:
    from fitsprov.registry.adjacency.arrays import Numbers
    from fitsprov.registry.adjacency.file import About, GraphFile
    from fitsprov.registry.adjacency.layers import Layers

__all__ = ["Graph", "Indexed"]

logger = getLogger(__name__)

T = TypeVar("T")

FEW = 2_000
"""Datasets up to which statements are as quick as opening a file."""
MOST = 200_000
"""Activities that may be newer than the file; with more, statements are quicker than reading them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """What is known of the adjacency file."""

    path: str
    edges: int
    size: int
    """Bytes."""
    newer: int
    """Activities that the registry has and the file has not."""


class Graph:
    """Follows the graph of one registry; threads may share it."""

    def __init__(self, engine: Engine, url: URL, reader: Reader) -> None:
        self.engine = engine
        self.url = url
        self.reader = reader
        self.lock = Lock()
        self.file: GraphFile | None = None
        self.layers: Layers | None = None
        self.version = -1
        """Of the registry, in the state that the layers are."""
        self.refused: tuple[int, int, int] | None = None
        """A file that is not believed."""

    def follow(
        self,
        connection: Connection,
        start: Iterable[int],
        direction: Direction,
        bounds: Bounds,
        walk: Walk | None = None,
    ) -> Found:
        """Follow datasets, in the connection's transaction; by another walk than a plain one, where it is by a walk."""
        keys = list(start)
        walk = walk or Walk(connection, keys, direction, bounds)
        if self.file is None and walk.go(FEW):
            return walk.found
        layers = self.current(connection)
        of_types = partial(self.of_types, connection, layers)
        found = self.trying(layers, lambda layers: layers.follow(keys, direction, bounds, of_types))
        if found is None:
            walk.go()
            return walk.found
        return found

    def of_types(
        self, connection: Connection, layers: Layers | None, keys: Sequence[int], types: Collection[int]
    ) -> list[int]:
        """Give those datasets that are of some types, in the connection's transaction."""
        found = self.trying(layers, lambda layers: layers.of_types(keys, types))
        if found is None:
            rows = of_types().rows(connection, **as_keys(keys), types=as_keys(types)["keys"])
            return [key for (key,) in rows]
        return found

    def tally(self, connection: Connection, seeds: Seeds) -> tuple[int, list[Tally]]:
        """Count activities, and what they made with all that was made from that."""
        layers = self.current(connection) if self.file is not None else None
        listed = self.trying(layers, lambda layers: layers.having(seeds.words)) if seeds.are_listed else None
        begun: Sequence[int] | Numbers = seeds.keys(connection) if listed is None else listed
        if self.file is None and len(begun) > FEW:
            layers = self.current(connection)
        found = self.trying(layers, lambda layers: layers.tally(begun))
        return len(begun), tally(connection, map(int, begun)) if found is None else found

    def trying(self, layers: Layers | None, work: Callable[[Layers], T]) -> T | None:
        """Do work with the file; None where there is none, or it turns out to be damaged."""
        if layers is None:
            return None
        from fitsprov.registry.adjacency.file import DamagedGraph

        try:
            return work(layers)
        except DamagedGraph as damage:
            if self.file is layers.file:  # nobody else has noticed
                self.refuse(layers.file.path, str(damage))
            return None

    def current(self, connection: Connection) -> Layers | None:
        """Give the graph as the connection's transaction sees it; None where only the tables know it."""
        state = state_of(connection)
        if not state.builds:
            return None
        with self.lock:
            if self.version < state.version:
                self.layers = self.load(connection, state)
                self.version = state.version
            return self.layers if self.version == state.version else None

    def load(self, connection: Connection, state: State) -> Layers | None:
        """Open the file, unless it is, and read what is newer."""
        path = self.path(state)
        self.file = file = self.open(path, state)
        if file is not None and count_newer(connection, file.about) > MOST:
            self.refuse(path, f"more than {MOST} activities are newer")
        if self.file is None or file is None:
            return None
        from fitsprov.registry.adjacency.build import read_newer
        from fitsprov.registry.adjacency.layers import Layers

        return Layers(file, read_newer(connection, file.about))

    def open(self, path: Path, state: State) -> GraphFile | None:
        """Open the file if it is there and may be believed."""
        from fitsprov.registry.adjacency.file import DamagedGraph, GraphFile

        try:
            identity = identify(path)
            if identity == self.refused:
                return None
            file = self.file if self.file is not None and self.file.identity == identity else GraphFile(path)
        except FileNotFoundError:
            return None
        except (OSError, DamagedGraph) as damage:
            self.refuse(path, str(damage))
            return None
        if file.about.build not in state.builds:
            self.refuse(path, "it is of another registry, or of another state of this one")
        elif file.about.position < state.floor:
            self.refuse(path, "it is too old")
        else:
            return file
        return None

    def refuse(self, path: Path, why: str) -> None:
        """Believe a file no more until another takes its place."""
        self.file, self.layers = None, None
        self.refused = identify(path) if path.exists() else None
        logger.warning("%s: not used: %s; fitsprov registry index makes it anew", path, why)

    def path(self, state: State) -> Path:
        """Where the file is: beside the registry's own, or with what programs may make again."""
        if is_file(self.url):
            own = file_of(self.url)
            return own.with_name(f"{own.name}.graph")
        home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        return Path(home, "fitsprov", f"{state.registry}.graph")

    def build(self) -> Indexed:
        """Make the file anew.

        Raises
        ------
        RegistryError
            Where it cannot be written; the older one is still there.
        """
        from fitsprov.registry.adjacency.build import read_graph
        from fitsprov.registry.adjacency.file import write_graph

        marks = transact(self.engine, self.url, mark_graph)
        state, (about, columns) = self.reader.snapshot(lambda c: (state_of(c), read_graph(c, marks)))
        path = self.path(state)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_graph(path, about, columns)
        except OSError as error:
            raise RegistryError(f"{path}: {error.strerror}; expected room for the adjacency file") from error
        transact(self.engine, self.url, lambda connection: tell_built(connection, marks.build))
        return Indexed(path=str(path), edges=about.edges, size=path.stat().st_size, newer=0)

    def about(self, connection: Connection) -> Indexed | None:
        """Say what is known of the file; None where there is none that may be believed."""
        state = state_of(connection)
        with self.lock:
            file = self.open(self.path(state), state) if state.builds else None
        if file is None:
            return None
        newer = count_newer(connection, file.about)
        return Indexed(path=str(file.path), edges=file.about.edges, size=file.size, newer=newer)


def count_newer(connection: Connection, about: About) -> int:
    """Count the activities that a file has not."""
    greatest: int = connection.scalar(select(func.coalesce(func.max(activity.c.id), 0))) or 0
    return max(0, greatest - about.activities)


def identify(path: Path) -> tuple[int, int, int]:
    """Tell a file from others at the same path."""
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_mtime_ns
