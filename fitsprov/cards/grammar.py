"""The grammar of a header, each rule under its clause of the FITS Standard 4.0."""

from __future__ import annotations

import re

CARD = 80
"""Bytes of a card (4.1.1)."""
BLOCK = 2880
"""Bytes of a block, 36 cards (3.1)."""
BLANK = b" " * CARD
END = b"END" + b" " * 77
"""The card that closes a header (4.4.1.1)."""

# 4.1.2.1: left-justified, upper case Latin letters, digits, hyphen, underscore
KEYWORD = re.compile(r"[A-Z0-9_-]{1,8}")
# The HIERARCH convention (registered 2009): upper-case words, one blank between them
HIERARCH_KEYWORD = re.compile(r"[!-<>-~]+(?: [!-<>-~]+)*")
HIERARCH_LONGEST = 58
"""Longer HIERARCH keywords break in cfitsio."""

# 4.1.1: header bytes are restricted to the printable ASCII characters
PRINTABLE = re.compile(r"[ -~]*")

# A string that a card holds as it is
PLAIN = re.compile(r"(?:[ -&(-~]*[!-%(-~])?")
# The same behind a HIERARCH keyword, where fitsio misreads an equals sign
PLAIN_UNEQUAL = re.compile(r"(?:[ -&(-<>-~]*[!-%(-<>-~])?")

# 4.1.2: what stands before a value, the HIERARCH convention's included, and a string behind it that holds no quote; one
# search takes the cards of a header apart, because it moves on by whole cards
CARDS = re.compile(r"(?=(HIERARCH [^=]{0,70}= *|.{8}(?:= )?)('[^']{0,68}(?='(?!')))?).{80}", re.DOTALL)

# 4.2.1.1: a character string, its single quotes doubled
STRING = re.compile(r" *'([^']*(?:''[^']*)*)'")
# 4.2.3
INTEGER = re.compile(r"[+-]?[0-9]+")
# 4.2.4: exponent letter E or D
FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[ED][+-]?[0-9]+)?")

# What astropy takes for a record-valued keyword card (FITS WCS Paper IV draft): its keyword would vanish
RECORD_VALUED = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*: *[+-]?(?:\d+\.?\d*|\.\d+)(?:[eEdD][+-]?\d+)?")
# astropy ends a string at a quote that a slash follows, doubled or not
QUOTE_BEFORE_SLASH = re.compile(r"'(?= */)")
ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
