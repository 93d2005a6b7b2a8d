"""Digests of what is given away, so that who gets it can tell that it came as it was sent (RFC 9530)."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256

from fitsprov.actions.delivering import Delivery

__all__ = ["LARGEST", "digest_of"]

LARGEST = 2**30
"""Bytes that are read for a digest before the first of them is sent: about a second."""
KEPT = 4096
"""Digests that one process keeps."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A delivery, the same as any other of its tag."""

    tag: str
    delivery: Delivery = field(compare=False)


def digest_of(delivery: Delivery) -> bytes | None:
    """SHA-256 of all that a delivery gives; None where it is too large to be read for that.

    It is not read again while it stays the same.
    """
    if delivery.size > LARGEST:
        return None
    whole = Whole(delivery.tag, delivery)
    return kept(whole) if delivery.exact else compute(whole)


def compute(whole: Whole) -> bytes:
    """Read all of it."""
    digest = sha256()
    for piece in whole.delivery.pieces(0, whole.delivery.size):
        digest.update(piece)
    return digest.digest()


kept = lru_cache(KEPT)(compute)
