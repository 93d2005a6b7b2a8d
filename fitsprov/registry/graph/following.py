"""What a registry answers about its graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fitsprov.errors import UsageError
from fitsprov.model.later import LaterSequence
from fitsprov.model.lineage import Dataset, Direction
from fitsprov.model.reached import Paths, Reached
from fitsprov.registry.adjacency.graph import Graph, Indexed
from fitsprov.registry.datasets import uuid_of
from fitsprov.registry.engines.reader import Reader
from fitsprov.registry.graph.raws import asked_for_raws, raws_above
from fitsprov.registry.graph.stopping import Predicate
from fitsprov.registry.graph.walking import Names, Which, paths_between, walk

__all__ = ["Following"]


class Following:
    """The part of a registry that follows its graph: by statements, in the adjacency file where that is quicker."""

    _reader: Reader
    _graph: Graph

    def ancestors(
        self,
        id: UUID | str,
        *,
        depth: int | None = None,
        limit: int | None = None,
        stop: Names | Predicate = (),
        type: Names = None,
        run: Names = None,
        role: Names = None,
        category: Names = None,
        presented: bool = False,
    ) -> Reached:
        """Find all that a dataset was made from.

        Parameters
        ----------
        depth, limit : int, optional
            How many generations are followed, and how many datasets given, at most; ``cut`` says whether there are
            more.
        stop : str, collection of str or callable
            Types and categories behind which nothing is looked for; or a function that is called with each `Dataset`
            that is met, and says whether it is such a one. The names are quicker.
        type, run, role, category : str or collection of str, optional
            Only these are given, whatever leads to them. The role is that in which something of all that is found used
            a dataset, or was made from it.
        presented : bool
            Whether what was presented to an activity and not used by it counts, too.

        Raises
        ------
        DatasetNotFound
        UsageError
            Where a number is negative, or ``stop`` is neither a type nor a category.
        """
        which = Which(type, run, role, category)
        return self._walk(id, Direction.UP, which, depth=depth, limit=limit, stop=stop, presented=presented)

    def descendants(
        self,
        id: UUID | str,
        *,
        depth: int | None = None,
        limit: int | None = None,
        stop: Names | Predicate = (),
        type: Names = None,
        run: Names = None,
        role: Names = None,
        category: Names = None,
        presented: bool = False,
    ) -> Reached:
        """Find all that was made from a dataset; the parameters are those of `ancestors`."""
        which = Which(type, run, role, category)
        return self._walk(id, Direction.DOWN, which, depth=depth, limit=limit, stop=stop, presented=presented)

    def _walk(self, id: UUID | str, direction: Direction, which: Which, **bounds: Any) -> Reached:
        return self._reader.snapshot(lambda connection: walk(connection, self._graph, id, direction, which, **bounds))

    def parents(self, id: UUID | str) -> Sequence[Dataset]:
        """List what was really used to make a dataset, calibrations included.

        Raises
        ------
        DatasetNotFound
        """
        return as_list(self.ancestors(id, depth=1))

    def children(self, id: UUID | str) -> Sequence[Dataset]:
        """List what was made from a dataset.

        Raises
        ------
        DatasetNotFound
        """
        return as_list(self.descendants(id, depth=1))

    def raws(self, id: UUID | str) -> Sequence[Dataset]:
        """List the raw observations among the ancestors, by dataId and name.

        Raises
        ------
        DatasetNotFound
        """
        focus = uuid_of(self._reader, id)
        asked = asked_for_raws(focus)
        return self._reader.snapshot(lambda connection: raws_above(connection, self._graph, focus), *asked)

    def paths(self, above: UUID | str, below: UUID | str, *, limit: int = 100) -> Paths:
        """Find the ways by which one dataset went into another, the shortest first; none where it did not.

        Raises
        ------
        DatasetNotFound
        UsageError
            Where the limit is not positive.
        """
        if limit < 1:
            raise UsageError(f"limit {limit} is none; expected 1 or more")
        return self._reader.snapshot(lambda connection: paths_between(connection, self._graph, above, below, limit))

    def index(self) -> Indexed:
        """Write the graph into the adjacency file, from which large walks are answered.

        The file is beside that of an SQLite registry, with caches (``$XDG_CACHE_HOME``) for a server. Others may write
        meanwhile; what is newer than the file is read from the registry, and a file that cannot be believed is not.

        Raises
        ------
        RegistryError
            Where the file cannot be written.
        """
        return self._graph.build()

    def indexed(self) -> Indexed | None:
        """Say what is known of the adjacency file; None where there is none that may be believed."""
        return self._reader.snapshot(self._graph.about)


def as_list(reached: Reached) -> Sequence[Dataset]:
    """Give datasets as a list that is made when somebody looks into it."""
    return LaterSequence(lambda: reached.datasets, len(reached), list)
