"""Cards to and from values: strings with CONTINUE, HIERARCH keywords, numbers, logicals (FITS 4.0, 4.1 and 4.2)."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from fitsprov.cards.grammar import (
    CARD,
    CARDS,
    ESCAPED,
    FLOAT,
    HIERARCH_KEYWORD,
    HIERARCH_LONGEST,
    INTEGER,
    KEYWORD,
    PLAIN,
    PLAIN_UNEQUAL,
    PRINTABLE,
    QUOTE_BEFORE_SLASH,
    RECORD_VALUED,
    STRING,
)
from fitsprov.compiled import compiled
from fitsprov.errors import UnwritableValue

__all__ = ["Card", "Frame", "Value", "escape", "format_card", "frame", "parse_cards", "unescape"]

Value = str | int | float | bool

WINDOW = 720 * CARD
"""Bytes of a header that are taken apart at once: what is found is many times as large."""
SHORT = 10
"""Length of a keyword of up to 8 characters with its value indicator."""
VALUE_END = 30
"""Column where the value of a fixed-format card ends (4.2.1 to 4.2.4)."""
LEAST, MOST = -(2**63), 2**63 - 1
SMALLEST = sys.float_info.min
"""At a subnormal number fitsio gives up the whole header."""


class Card(NamedTuple):
    """One keyword with its value, over one card or several."""

    keyword: str
    """Upper case; of a HIERARCH card the words behind HIERARCH; ``""`` for a blank card."""
    value: Value | None
    """None where there is none or where it is undefined; text that is no FITS value stays text."""
    start: int
    stop: int
    """Where its bytes stand in the header: ``header[start:stop]``, CONTINUE cards included."""


@lru_cache(maxsize=4096)
def escape(text: str) -> str:
    """Spell any text in printable ASCII that every FITS reader gives back: ``%XX`` for each byte that would be lost.

    These are the UTF-8 bytes of what is not printable ASCII (4.2.1.1), a trailing blank (not significant), a final
    ``&`` (taken for a continuation), the colon of what looks like a record-valued card, and ``%`` before two hex
    digits. A quote before a slash goes too: astropy takes that slash for the comment's.
    """
    escaped = ESCAPED.sub(r"%25\1", text) if "%" in text else text
    if "'" in escaped:
        escaped = QUOTE_BEFORE_SLASH.sub("%27", escaped)
    if PRINTABLE.fullmatch(escaped) is None:
        try:
            escaped = "".join(c if " " <= c <= "~" else "".join(f"%{b:02X}" for b in c.encode()) for c in escaped)
        except UnicodeEncodeError:
            raise UnwritableValue(f"{text!r}: expected Unicode text without lone surrogates") from None
    if escaped.endswith((" ", "&")):
        escaped = f"{escaped[:-1]}%{ord(escaped[-1]):02X}"
    if ":" in escaped and RECORD_VALUED.fullmatch(escaped):
        escaped = escaped.replace(":", "%3A")
    return escaped


def unescape(text: str) -> str:
    """Undo `escape`; bytes that make no UTF-8 stay escaped."""
    if "%" not in text:
        return text
    raw = ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
    try:
        return raw.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return text


def format_card(keyword: str, value: Value, comment: str = "") -> bytes:
    """Write one keyword as cards of 80 bytes; a long string goes on in CONTINUE cards (4.2.1.2).

    A comment that has no room is left out.

    Raises
    ------
    UnwritableValue
        For a keyword, a value or a comment that no card can hold as it is: see `escape`.
    """
    return frame(keyword, comment).fill(value).encode("ascii")


class Frame:
    """What stands around the values of one keyword; made once, filled for each value."""

    def __init__(self, keyword: str, head: str, remark: str) -> None:
        self.keyword = keyword
        self.head = head
        """The keyword with its value indicator (4.1.2.2)."""
        self.remark = remark
        """The comment behind its slash."""
        self.short = len(head) == SHORT
        self.plain = (PLAIN if self.short else PLAIN_UNEQUAL).fullmatch
        self.feet: dict[int, str] = {}
        """What follows a string in its card, by the string's length."""

    def fill(self, value: Value) -> str:
        """Write a value as cards of 80 characters.

        Raises
        ------
        UnwritableValue
        """
        if not isinstance(value, str):
            return self.fill_number(value)
        foot = self.feet.get(len(value))
        if foot is None or not self.plain(value):
            return self.fill_string(value)
        return f"{self.head}'{value}{foot}"

    def fill_number(self, value: int | float) -> str:
        """Write a number or a logical in one card."""
        text = format_number(self.keyword, value)
        line = f"{self.head}{text:>20}" if self.short else f"{self.head}{text}"
        if len(line) > CARD:
            raise UnwritableValue(f"{self.keyword} = {text}: expected keyword and value to fit one card")
        return line + foot(len(line), self.remark)

    def fill_string(self, value: str) -> str:
        """Write a string in one card, or in one with CONTINUE cards behind it."""
        head = self.head
        if not self.short and "=" in value:
            raise UnwritableValue(f"{self.keyword} = {value!r}: fitsio misreads = behind a HIERARCH keyword")
        if PRINTABLE.fullmatch(value) is None:
            raise UnwritableValue(f"{self.keyword} = {value!r}: expected printable ASCII")
        if value.endswith((" ", "&")):
            raise UnwritableValue(f"{self.keyword} = {value!r}: FITS readers lose a final blank or &")
        quoted = value.replace("'", "''")
        if len(head) + len(quoted) + 2 <= CARD:
            fill = f"{'':{max(0, 8 - len(quoted))}}'"
            end = fill + foot(len(head) + 1 + len(quoted) + len(fill), self.remark)
            if quoted == value:
                self.feet[len(value)] = end
            return f"{head}'{quoted}{end}"
        lines = []
        while len(head) + len(quoted) + 2 > CARD:
            cut = cut_before(quoted, CARD - len(head) - 3)
            lines.append(f"{head}'{quoted[:cut]}&'".ljust(CARD))
            head, quoted = "CONTINUE  ", quoted[cut:]
        last = f"{head}'{quoted}'"
        return "".join(lines) + last + foot(len(last), self.remark)


@lru_cache(maxsize=4096)
def frame(keyword: str, comment: str) -> Frame:
    """Make the frame of a keyword.

    Raises
    ------
    UnwritableValue
        For a keyword or a comment that no card can hold.
    """
    if PRINTABLE.fullmatch(comment) is None:
        raise UnwritableValue(f"{keyword} / {comment!r}: expected a comment in printable ASCII")
    remark = f" / {comment}" if comment else ""
    if KEYWORD.fullmatch(keyword):
        return Frame(keyword, f"{keyword:<8}= ", remark)
    if len(keyword) > HIERARCH_LONGEST or keyword != keyword.upper() or not HIERARCH_KEYWORD.fullmatch(keyword):
        raise UnwritableValue(
            f"keyword '{keyword}' fits no card: expected A-Z 0-9 _ -, or upper-case words of ≤ {HIERARCH_LONGEST}"
        )
    if "=" in comment:
        raise UnwritableValue(f"{keyword} / {comment!r}: fitsio misreads = behind a HIERARCH keyword")
    return Frame(keyword, f"HIERARCH {keyword} = ", remark)


@lru_cache(maxsize=4096)
def foot(column: int, remark: str) -> str:
    """What follows a value that ends before a column: the comment where all programs write it, if it has room."""
    gap = max(0, VALUE_END - column) if VALUE_END + len(remark) <= CARD else 0
    text = f"{'':{gap}}{remark}"
    return (text if column + len(text) <= CARD else "").ljust(CARD - column)


def format_number(keyword: str, value: int | float) -> str:
    """Spell a logical, an integer of 64 bits or a finite float so that it reads back the same (4.2.2 to 4.2.4)."""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, int):
        if not LEAST <= value <= MOST:
            raise UnwritableValue(f"{keyword} = {value}: expected an integer of 64 bits")
        return str(value)
    if not math.isfinite(value) or 0 < abs(value) < SMALLEST:
        raise UnwritableValue(f"{keyword} = {value}: expected 0 or a finite number of at least {SMALLEST}")
    mantissa, e, exponent = repr(value).partition("e")
    return mantissa if not e else f"{mantissa if '.' in mantissa else mantissa + '.0'}E{exponent}"


def cut_before(quoted: str, room: int) -> int:
    """Where to cut a quoted string: never between two quotes, never behind a blank that a reader might drop."""
    cut = room
    while cut > 1 and quoted[cut - 1] == " ":
        cut -= 1
    if cut == 1:
        cut = room
    quotes = cut - len(quoted[:cut].rstrip("'"))
    return cut - quotes % 2


def parse_cards(
    header: bytes, start: int = 0, stop: int | None = None, wanted: Callable[[str], object] | None = None
) -> Iterator[Card]:
    """Read the cards between two offsets up to END; whatever stands there, without an error.

    Parameters
    ----------
    header : bytes
        Header bytes; `start` is a multiple of 80.
    wanted : callable, optional
        Asked of each keyword; cards of those that it denies are passed over.
    """
    return split_cards(header, start, len(header) if stop is None else stop, wanted, Card, parse_value)


@compiled
def split_cards(
    header: bytes,
    start: int,
    stop: int,
    wanted: Callable[[str], object] | None,
    make: type[Card],
    parse: Callable[[str], Value | None],
) -> Iterator[Card]:
    """Do what `parse_cards` does, with the class of what it gives and what reads a value field."""
    text = header[start:stop].decode("latin-1")
    at = end = 0
    found = (CARDS.findall(text, first, first + WINDOW) for first in range(0, len(text), WINDOW))
    for head, quoted in chain.from_iterable(found):
        begin, at = at, at + CARD
        if begin < end:
            continue
        keyword = keyword_of(head)
        if keyword == "END" and not text[begin + 3 : at].strip():
            return
        end = at
        if wanted is not None and not wanted(keyword):
            continue
        value: Value | None
        if len(head) == len("KEYWORD "):
            value = None
        elif quoted and len(head) + len(quoted) < CARD:
            value = quoted[1:].rstrip(" ")
        else:
            value = parse(text[begin + len(head) : at])
        if value.__class__ is str and value[-1:] == "&":
            value, end = parse_continued(text, value, end)
        yield make(keyword, value, start + begin, start + end)


@lru_cache(maxsize=8192)
def keyword_of(head: str) -> str:
    """The keyword in what stands before a value."""
    if head.startswith("HIERARCH ") and "=" in head:
        return " ".join(head[9:].partition("=")[0].split()).upper()
    return head[:8].rstrip(" ")


def parse_continued(text: str, value: str, at: int) -> tuple[str, int]:
    """Read the CONTINUE cards behind a string that asks for them (4.2.1.2); give the string and where they end."""
    parts: list[str] = []
    while value.endswith("&") and text.startswith("CONTINUE  ", at) and at + CARD <= len(text):
        more = parse_value(text[at + 10 : at + CARD])
        if not isinstance(more, str):
            break
        if len(value) > 1:
            parts.append(value[:-1])
        value = more or (parts.pop() if parts else "")
        at += CARD
    return "".join([*parts, value]), at


def parse_value(field: str) -> Value | None:
    """Read a value field (4.2); None where it is undefined, its text where it is no FITS value."""
    match = STRING.match(field)
    if match:
        text: str = match[1]
        return (text.replace("''", "'") if "''" in text else text).rstrip(" ")
    text = field.partition("/")[0].strip()
    if not text:
        return None
    if INTEGER.fullmatch(text):
        return int(text)
    if FLOAT.fullmatch(text):
        return float(text.replace("D", "E"))
    return text == "T" if text in ("T", "F") else text
