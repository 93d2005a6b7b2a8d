"""Where the cards of an edit come to stand in a header; pure.

A stamp is a *tail*: one blank separator card, the stamp's cards, END. It takes the free space behind the old END, so
that blanking the tail and writing END onto the separator gives the header back as it was. A header that has no free
space but enough blank cards before END takes the tail among those; END then stays, behind one more blank card. Where
neither holds the header grows, and the stamp gets its own last block. A header never shrinks: blank cards before END
are legal, and the data stay where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from fitsprov.cards.grammar import BLANK, BLOCK, CARD, END
from fitsprov.cards.search import find_card
from fitsprov.cards.sums import checksum_delta, word_sum
from fitsprov.compiled import compiled
from fitsprov.files.units import HeaderUnit

__all__ = ["GROWTH", "Edit", "FlipPlan", "has_junk", "leftover", "plan_flip", "rewrite_header"]

GROWTH = 64
"""Blocks that a header grows by at once where page after page of data then keeps its place in a page: 184,320 bytes."""
BLANKS = b" " * BLOCK
SEAL = b"FPV_SEAL"
"""The card that tells which span of an edit is the old stamp."""
TRACES = (b"FPV_", END[:8])
"""How a card begins that only an interrupted flip leaves behind END."""


@dataclass(slots=True, kw_only=True)
class Edit:
    """What shall become of one header, and of the FITSPROV table of its file."""

    remove: tuple[tuple[int, int], ...] = ()
    """Card-aligned spans of the header to take out, in order: the old stamp, old groups of other conventions."""
    insert: bytes = b""
    """Cards that come to stand behind the last card that remains."""
    tail: bytes = b""
    """The new stamp, sum-neutral; ``b""`` leaves none."""
    table: bytes | None = None
    """A whole HDU, padded, that becomes the last in place of one named FITSPROV; ``b""`` takes that out."""


class FlipPlan(NamedTuple):
    """Up to three writes inside END's block: END onto the separator, the cards behind it, the separator blank."""

    at: int
    """Offset of the separator in the file; a multiple of 8."""
    behind: bytes
    """What comes to stand behind the separator; ``b""`` where nothing changes."""
    hide: bool
    reveal: bool
    blank: bool = False
    """Whether nothing stands behind the old END."""


def plan_flip(unit: HeaderUnit, edit: Edit) -> FlipPlan | None:
    """Plan an edit as a flip; None where it is none.

    It is one where all that remains keeps its place, the header its sum, and the rest stands in END's block behind a
    card that is blank or END. Only that block is looked at, however long the header is.
    """
    if edit.insert or edit.table is not None:
        return None
    if not edit.remove or (len(edit.remove) == 1 and edit.remove[0][1] == unit.end):
        usual = plan_tail(unit.header, unit.end, edit.remove[0][0] if edit.remove else unit.end, edit.tail)
        if usual is not None:
            return FlipPlan(unit.start + usual[0], usual[1], usual[2], True, True)
    cut = len(unit.header) - BLOCK
    old, old_end = unit.header[cut:], unit.end - cut
    spans = tuple((start - cut, stop - cut) for start, stop in edit.remove)
    if spans and spans[0][0] < CARD:
        return None
    new, at, end = arrange(remaining(old, old_end, spans), edit.tail, BLOCK)
    if len(spans) == 1 and BLANKS.startswith(old[spans[0][1] : old_end]):
        at = min(at, spans[0][0] - CARD)
    behind, hide = at + CARD, at != old_end
    if len(new) != BLOCK or not old.startswith(new[:at]) or old[at:behind] != (BLANK if hide else END):
        return None
    start = unit.start + cut + at
    if new == old:
        return FlipPlan(start, b"", hide=False, reveal=False)
    if find_card(unit.header, unit.end, b"CHECKSUM") >= 0 and word_sum(new[at:]) != word_sum(
        settled(old, old_end)[at:]
    ):
        return None
    stop = max(old_end, end) + CARD
    if not old.endswith(new[stop:]):
        stop = BLOCK
    return FlipPlan(start, new[behind:stop], hide, reveal=end != at, blank=BLANKS.startswith(old[old_end + CARD :]))


@compiled
def plan_tail(header: bytes, end: int, old: int, tail: bytes) -> tuple[int, bytes, bool] | None:
    """Plan what is usual: a tail behind the last card, or in the place of an `old` one; None leaves it to `plan_flip`.

    Returns
    -------
    tuple, optional
        Where the separator stands in the header, what comes to stand behind it, and whether END has to hide that.
    """
    return None


def rewrite_header(unit: HeaderUnit, edit: Edit, *, block_multiple: int = 1) -> bytes:
    """Make the new header, in whole blocks.

    Parameters
    ----------
    block_multiple : int
        Growth, where there is any, is a multiple of so many blocks.
    """
    cards = remaining(unit.header, unit.end, edit.remove, edit.insert)
    new, at, _ = arrange(cards, edit.tail, len(unit.header), block_multiple)
    return carry_checksum(settled(unit.header, unit.end), new, at)


def leftover(unit: HeaderUnit) -> bool:
    """Whether an interrupted flip left cards behind END."""
    return settled(unit.header, unit.end) != unit.header


def has_junk(unit: HeaderUnit) -> bool:
    """Whether behind END stands what is not blank and was not left there by us."""
    return not BLANKS.startswith(unit.header[unit.end + CARD :]) and not leftover(unit)


def settled(header: bytes, end: int) -> bytes:
    """Blank what an interrupted flip left behind END; any other fill stays."""
    fill = header[end + CARD :]
    if BLANKS.startswith(fill) or not any(fill.startswith(TRACES, at) for at in range(0, len(fill), CARD)):
        return header
    return header[: end + CARD].ljust(len(header))


def arrange(cards: bytes, tail: bytes, size: int, block_multiple: int = 1) -> tuple[bytes, int, int]:
    """Put cards and tail into a header of at least this size.

    Returns
    -------
    tuple
        The header; where its separator and its END stand, which is the same place where there is no tail.
    """
    stamp = BLANK + tail if tail else b""
    own = whole_blocks(len(stamp) + CARD)
    at = max(len(cards), size - own)
    end = at + len(stamp)
    among = len(cards) - CARD - len(stamp)
    if end + CARD <= size:
        new = cards.ljust(at) + stamp + END
    elif size - BLOCK <= among and len(cards) < size and BLANKS.startswith(cards[among:]):
        at, end = among, len(cards)
        new = cards[:at] + stamp + BLANK + END
    else:
        size += whole_blocks(len(cards) + (own if stamp else CARD) - size, block_multiple)
        at = max(len(cards), size - own)
        end = at + len(stamp)
        new = cards.ljust(at) + stamp + END
    return new.ljust(size), at, end


def whole_blocks(size: int, multiple: int = 1) -> int:
    """Round a size in bytes up to whole blocks, and to a multiple of so many."""
    return -(-size // (BLOCK * multiple)) * BLOCK * multiple


def remaining(header: bytes, end: int, remove: tuple[tuple[int, int], ...], insert: bytes = b"") -> bytes:
    """Give the cards that remain and those inserted, up to where END would stand."""
    if not remove and not insert:
        return header[:end]
    kept, at = bytearray(), 0
    for start, stop in remove:
        kept += header[at:start]
        if find_card(header, stop, SEAL, start) >= 0:
            if stop < end and BLANKS.startswith(header[stop:end]):
                kept += BLANK * ((stop - start) // CARD)
            elif kept.endswith(BLANK):
                del kept[-CARD:]
        at = stop
    kept += header[at:end]
    if insert:
        size = len(kept)
        last = -(-len(kept.rstrip(b" ")) // CARD) * CARD
        kept[last:] = insert.ljust(size - last)
    return bytes(kept)


def carry_checksum(old: bytes, new: bytes, at: int) -> bytes:
    """Carry a change of the header's sum into its CHECKSUM; up to `at` stand the cards that are not the stamp's."""
    card = find_card(new, at, b"CHECKSUM")
    if card < 0 or new[card + 10 : card + 28 : 17] != b"''":
        return new
    before, after = word_sum(old), word_sum(new)
    if before == after:
        return new
    text = checksum_delta(new[card + 11 : card + 27].decode("latin-1"), before, after)
    return new[: card + 11] + text.encode("latin-1") + new[card + 27 :]
