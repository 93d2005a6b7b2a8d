"""What of a registry one caller sees, where others are not even to know that there is more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from fitsprov.actions.access import Caller
from fitsprov.actions.trimming import without
from fitsprov.errors import DatasetNotFound
from fitsprov.model.account import Account
from fitsprov.model.facts import Annotation, DatasetFacts
from fitsprov.model.lineage import Dataset, Direction, Lineage, Linked, Neighbourhood, Surroundings
from fitsprov.model.said import Said
from fitsprov.model.stamp import Input, Stamp

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["View"]


@dataclass(frozen=True, slots=True)
class View:
    """A registry without what is not for the caller.

    It has those methods of `Registry` alone by which clients are answered: one that is missing here gives nothing away.
    """

    whole: Registry
    caller: Caller

    @property
    def base_url(self) -> str | None:
        """Where DATALINK cards point."""
        return self.whole.base_url

    @property
    def authority(self) -> str | None:
        """The registered part of publisher DIDs."""
        return self.whole.authority

    def sees(self, dataset: Dataset | Linked | Input) -> bool:
        """Whether the caller may know of a dataset."""
        return self.caller.may_have(dataset.run, dataset.type)

    def dataset(self, identifier: UUID | str) -> Dataset:
        """Find a dataset by its ID or name."""
        found = self.whole.dataset(identifier)
        if not self.sees(found):
            raise DatasetNotFound(identifier)
        return found

    def datasets(self, ids: Iterable[UUID]) -> dict[UUID, Dataset]:
        """Fetch many datasets."""
        return {key: one for key, one in self.whole.datasets(ids).items() if self.sees(one)}

    def datasets_with(self, fingerprint: str) -> list[Dataset]:
        """List the datasets whose data have a fingerprint."""
        return list(filter(self.sees, self.whole.datasets_with(fingerprint)))

    def find(self, *, limit: int | None = None, **wanted: Any) -> list[Dataset]:
        """Find datasets by what they are."""
        asked = limit
        while True:
            found = self.whole.find(limit=asked, **wanted)
            seen = list(filter(self.sees, found))
            if asked is None or len(found) < asked or len(seen) >= (limit or 0):
                return seen[:limit]
            asked *= 4

    def neighbourhoods(self, ids: Sequence[UUID]) -> dict[UUID, Neighbourhood]:
        """Fetch what stands one step from each of many datasets."""
        return {
            key: replace(
                near,
                parents=tuple(pair for pair in near.parents if self.sees(pair[0])),
                products=tuple(filter(self.sees, near.products)),
                siblings=tuple(filter(self.sees, near.siblings)),
            )
            for key, near in self.whole.neighbourhoods(ids).items()
            if self.sees(near.dataset)
        }

    def surroundings(self, ids: Sequence[str]) -> dict[str, Surroundings]:
        """Fetch what links tell of many datasets and of what stands one step from each."""
        return {
            key: Surroundings(
                near.dataset,
                [pair for pair in near.parents if self.sees(pair[0])],
                list(filter(self.sees, near.products)),
                list(filter(self.sees, near.siblings)),
                near.made,
            )
            for key, near in self.whole.surroundings(ids).items()
            if self.sees(near.dataset)
        }

    def ids_of(self, texts: Iterable[str]) -> dict[str, list[str]]:
        """Find the UUIDs of what texts name."""
        named = self.whole.ids_of(texts)
        seen = self.datasets([UUID(key) for keys in named.values() for key in keys])
        found = {text: [key for key in keys if UUID(key) in seen] for text, keys in named.items()}
        return {text: keys for text, keys in found.items() if keys}

    def lineage(
        self, id: UUID | str, *, direction: Direction | str = Direction.UP, depth: int | None = None
    ) -> Lineage:
        """Follow a dataset as far as the caller sees."""
        focus = self.dataset(id).id
        lineage = self.whole.lineage(focus, direction=direction, depth=depth)
        listed = {raw.id: raw for raws in lineage.listed_raws.values() for raw in raws}
        return without(lineage, {key for key, one in ({**listed, **lineage.datasets}).items() if not self.sees(one)})

    def account(
        self,
        id: UUID | str,
        *,
        direction: Direction | str = Direction.UP,
        depth: int | None = None,
        uri: str | None = None,
    ) -> Account:
        """Tell all of a dataset that the caller sees; of what a file here is a copy, no caller is told."""
        lineage = self.lineage(id, direction=direction, depth=depth)
        return Account(lineage, self.facts(lineage.focus), self.standing(lineage.datasets))

    def stamp(self, id: UUID | str) -> Stamp:
        """Say what a header should say; a list with something in it that the caller does not see is not given."""
        stamp = self.whole.stamp(self.dataset(id).id)
        if not all(map(self.sees, stamp.parents or ())):
            stamp = replace(stamp, parents=None, n_parents=None, digests=None)
        if not all(map(self.sees, stamp.raws or ())):
            stamp = replace(stamp, raws=None, n_raws=None, digests=None)
        return stamp

    def facts(self, dataset: UUID | str) -> DatasetFacts:
        """Fetch what is said of a dataset, without other datasets that the caller does not see."""
        facts = self.whole.facts(self.dataset(dataset).id)
        seen = self.datasets({*facts.derived_from, *facts.members, *facts.collections})
        return replace(
            facts,
            annotations=tuple(map(self.told, facts.annotations)),
            derived_from=tuple(filter(seen.__contains__, facts.derived_from)),
            members=tuple(filter(seen.__contains__, facts.members)),
            collections=tuple(filter(seen.__contains__, facts.collections)),
        )

    def said(self, datasets: Iterable[UUID], activities: Iterable[UUID]) -> Said:
        """Fetch what is said of datasets, all of them seen, without others that the caller does not see."""
        said = self.whole.said(datasets, activities)
        seen = self.datasets({uuid for pair in (*said.derived, *said.members) for uuid in pair})
        return said._replace(
            annotations=tuple(map(self.told, said.annotations)),
            derived=tuple(pair for pair in said.derived if pair.object in seen),
            members=tuple(pair for pair in said.members if pair.object in seen),
        )

    def standing(self, ids: Iterable[UUID]) -> dict[UUID, Annotation]:
        """Find which of some datasets, all of them seen, are retracted, superseded or missing."""
        return {key: self.told(one) for key, one in self.whole.standing(ids).items()}

    def told(self, annotation: Annotation) -> Annotation:
        """What someone said, without a successor that the caller does not see."""
        hidden = annotation.successor is not None and not self.datasets([annotation.successor])
        return replace(annotation, successor=None) if hidden else annotation
