"""What a graph was followed to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fitsprov.model.lineage import Dataset

__all__ = ["Paths", "Reached"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Datasets above or below another, the nearest first."""

    datasets: Sequence[Dataset]
    generations: Mapping[UUID, int]
    """How many steps away each is, at least."""
    cut: bool = False
    """Whether there is more behind the depth or the limit that was given."""

    def __iter__(self) -> Iterator[Dataset]:
        """Give the datasets."""
        return iter(self.datasets)

    def __len__(self) -> int:
        """Count them."""
        return len(self.datasets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Ways from one dataset down to another, the shortest first."""

    paths: tuple[tuple[Dataset, ...], ...]
    """Each with both ends."""
    cut: bool = False
    """Whether there are more."""

    def __iter__(self) -> Iterator[tuple[Dataset, ...]]:
        """Give the paths."""
        return iter(self.paths)

    def __len__(self) -> int:
        """Count them."""
        return len(self.paths)
