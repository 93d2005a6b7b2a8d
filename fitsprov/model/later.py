"""Collections that are made when somebody looks into them: of thousands of values, most callers want a few."""

from __future__ import annotations

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, Sequence, ValuesView
from typing import Any, TypeVar, overload

__all__ = ["Later", "LaterSequence", "whole"]

K = TypeVar("K")
V = TypeVar("V")
V_co = TypeVar("V_co", covariant=True)


class Later(Mapping[K, V]):
    """A mapping that is made when it is first needed; from then on, and to be compared or kept, it is a dictionary.

    Parameters
    ----------
    make : callable
        Makes it of what is there already: it reads nothing, and may be called at any time.
    known : mapping, optional
        Items of it that are given without making it.
    source : object, optional
        What it is made of, for who can use that as it is.
    """

    __slots__ = ("_known", "_made", "_make", "source")

    def __init__(
        self, make: Callable[[], dict[K, V]], known: Mapping[K, V] | None = None, source: object = None
    ) -> None:
        self.source = source
        self._make = make
        self._made: dict[K, V] | None = None
        self._known = known or {}

    def whole(self) -> dict[K, V]:
        """Give all of it."""
        if self._made is None:
            self._made = {**self._make(), **self._known}
        return self._made

    def amended(self, some: Mapping[K, V]) -> Later[K, V]:
        """Give the same with other values for some keys."""
        return Later(self.whole, {**self._known, **some}, self.source)

    def __getitem__(self, key: K) -> V:
        """Give one item."""
        if self._made is None and key in self._known:
            return self._known[key]
        return self.whole()[key]

    def __contains__(self, key: object) -> bool:
        """Whether it has an item."""
        return key in self._known or key in self.whole()

    def __iter__(self) -> Iterator[K]:
        """Give the keys."""
        return iter(self.whole())

    def __len__(self) -> int:
        """Count them."""
        return len(self.whole())

    def keys(self) -> KeysView[K]:
        """Give the keys."""
        return self.whole().keys()

    def values(self) -> ValuesView[V]:
        """Give the values."""
        return self.whole().values()

    def items(self) -> ItemsView[K, V]:
        """Give both."""
        return self.whole().items()

    def __repr__(self) -> str:
        """Show it as the dictionary that it is."""
        return repr(self.whole())

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep and copy it as a dictionary."""
        return dict, (self.whole(),)


def whole(mapping: Mapping[K, V]) -> Mapping[K, V]:
    """Give a mapping as who asks it thousands of times wants it."""
    return mapping.whole() if isinstance(mapping, Later) else mapping


class LaterSequence(Sequence[V_co]):
    """A sequence that is made when it is first needed; from then on, and to be compared or kept, it is a list or tuple.

    Parameters
    ----------
    make : callable
        Makes it of what is there already.
    length : int
        How many items it will have.
    kind : type
        What it is, list or tuple.
    """

    __slots__ = ("_kind", "_length", "_made", "_make")

    def __init__(
        self, make: Callable[[], Iterable[V_co]], length: int, kind: type[list[Any]] | type[tuple[Any, ...]] = tuple
    ) -> None:
        self._make = make
        self._made: Sequence[V_co] | None = None
        self._length = length
        self._kind = kind

    def whole(self) -> Sequence[V_co]:
        """Give all of it."""
        if self._made is None:
            self._made = self._kind(self._make())
        return self._made

    @overload
    def __getitem__(self, place: int) -> V_co: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[V_co]: ...
    def __getitem__(self, place: int | slice) -> V_co | Sequence[V_co]:
        """Give an item, or some."""
        return self.whole()[place]

    def __iter__(self) -> Iterator[V_co]:
        """Give the items."""
        return iter(self.whole())

    def __len__(self) -> int:
        """Count them, without making them."""
        return self._length

    def __eq__(self, other: object) -> bool:
        """Compare it with what it is, or with its like."""
        if isinstance(other, LaterSequence):
            return self.whole() == other.whole()
        return self.whole() == other if isinstance(other, self._kind) else NotImplemented

    def __hash__(self) -> int:
        """Hash it, where it is a tuple."""
        return hash(self.whole())

    def __repr__(self) -> str:
        """Show it as what it is."""
        return repr(self.whole())

    def __reduce__(self) -> tuple[Any, ...]:
        """Keep and copy it as what it is."""
        return self._kind, (self.whole(),)
