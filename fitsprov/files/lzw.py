"""Reading what ``compress`` wrote (.Z): LZW with codes of 9 to 16 bits, in groups of eight of one width."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, BinaryIO

__all__ = ["LZWReader"]

CLEAR = 256


class LZWReader(io.RawIOBase):
    """A forward reader; it raises ValueError where a code has no meaning yet."""

    def __init__(self, stream: BinaryIO) -> None:
        self.pieces = decode(stream)
        self.held = b""

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Decode the next bytes."""
        while not self.held:
            piece = next(self.pieces, None)
            if piece is None:
                return 0
            self.held = piece
        size = min(len(buffer), len(self.held))
        buffer[:size] = self.held[:size]
        self.held = self.held[size:]
        return size


def decode(stream: BinaryIO) -> Iterator[bytes]:
    """Decode group by group; a group ends early where the codes get wider or the table is cleared."""
    head = stream.read(3)
    longest, clears = head[-1] & 0x1F, bool(head[-1] & 0x80)
    if len(head) < 3 or longest not in range(9, 17):
        raise ValueError(f"header {head!r}")
    table = [bytes([byte]) for byte in range(256)] + [b""] * clears
    first, width, previous = len(table), 9, b""
    while group := stream.read(width):
        bits, mask = int.from_bytes(group, "little"), (1 << width) - 1
        decoded = []
        for _ in range(len(group) * 8 // width):
            code, bits = bits & mask, bits >> width
            if clears and code == CLEAR:
                del table[first:]
                width, previous = 9, b""
                break
            if code > len(table) or (code == len(table) and not previous):
                raise ValueError(f"code {code} where {len(table)} are known")
            entry = table[code] if code < len(table) else previous + previous[:1]
            decoded.append(entry)
            if previous and len(table) < 1 << longest:
                table.append(previous + entry[:1])
            previous = entry
            if len(table) >= 1 << width and width < longest:
                width += 1
                break
        yield b"".join(decoded)
