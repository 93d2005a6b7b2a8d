"""What to change in a header: the decisions behind `stamp`, `strip` and `export`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from fitsprov.actions.conventions import native
from fitsprov.actions.plain import heeded
from fitsprov.actions.present import Ours, find_ours, has_foreign, joined, spans
from fitsprov.actions.reading import find_table, needs_table
from fitsprov.cards.card import format_card
from fitsprov.cards.grammar import CARD
from fitsprov.cards.search import find_card
from fitsprov.compiled import compiled
from fitsprov.conventions.convention import Convention, Group
from fitsprov.conventions.reading import check_seal, group_of, read_group
from fitsprov.conventions.writing import spell, spell_native
from fitsprov.errors import StampMissing, StampRefused, UsageError
from fitsprov.files import Edit
from fitsprov.files.accept import open_source
from fitsprov.files.fingerprint import card_fingerprint
from fitsprov.files.table import table_bytes
from fitsprov.model.stamp import Input, Stamp

if TYPE_CHECKING:
    from fitsprov.files.units import HeaderUnit

__all__ = ["LIST_CARDS", "Repointing", "Stamping", "Stripping", "now"]

LIST_MODES = ("auto", "cards", "table", "none")
LIST_CARDS = 100
"""Parents and raws in all that ``auto`` still writes as cards."""


@compiled
def now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


@dataclass(slots=True, kw_only=True)
class Stamping:
    """A stamp that is to be written, and how; called with a header, it gives the edit that writes it."""

    stamp: Stamp
    conventions: tuple[Convention, ...]
    target: Any
    """Whose header it is: what else there is to know about the file is asked only where it matters; None for a stream,
    of which nothing else is known."""
    lists: str = "auto"
    list_cards: int = LIST_CARDS
    replace: bool = False
    derive: bool = False
    force: bool = False
    clock: Callable[[], datetime] = now

    def __post_init__(self) -> None:
        if self.lists not in LIST_MODES:
            raise UsageError(f"lists='{self.lists}'; expected one of {', '.join(LIST_MODES)}")

    def __call__(self, unit: HeaderUnit) -> Edit | None:
        """Decide what to change in a header; None where it says all this already.

        Raises
        ------
        StampRefused
            Where it names another dataset, and nobody said what to do then.
        """
        if self.is_plain(unit):
            return Edit(tail=spell_native(self.stamp, native(), stamped=self.clock()))
        ours = find_ours(unit)
        foreign, insert = self.foreign_cards(unit)
        tail, table = ours.cards, None
        if native() in self.conventions:
            elsewhere = insert.startswith(b"LONGSTRN") or has_foreign(unit, b"LONGSTRN", ours)
            tail, table = self.native_cards(unit, ours, long_strings=not elsewhere)
        if not insert and table is None and tail == ours.cards:
            return None
        return Edit(remove=spans(ours.spans, foreign), insert=insert, tail=tail, table=table)

    def is_plain(self, unit: HeaderUnit) -> bool:
        """Whether our stamp goes alone, lists and all, into a header that has nothing for it to heed."""
        return (
            self.conventions == (native(),)
            and self.list_mode(self.stamp) == "cards"
            and (self.stamp.fingerprint is not None or (unit.index == 0 and unit.data_size > 0))
            and not heeded().find(unit.header, unit.end)
        )

    def foreign_cards(self, unit: HeaderUnit) -> tuple[Group, bytes]:
        """The cards of others' conventions that are to be replaced, and those that take their place."""
        remove: Group = []
        insert = b""
        for convention in self.conventions:
            if convention is native():
                continue
            group = group_of(unit.header, convention, unit.end)
            cards = spell(self.stamp, convention)
            if cards == joined(unit, spans((), group)):
                continue
            named = read_group(group, convention).id if group else None
            if named not in (None, self.stamp.id) and not self.force:
                raise StampRefused(
                    f"{unit.source}: its {convention.name} cards name dataset {named}; expected {self.stamp.id}"
                    " (force replaces them)"
                )
            remove += group
            insert += cards
        if insert and any(insert.startswith(b"CONTINUE", at) for at in range(0, len(insert), CARD)):
            row = native().fixed["LONGSTRN"]
            if find_card(unit.header, unit.end, b"LONGSTRN") < 0:
                insert = format_card(row.name, row.value or "", row.comment) + insert
        return remove, insert

    def native_cards(self, unit: HeaderUnit, ours: Ours, *, long_strings: bool) -> tuple[bytes, bytes | None]:
        """Our own stamp, and the table where it has one; the time that stands is kept where nothing else changed."""
        old = ours.stamp
        stamp = self.settle(unit, old)
        mode = self.list_mode(stamp)
        spelled = partial(spell_native, stamp, native(), lists=mode == "cards", long_strings=long_strings)
        unchanged = old is not None and old.id == stamp.id and spelled(stamped=old.stamped) == ours.cards
        tail = ours.cards if unchanged else spelled(stamped=self.clock())
        if mode == "table":
            there = unchanged and self.target is not None and has_table(self.target)
            if not there and unit.index == 0 and unit.value("EXTEND") is False:
                raise StampRefused(
                    f"{unit.source}: EXTEND = F says that no extension follows; expected T, for the lists to go into a"
                    " table (lists='cards' or 'none' need none)"
                )
            return tail, None if there else table_bytes(stamp.parents or (), stamp.raws or ())
        if old is None or not needs_table(old) or (needs_table(stamp) and stamp.digests == old.digests):
            return tail, None
        return tail, b"" if self.target is None or has_table(self.target) else None

    def settle(self, unit: HeaderUnit, old: Stamp | None) -> Stamp:
        """Hold the new stamp against the one that is there, and complete it with the fingerprint of the data."""
        stamp = self.stamp
        if old is not None and old.id is not None and old.id != stamp.id:
            if self.derive:
                origin = Input(old.id, type=old.type, run=old.run, data_id=old.data_id)
                stamp = replace(stamp, parents=(*(stamp.parents or ()), origin), n_parents=None, digests=None)
            elif not self.replace:
                raise StampRefused(
                    f"{unit.source}: the header names dataset {old.id}; expected {stamp.id or 'none'}"
                    " (replace takes its place, derive keeps it as a parent)"
                )
            old = None
        if stamp.fingerprint is not None:
            return stamp
        found = (old and old.fingerprint) or self.fingerprint_of_cards(unit)
        return stamp if found is None else replace(stamp, fingerprint=found)

    def fingerprint_of_cards(self, unit: HeaderUnit) -> str | None:
        """Fingerprint the data by their DATASUM cards, where all are there; a look at the first header often tells."""
        if self.target is None or (
            unit.index == 0 and find_card(unit.header, unit.end, b"DATASUM ") < 0 and unit.data_size
        ):
            return None
        with open_source(self.target) as source:
            return card_fingerprint(source.units())

    def list_mode(self, stamp: Stamp) -> str:
        """Where the lists go: ``cards``, ``table`` or ``none``."""
        total = len(stamp.parents or ()) + len(stamp.raws or ())
        if total == 0:
            return "cards"
        if self.lists == "auto":
            return "cards" if total <= self.list_cards else "table"
        return self.lists


@dataclass(frozen=True, slots=True)
class Stripping:
    """Conventions whose cards are to be removed; called with a header, it gives the edit that removes them."""

    conventions: tuple[Convention, ...]
    target: Any

    def __call__(self, unit: HeaderUnit) -> Edit | None:
        """Decide what to remove; None where there is nothing."""
        ours = find_ours(unit)
        others = [
            group_of(unit.header, convention, unit.end) for convention in self.conventions if convention is not native()
        ]
        if native() not in self.conventions:
            return Edit(remove=spans(ours.spans, *others), tail=ours.cards) if any(others) else None
        if not ours.spans and not any(others):
            return None
        tabled = ours.stamp is not None and needs_table(ours.stamp) and has_table(self.target)
        return Edit(remove=spans(ours.spans, *others), table=b"" if tabled else None)


@dataclass(frozen=True, slots=True)
class Repointing:
    """Pointers that are to be moved; called with a header, it gives the edit that moves them and nothing else."""

    move: Callable[[Stamp], Stamp]
    """Give what a header says other pointers."""

    def __call__(self, unit: HeaderUnit) -> Edit | None:
        """Decide what to change in a header; None where it points there already.

        Raises
        ------
        StampMissing
            Where there is no stamp of ours, or one that names no dataset.
        StampRefused
            Where it was edited: a new seal would hide that.
        """
        ours = find_ours(unit)
        old = ours.stamp
        if old is None:
            raise StampMissing(f"{unit.source}: the header carries no stamp; expected one whose pointers can be moved")
        if old.id is None:
            raise StampMissing(f"{unit.source}: the stamp names no dataset; expected FPV_ID, for a pointer to lead to")
        broken = () if ours.whole else check_seal(unit.cards, group_of(unit.header, native(), unit.end), old, native())
        if broken:
            raise StampRefused(
                f"{unit.source}: {broken[0].message}; expected an unedited stamp (fitsprov stamp renews it)"
            )
        new = self.move(old)
        if new == old:
            return None
        tail = spell_native(
            new,
            native(),
            lists=bool(old.parents or old.raws),
            long_strings=not has_foreign(unit, b"LONGSTRN", ours),
        )
        return Edit(remove=ours.spans, tail=tail)


def has_table(target: Any) -> bool:
    """Whether a file has a FITSPROV table."""
    with open_source(target) as source:
        return find_table(source.units()) is not None
