"""Text that a VOTable can hold: ``char`` is ASCII before VOTable 1.6, and XML 1.0 has no control characters."""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["echo_id", "to_ascii"]

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0, 2.2


def to_ascii(text: str) -> str:
    """Percent-encode all but printable ASCII, as UTF-8."""
    return text if text.isascii() and text.isprintable() else quote(text, safe=PRINTABLE, errors="surrogatepass")


def echo_id(text: str) -> str:
    """Keep an ID as it was sent, but percent-encode the characters that XML cannot hold."""
    return NOT_XML.sub(lambda match: to_ascii(match[0]), text)
