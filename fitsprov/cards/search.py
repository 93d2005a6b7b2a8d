"""Where a card stands: one column of a header is much faster to search than its text."""

from __future__ import annotations

from fitsprov.cards.grammar import CARD
from fitsprov.compiled import compiled

__all__ = ["find_card"]


@compiled
def find_card(header: bytes, end: int, beginning: bytes, start: int = 0) -> int:
    """Find the next card that begins so, between two card-aligned offsets; -1 for none.

    The column that is searched is that in which the last letter of the beginning stands, its blanks apart.
    """
    letter = len(beginning.rstrip()) - 1
    column, last = header[start + letter : end : CARD], beginning[letter : letter + 1]
    card = column.find(last)
    while card >= 0:
        at = start + card * CARD
        if header.startswith(beginning, at):
            return at
        card = column.find(last, card + 1)
    return -1
