"""The ones'-complement sum of FITS (4.4.2.7, appendix J), and the seal that makes a stamp's share of it zero.

The sum of 4-byte words does not depend on their order. A blank card has a sum of its own; ``rel(card)`` is the sum of
a card minus that. When the cards of a stamp have ``Σ rel ≡ 0 (mod 2³²−1)``, they count as much as the blank fill
whose place they take: adding, moving or removing them, and moving END within its block, leaves every CHECKSUM as right
or wrong as it was. The 16 characters of ``FPV_SEAL``, read as the standard reads CHECKSUM, bring that sum about.

A sum does not see two words that change places. Many texts of 16 characters have one sum; which of them is taken
depends on a CRC-32 of the cards, which sees their order. So the seal tells of an edit by accident, or by a program that
knows nothing of it. It is no signature: who knows the rule can seal anything.
"""

from __future__ import annotations

from functools import cache
from itertools import cycle, islice
from zlib import crc32

from fitsprov.cards.grammar import BLANK, CARD
from fitsprov.compiled import compiled

__all__ = ["checksum_delta", "decode", "encode", "is_neutral", "seal_card", "word_sum"]

MODULUS = 0xFFFFFFFF
DIGITS = range(0x30, 0x73)
"""The bytes that an encoded sum may consist of, before punctuation is taken out."""
PUNCTUATION = frozenset([*range(0x3A, 0x41), *range(0x5B, 0x61)])


@compiled
def word_sum(data: bytes) -> int:
    """Sum big-endian 4-byte words with end-around carry; the length is a multiple of 4."""
    return int.from_bytes(data, "big") % MODULUS


LETTERS = frozenset(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
BLANK_SUM = word_sum(BLANK)
ZEROS_SUM = word_sum(b"0" * 16)


@cache
def spread(place: int, byte: int) -> int:
    """Spell one byte of a sum as four characters, each in its place among the 16 (appendix J.2)."""
    quarter, rest = divmod(byte, 4)
    column = [quarter + 0x30 + rest, quarter + 0x30, quarter + 0x30, quarter + 0x30]
    while not PUNCTUATION.isdisjoint(column):
        for pair in (0, 2):
            if not PUNCTUATION.isdisjoint(column[pair : pair + 2]):
                column[pair] += 1
                column[pair + 1] -= 1
    places = ((place + 4 * row + 1) % 16 for row in range(4))
    return sum(code << 8 * (15 - at) for code, at in zip(column, places, strict=True))


def encode(value: int) -> str:
    """Spell a sum in 16 letters and digits, turned so that they stand in byte 12 of a card (appendix J.2)."""
    spelled = sum(map(spread, range(4), value.to_bytes(4, "big")))
    return spelled.to_bytes(16, "big").decode("ascii")


def encode_one_of(value: int, choice: int) -> bytes:
    """Spell a sum as `encode` does, in one of many ways: 32 bits choose which."""
    halves, others = ways()
    a, b, c, d = value.to_bytes(4, "big")
    i, j, k, m = choice.to_bytes(4, "little")
    upper = halves[a][i & 15] << 24 | halves[b][j & 15] << 16 | halves[c][k & 15] << 8 | halves[d][m & 15]
    lower = others[a][i >> 4] << 24 | others[b][j >> 4] << 16 | others[c][k >> 4] << 8 | others[d][m >> 4]
    text = (upper << 64 | lower).to_bytes(16, "big")
    return text[15:] + text[:15]


@cache
def ways() -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """Sixteen ways to spell each half of a byte's column: two characters, four apart, that have its sum."""
    return [pairs(byte // 2) for byte in range(256)], [pairs(byte - byte // 2) for byte in range(256)]


@cache
def pairs(half: int) -> tuple[int, ...]:
    """The letters and digits that have a sum together, two and two as words; in turns, up to sixteen pairs."""
    total = 2 * 0x30 + half
    firsts = [first for first in sorted(LETTERS) if total - first in LETTERS]
    return tuple(first << 32 | total - first for first in islice(cycle(firsts), 16))


def decode(text: str) -> int | None:
    """Read what `encode` wrote; None where the text is no encoded sum."""
    raw = text.encode("latin-1", "replace")
    if len(raw) != 16 or not all(byte in DIGITS for byte in raw):
        return None
    return (word_sum(raw[1:] + raw[:1]) - ZEROS_SUM) % MODULUS


def seal_card(stamp: bytes, comment: str = "") -> bytes:
    """Make the card that brings ``Σ rel`` of a stamp to zero, and tells whether it is edited.

    Parameters
    ----------
    stamp : bytes
        The stamp's other cards, 80 bytes each.
    """
    return seal(stamp, *seal_template(comment))


@compiled
def seal(stamp: bytes, template: bytes, own_sum: int) -> bytes:
    """Put into a template what the sum of a stamp lacks; the template has a sum of its own."""
    missing = (BLANK_SUM * (len(stamp) // CARD + 1) - word_sum(stamp) - own_sum) % MODULUS
    return template[:11] + encode_one_of(missing, crc32(stamp)) + template[27:]


@cache
def seal_template(comment: str) -> tuple[bytes, int]:
    """The seal card with a sum of zero in it, and the card's own sum."""
    template = f"FPV_SEAL= '{'0' * 16}'{' / ' + comment if comment else ''}".ljust(CARD).encode("ascii")
    return template, word_sum(template)


def is_neutral(stamp: bytes) -> bool:
    """Whether the cards of a stamp, seal included, add nothing to a sum."""
    return (word_sum(stamp) - BLANK_SUM * (len(stamp) // CARD)) % MODULUS == 0


def checksum_delta(text: str, before: int, after: int) -> str:
    """Carry a change of the header's sum into an encoded CHECKSUM: what was right stays right, what was wrong, wrong.

    Parameters
    ----------
    text : str
        The 16 characters of the CHECKSUM card; returned as they are where they are no encoded sum.
    before, after : int
        `word_sum` of the header, with this same CHECKSUM card in it both times.
    """
    value = decode(text)
    return text if value is None else encode((value + before - after) % MODULUS)
