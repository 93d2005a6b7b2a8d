"""The fingerprint of a file's data, and the sums that its headers state.

``<algorithm>:<n>:<32 hex>``: truncated SHA-256 over one line, ended by a newline, for each of the first *n* HDUs that
have data, the FITSPROV table left out::

    BITPIX NAXIS1xNAXIS2… sum

of the *uncompressed* data: of a tile-compressed image (FITS 4.0, 10.1) the image's ZBITPIX and ZNAXISn, of a compressed
table (10.3) BITPIX 8 and ZNAXIS1, ZNAXIS2. So it is the same after fpack and funpack of integers, after gzip, and when
HDUs are added behind. The sum is, by algorithm,

``datasum``
    the ones'-complement sum of DATASUM (4.4.2.7), in decimal. It does not depend on the order of 4-byte words: an image
    that was mirrored or rolled by whole words has the same. It shows difference, never sameness.
``sha256``
    the SHA-256 of the data bytes, big-endian, without fill and before BSCALE, in hex.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from fitsprov.cards.sums import word_sum
from fitsprov.errors import FileRefused, FitsprovError, NotFits, UsageError
from fitsprov.files.accept import Source, stream_of
from fitsprov.files.table import TABLE_NAME, size_of
from fitsprov.files.units import HeaderUnit

if TYPE_CHECKING:
    import numpy as np

__all__ = ["Comparison", "card_fingerprint", "compare_data", "compute", "wrong_checksums", "wrong_datasums"]

MODULUS = 0xFFFFFFFF
CHUNK = 2**20
BITPIX = {8: "u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
"""How numpy spells what a BITPIX means."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """Whether data are those of a fingerprint."""

    same: bool | None
    """None where it cannot be told."""
    reason: str
    """Why they differ or cannot be compared; ``""`` where they are the same."""


def card_fingerprint(units: Iterable[HeaderUnit], n: int | None = None) -> str | None:
    """Fingerprint data by what their headers say; the data are not read.

    Parameters
    ----------
    units : iterable of HeaderUnit
    n : int, optional
        How many HDUs with data; all by default.

    Returns
    -------
    str or None
        None where there are fewer, none at all, or one has no DATASUM (compressed: ZDATASUM) card.
    """
    lines = []
    for unit in islice(with_data(units), n):
        total = stated_sum(unit, "ZDATASUM" if is_compressed(unit) else "DATASUM")
        if total is None:
            return None
        lines.append(f"{geometry(unit)} {total}")
    return join("datasum", lines) if lines and n in (None, len(lines)) else None


def compute(source: Source, algorithm: str = "sha256", n: int | None = None) -> str:
    """Fingerprint the data themselves, in constant memory.

    Parameters
    ----------
    source : Source
    algorithm : {'sha256', 'datasum'}
    n : int, optional
        How many HDUs with data; all by default. Where there are fewer, all of them.

    Raises
    ------
    FileRefused
        For a header alone, and for a compressed table, which nothing here uncompresses.
    UsageError
        For another algorithm.
    NotFits, TruncatedFits
    """
    digest = ALGORITHMS.get(algorithm)
    if digest is None:
        raise UsageError(f"fingerprint algorithm '{algorithm}'; expected one of {', '.join(ALGORITHMS)}")
    if not source.has_data:
        raise FileRefused(f"{source.name}: is a header alone; expected a file with its data")
    units = islice(with_data(source.units()), n)
    return join(algorithm, [f"{geometry(unit)} {digest(source, unit)}" for unit in units])


def compare_data(source: Source, fingerprint: str) -> Comparison:
    """Hold data against a fingerprint; always by the data, never by their DATASUM cards.

    Raises
    ------
    NotFits, TruncatedFits
    """
    algorithm, _, rest = fingerprint.partition(":")
    count, _, digest = rest.partition(":")
    if algorithm not in ALGORITHMS or not count.isdecimal() or len(count) > 9 or len(digest) != 32:
        known = " or ".join(ALGORITHMS)
        return Comparison(None, f"fingerprint '{fingerprint}' is of no known kind; expected {known}:<n>:<32 hex>")
    if not source.has_data:
        return Comparison(None, "a header alone has no data to compare")
    n = int(count)
    units = list(islice(with_data(source.units()), n))
    if not n or len(units) < n:
        return Comparison(None, f"{len(units)} HDUs with data are there, the fingerprint is of {n}")
    tables = [unit.index for unit in units if unit.value("ZTABLE") is True]
    if tables:
        return Comparison(None, f"HDU {tables[0]} is a compressed table; funpack it to compare its data")
    now = compute(source, algorithm, n)
    if now == fingerprint:
        return Comparison(True, "")
    lossy = [unit.index for unit in units if is_lossy(unit)]
    if lossy:
        return Comparison(None, f"HDU {lossy[0]} is compressed with loss: its data cannot be those that were stamped")
    return Comparison(False, f"the data give {now}, the stamp was written for {fingerprint}")


def wrong_datasums(source: Source) -> list[int]:
    """The HDUs whose DATASUM card does not match their data: these were changed without it.

    Raises
    ------
    NotFits, TruncatedFits
    """
    return [
        unit.index
        for unit in (source.units() if source.has_data else ())
        if (stated := stated_sum(unit, "DATASUM")) is not None and stated != data_sum(source, unit)
    ]


def wrong_checksums(source: Source) -> list[int]:
    """The HDUs whose CHECKSUM card does not make the sum of header and data zero.

    Raises
    ------
    NotFits, TruncatedFits
    """
    return [
        unit.index
        for unit in (source.units() if source.has_data else ())
        if unit.value("CHECKSUM") not in (None, "") and (word_sum(unit.header) + data_sum(source, unit)) % MODULUS
    ]


def join(algorithm: str, lines: list[str]) -> str:
    """Put a fingerprint together."""
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode("ascii")).hexdigest()
    return f"{algorithm}:{len(lines)}:{digest[:32]}"


def with_data(units: Iterable[HeaderUnit]) -> Iterator[HeaderUnit]:
    """The HDUs that have data, but for our own table."""
    return (unit for unit in units if unit.data_size and unit.name != TABLE_NAME)


def is_compressed(unit: HeaderUnit) -> bool:
    """Whether an HDU is a table that stands for something else (10.1.1 ZIMAGE, 10.3.1 ZTABLE)."""
    return unit.value("ZIMAGE") is True or unit.value("ZTABLE") is True


def is_lossy(unit: HeaderUnit) -> bool:
    """Whether a compressed image is not what it was (10.1.3 quantized floats, 10.4.4 HCOMPRESS with a scale)."""
    if unit.value("ZIMAGE") is not True:
        return False
    columns = {unit.value(f"TTYPE{k}") for k in range(1, size_of(unit, "TFIELDS") + 1)}
    if bitpix(unit, "Z") < 0 and ("ZSCALE" in columns or unit.value("ZSCALE") is not None):
        return True
    scale = next((unit.value(f"ZVAL{k}") for k in range(1, 10) if unit.value(f"ZNAME{k}") == "SCALE"), 0)
    return unit.value("ZCMPTYPE") == "HCOMPRESS_1" and scale not in (0, None)


def geometry(unit: HeaderUnit) -> str:
    """BITPIX and axes of the uncompressed data."""
    if unit.value("ZTABLE") is True:
        return f"8 {size_of(unit, 'ZNAXIS1')}x{size_of(unit, 'ZNAXIS2')}"
    z = "Z" if unit.value("ZIMAGE") is True else ""
    axes = (size_of(unit, f"{z}NAXIS{k}") for k in range(1, size_of(unit, f"{z}NAXIS") + 1))
    return f"{bitpix(unit, z)} {'x'.join(map(str, axes))}"


def bitpix(unit: HeaderUnit, z: str = "") -> int:
    """Read BITPIX, or ZBITPIX (4.4.1.1, table 8)."""
    value = unit.value(f"{z}BITPIX")
    if value not in BITPIX or not isinstance(value, int):
        known = ", ".join(map(str, BITPIX))
        raise NotFits(f"{unit.source}: {z}BITPIX of HDU {unit.index} is {value!r}; expected one of {known}")
    return value


def stated_sum(unit: HeaderUnit, keyword: str) -> int | None:
    """Read a sum that a header states: a string of digits; None where there is none."""
    text = str(unit.value(keyword) or "").strip()
    return int(text) if text.isdecimal() and len(text) <= 10 else None


def data_sum(source: Source, unit: HeaderUnit) -> int:
    """Sum the data as they stand, fill included; once for each HDU."""
    if unit.index not in source.sums:
        source.sums[unit.index] = sum_words(filled(source, unit))
    return source.sums[unit.index]


def filled(source: Source, unit: HeaderUnit) -> Iterator[bytes]:
    """The data of an HDU with their fill, of which a file may lack a part."""
    yield from source.data(unit, CHUNK)
    fill = unit.next_start - unit.data_start - unit.data_size
    if fill:
        yield source.read_at(unit.data_start + unit.data_size, fill)


def sum_words(pieces: Iterable[bytes]) -> int:
    """The ones'-complement sum of 4-byte words; 0 only where all are zero."""
    import numpy as np

    total, rest = 0, b""
    for piece in pieces:
        if rest or len(piece) % 4:
            piece = rest + piece
            rest = piece[len(piece) // 4 * 4 :]
        words = np.frombuffer(piece, ">u4", len(piece) // 4)
        total += int(words.astype(np.uint32).sum(dtype=np.uint64))
    total += int.from_bytes(rest.ljust(4, b"\0"), "big")
    return total % MODULUS or min(total, MODULUS)


def uncompressed(source: Source, unit: HeaderUnit) -> Iterator[bytes]:
    """The data of an HDU, big-endian, in chunks; those of a compressed image as it was before."""
    if unit.value("ZTABLE") is True:
        raise FileRefused(f"{source.name}: HDU {unit.index} is a compressed table; funpack it to fingerprint its data")
    return tiles(source, unit) if unit.value("ZIMAGE") is True else source.data(unit, CHUNK)


def tiles(source: Source, unit: HeaderUnit) -> Iterator[bytes]:
    """Uncompress an image by astropy, in slabs of whole tiles."""
    from astropy.io import fits

    dtype = BITPIX[bitpix(unit, "Z")]
    try:
        with fits.open(stream_of(source, unit), memmap=False, do_not_scale_image_data=True) as hdus:
            image: Any = hdus[1]
            for slab in slabs(image.shape, image.tile_shape, int(dtype[-1])):
                pixels: np.ndarray[Any, Any] = image.section[slab]
                yield pixels.astype(dtype).tobytes()
    except FitsprovError:
        raise
    except Exception as error:  # whatever astropy meets in damaged tiles
        what = f"{type(error).__name__}: {error}".splitlines()[0]
        raise NotFits(f"{source.name}: HDU {unit.index} cannot be uncompressed: {what}") from error


def slabs(shape: tuple[int, ...], tile: tuple[int, ...], size: int) -> Iterator[tuple[int | slice, ...]]:
    """Cut an image into pieces that follow each other in memory, of whole tiles and about 1 MiB."""
    import numpy as np

    axis = 0
    while axis < len(shape) - 1 and math.prod(shape[axis + 1 :]) * size > CHUNK:
        axis += 1
    rows = max(1, CHUNK // (math.prod(shape[axis + 1 :]) * size))
    rows = -(-rows // tile[axis]) * tile[axis]
    for lead in np.ndindex(shape[:axis]):
        for at in range(0, shape[axis], rows):
            yield (*lead, slice(at, min(at + rows, shape[axis])))


def sum_of(source: Source, unit: HeaderUnit) -> int:
    """The sum of DATASUM, of the uncompressed data."""
    return sum_words(uncompressed(source, unit)) if is_compressed(unit) else data_sum(source, unit)


def sha256_of(source: Source, unit: HeaderUnit) -> str:
    """The SHA-256 of the uncompressed data."""
    digest = hashlib.sha256()
    for piece in uncompressed(source, unit):
        digest.update(piece)
    return digest.hexdigest()


ALGORITHMS: dict[str, Callable[[Source, HeaderUnit], int | str]] = {"sha256": sha256_of, "datasum": sum_of}
