"""How the datasets of a stack are placed, taken in by columns: it may be a hundred thousand."""

from __future__ import annotations

from collections.abc import Sequence

from fitsprov.exchange.drawings.labels import printable, spell
from fitsprov.model.dataid import Scalar
from fitsprov.model.lineage import Dataset

__all__ = ["Spread", "Values", "number_of", "texts", "united"]

Values = dict[type, set[Scalar]]
"""Different values by their types: 1 is not true."""


class Spread:
    """The dimensions of datasets, sorted, and the values that these take over all of them.

    Attributes
    ----------
    size : int
        How many datasets there are.
    counts : dict of str to int
        Dimension → how many of them have it.
    values : dict of str to Values
        Dimension → its different values.
    """

    def __init__(self, datasets: Sequence[Dataset]) -> None:
        placed = [dataset.data_id for dataset in datasets if dataset.data_id]
        self.size = len(datasets)
        self.counts: dict[str, int] = {}
        self.values: dict[str, Values] = {}
        for name in sorted(set[str]().union(*placed)):
            column = [one[name] for one in placed if name in one]
            key = printable(name)
            self.counts[key] = len(column)
            kinds = set(map(type, column))
            alone = len(kinds) == 1
            self.values[key] = {
                kind: set(column if alone else [v for v in column if type(v) is kind]) for kind in kinds
            }

    @property
    def everywhere(self) -> list[str]:
        """The dimensions that all have."""
        return [key for key, count in self.counts.items() if count == self.size]

    @property
    def shared(self) -> dict[str, str]:
        """The dimensions in which all agree, with the value as text."""
        return {key: texts(self.values[key])[0] for key in self.everywhere if number_of(self.values[key]) == 1}


def united(sets: Sequence[Values]) -> Values:
    """The values that are in any of some sets; of a single one no copy is made."""
    if len(sets) == 1:
        return sets[0]
    kinds = set[type]().union(*sets)
    return {kind: set[Scalar]().union(*(some.get(kind, ()) for some in sets)) for kind in kinds}


def number_of(values: Values) -> int:
    """How many values there are."""
    return sum(map(len, values.values()))


def texts(values: Values) -> list[str]:
    """The values as texts, sorted."""
    return sorted(spell(value) for some in values.values() for value in some)
