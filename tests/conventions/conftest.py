"""Headers around the cards of a convention."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fitsprov.cards.card import Value, format_card
from fitsprov.cards.grammar import BLOCK, END

HEAD = (("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 0))


@pytest.fixture(scope="session")
def make_header() -> Callable[..., bytes]:
    """Make a whole header of cards, other keywords before them and END behind them."""

    def make(cards: bytes, before: dict[str, Value] | None = None, after: dict[str, Value] | None = None) -> bytes:
        head = b"".join(format_card(keyword, value) for keyword, value in (*HEAD, *(before or {}).items()))
        tail = b"".join(format_card(keyword, value) for keyword, value in (after or {}).items())
        header = head + cards + tail + END
        return header.ljust(-(-len(header) // BLOCK) * BLOCK)

    return make
