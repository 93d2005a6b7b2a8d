"""Fingerprints: what keeps them, what changes them, and what cannot be compared."""

from __future__ import annotations

import gzip
import hashlib
import io
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fitsio
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.errors import FileRefused, NotFits, UsageError
from fitsprov.files.accept import open_source
from fitsprov.files.fingerprint import (
    Comparison,
    card_fingerprint,
    compare_data,
    compute,
    sum_words,
    wrong_checksums,
    wrong_datasums,
)
from fitsprov.files.table import table_bytes

PIXELS = np.random.default_rng(1).integers(0, 1000, (60, 71))
INTEGERS = ["u1", "i2", "i4", "i8", "u2", "u4"]
INTEGERS_THAT_COMPRESS = ["u1", "i2", "i4", "u2"]


def written(*hdus: Any, checksum: bool = False) -> bytes:
    """The bytes of a file."""
    file = io.BytesIO()
    fits.HDUList(list(hdus)).writeto(file, checksum=checksum)
    return file.getvalue()


def fingerprints(data: bytes | Path, n: int | None = None) -> tuple[str, str]:
    """By both algorithms, from the data."""
    with open_source(data) as source:
        return compute(source, "datasum", n), compute(source, "sha256", n)


def of_cards(data: bytes | Path) -> str | None:
    """By the DATASUM cards."""
    with open_source(data) as source:
        return card_fingerprint(source.units())


def compared(data: bytes | Path, fingerprint: str) -> Comparison:
    """Data held against a fingerprint."""
    with open_source(data) as source:
        return compare_data(source, fingerprint)


def table() -> fits.BinTableHDU:
    """A table with a heap."""
    lists = np.array([[1, 2, 3], [4]], dtype=object)
    return fits.BinTableHDU.from_columns([fits.Column("N", "J", array=[1, 2]), fits.Column("L", "PJ()", array=lists)])


def test_the_text_is_what_the_documentation_says() -> None:
    image = np.arange(6, dtype=">i2").reshape(2, 3)
    data = written(fits.PrimaryHDU(image), fits.ImageHDU(image.astype(">f8")))
    lines = [
        f"16 3x2 {hashlib.sha256(image.tobytes()).hexdigest()}",
        f"-64 3x2 {hashlib.sha256(image.astype('>f8').tobytes()).hexdigest()}",
    ]
    digest = hashlib.sha256("".join(f"{line}\n" for line in lines).encode()).hexdigest()[:32]
    assert fingerprints(data)[1] == f"sha256:2:{digest}"


@pytest.mark.parametrize("dtype", [*INTEGERS, "f4", "f8"])
def test_datasum_cards_give_what_the_data_give(dtype: str) -> None:
    data = written(fits.PrimaryHDU(PIXELS.astype(dtype)), table(), checksum=True)
    assert of_cards(data) == fingerprints(data)[0]
    assert of_cards(data).startswith("datasum:2:")


def test_an_ascii_table_is_summed_with_its_blank_fill() -> None:
    data = written(
        fits.PrimaryHDU(), fits.TableHDU.from_columns([fits.Column("A", "I6", array=[1, 22])]), checksum=True
    )
    assert of_cards(data) == fingerprints(data)[0]


def test_random_groups_have_their_own_geometry(tmp_path: Path) -> None:
    groups = fits.GroupData(PIXELS[None].astype("f4"), bitpix=-32, parnames=["U"], pardata=[np.ones(1)])
    fits.GroupsHDU(groups).writeto(tmp_path / "a.fits", checksum=True)
    assert of_cards(tmp_path / "a.fits") == fingerprints(tmp_path / "a.fits")[0]


def test_a_missing_datasum_card_leaves_no_fingerprint() -> None:
    image = fits.ImageHDU(PIXELS)
    image.add_checksum()
    assert of_cards(written(fits.PrimaryHDU(), image)) is not None
    assert of_cards(written(fits.PrimaryHDU(PIXELS), image)) is None
    assert of_cards(written(fits.PrimaryHDU())) is None


def test_cards_of_the_first_hdus_can_be_asked_for_alone() -> None:
    data = written(fits.PrimaryHDU(PIXELS), fits.ImageHDU(PIXELS), checksum=True)
    with open_source(data) as source:
        assert card_fingerprint(source.units(), 1) == compute(source, "datasum", 1)
        assert card_fingerprint(source.units(), 3) is None


def astropy_rewrite(data: bytes) -> bytes:
    """What astropy writes after someone looked at the data."""
    with fits.open(io.BytesIO(data)) as hdus:
        assert all(hdu.data is None or len(hdu.data) for hdu in hdus)
        file = io.BytesIO()
        hdus.writeto(file)
    return file.getvalue()


def with_added_hdu(data: bytes) -> bytes:
    """The file with one more HDU with data, and our own table."""
    added = written(fits.PrimaryHDU(), fits.ImageHDU(PIXELS))
    return data + added[2880:] + table_bytes([], [])


@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("change", [astropy_rewrite, gzip.compress, with_added_hdu])
def test_what_leaves_integers_alone_keeps_the_fingerprint(dtype: str, change: Callable[[bytes], bytes]) -> None:
    data = written(fits.PrimaryHDU(PIXELS.astype(dtype)), table())
    for fingerprint in fingerprints(data):
        assert compared(change(data), fingerprint) == Comparison(True, "")


def test_our_own_table_is_left_out() -> None:
    data = written(fits.PrimaryHDU(PIXELS))
    assert fingerprints(data + table_bytes([], [])) == fingerprints(data)


TILES = {"RICE_1": (1, 71), "GZIP_2": (7, 20), "HCOMPRESS_1": (20, 71), "PLIO_1": (60, 71)}
COMPRESSED = [(kind, dtype) for kind in TILES for dtype in INTEGERS_THAT_COMPRESS if (kind, dtype) != ("PLIO_1", "u2")]
"""PLIO holds no negative numbers, which BZERO makes of unsigned ones."""


@pytest.mark.parametrize(("kind", "dtype"), COMPRESSED)
def test_compressed_integers_have_the_fingerprint_of_the_image(kind: str, dtype: str) -> None:
    image = PIXELS.astype(dtype)
    packed = written(fits.PrimaryHDU(), fits.CompImageHDU(image, compression_type=kind, tile_shape=TILES[kind]))
    assert fingerprints(packed) == fingerprints(written(fits.PrimaryHDU(image)))


def test_compressed_cubes_are_read_in_order() -> None:
    cube = np.random.default_rng(2).integers(0, 99, (3, 700, 400), dtype=np.int32)
    packed = written(fits.PrimaryHDU(), fits.CompImageHDU(cube, tile_shape=(2, 30, 400)))
    assert fingerprints(packed) == fingerprints(written(fits.PrimaryHDU(cube)))


@pytest.mark.parametrize(
    ("old", "new"), [(b"'RICE_1", b"'LICE_1"), (b"ZNAXIS1 =   ", b"ZNAXIS1 =  9"), (b"ZBITPIX", b"YBITPIX")]
)
def test_damaged_tiles_give_one_clear_error(old: bytes, new: bytes) -> None:
    data = written(fits.PrimaryHDU(), fits.CompImageHDU(PIXELS.astype("i2"))).replace(old, new)
    with open_source(data) as source, pytest.raises(NotFits, match="HDU 1") as caught:
        compute(source)
    assert "\n" not in str(caught.value)


def test_lossless_floats_can_be_compared_and_lossy_ones_cannot() -> None:
    image = np.random.default_rng(3).normal(100, 5, (64, 64)).astype("f4")
    fingerprint = fingerprints(written(fits.PrimaryHDU(image)))[1]
    exact = written(fits.PrimaryHDU(), fits.CompImageHDU(image, compression_type="GZIP_2", quantize_level=0))
    lossy = written(fits.PrimaryHDU(), fits.CompImageHDU(image, quantize_level=4))
    assert compared(exact, fingerprint).same is True
    assert compared(lossy, fingerprint).same is None
    assert "HDU 1 is compressed with loss" in compared(lossy, fingerprint).reason
    assert compared(lossy, fingerprints(lossy)[1]).same is True


@pytest.mark.parametrize("kind", ["rice", "gzip_2", "hcompress"])
def test_images_that_cfitsio_compressed_have_the_fingerprint_of_the_image(kind: str, tmp_path: Path) -> None:
    image = PIXELS.astype("i4")
    fitsio.write(str(tmp_path / "a.fits"), image, compress=kind, tile_dims=(30, 35))
    assert fingerprints(tmp_path / "a.fits") == fingerprints(written(fits.PrimaryHDU(image)))


@pytest.mark.parametrize("dtype", INTEGERS_THAT_COMPRESS)
def test_fpack_and_funpack_keep_the_fingerprint(dtype: str, tmp_path: Path, needs_tool: Callable[..., str]) -> None:
    image = PIXELS.astype(dtype)
    original = tmp_path / "a.fits"
    original.write_bytes(written(fits.PrimaryHDU(image), fits.ImageHDU(image[::-1]), checksum=True))
    for tool, *arguments in (["fpack", "a.fits"], ["funpack", "-O", "b.fits", "a.fits.fz"]):
        subprocess.run([needs_tool(tool, "libcfitsio-bin"), *arguments], cwd=tmp_path, check=True, capture_output=True)
    for path in (tmp_path / "a.fits.fz", tmp_path / "b.fits"):
        assert fingerprints(path) == fingerprints(original)
        assert of_cards(path) == of_cards(original)


CHANGES: dict[str, Callable[[np.ndarray[Any, Any]], np.ndarray[Any, Any]]] = {
    "one pixel": lambda image: np.where(np.arange(image.size).reshape(image.shape) == 77, image + 1, image),
    "another type": lambda image: image.astype("i4"),
    "another shape": lambda image: image.reshape(image.shape[::-1]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changed_data_are_noticed_by_both_algorithms(change: str) -> None:
    image = PIXELS[:, :70].astype("i2")
    changed = written(fits.PrimaryHDU(CHANGES[change](image).astype("i4" if "type" in change else "i2")))
    for fingerprint in fingerprints(written(fits.PrimaryHDU(image))):
        result = compared(changed, fingerprint)
        assert result.same is False
        assert fingerprint in result.reason


@pytest.mark.parametrize(
    "change", [lambda i: i[::-1], lambda i: np.roll(i, 1, axis=1), lambda i: np.roll(i, 3, axis=0)]
)
def test_mirrored_and_rolled_pixels_are_noticed_by_sha256_alone(change: Callable[[Any], Any]) -> None:
    image = PIXELS.astype("i4")
    datasum, sha256 = fingerprints(written(fits.PrimaryHDU(image)))
    changed = written(fits.PrimaryHDU(change(image)))
    assert compared(changed, sha256).same is False
    assert compared(changed, datasum).same is True


def test_an_hdu_in_front_is_a_change() -> None:
    data = written(fits.PrimaryHDU(), fits.ImageHDU(PIXELS))
    changed = written(fits.PrimaryHDU(), fits.ImageHDU(PIXELS + 1), fits.ImageHDU(PIXELS))
    assert compared(changed, fingerprints(data)[1]).same is False


@pytest.mark.parametrize(
    ("fingerprint", "reason"),
    [
        ("md5:1:" + "0" * 32, "no known kind"),
        ("sha256:1:0", "no known kind"),
        ("sha256:x:" + "0" * 32, "no known kind"),
        ("sha256:" + "9" * 5000 + ":" + "0" * 32, "no known kind"),
        ("", "no known kind"),
        ("sha256:2:" + "0" * 32, "1 HDUs with data are there, the fingerprint is of 2"),
        ("sha256:0:" + "0" * 32, "the fingerprint is of 0"),
    ],
)
def test_what_cannot_be_compared_is_said(fingerprint: str, reason: str) -> None:
    result = compared(written(fits.PrimaryHDU(PIXELS)), fingerprint)
    assert result.same is None
    assert reason in result.reason


def compressed_table() -> bytes:
    """The header of a compressed table, with some rows."""
    hdu = fits.BinTableHDU.from_columns([fits.Column("A", "1PB()", array=np.array([[1], [2]], dtype=object))])
    for keyword, value in (("ZTABLE", True), ("ZNAXIS1", 4), ("ZNAXIS2", 2), ("ZDATASUM", "17")):
        hdu.header[keyword] = value
    return written(fits.PrimaryHDU(), hdu)


def test_a_compressed_table_is_known_by_its_cards_alone() -> None:
    fingerprint = of_cards(compressed_table())
    digest = hashlib.sha256(b"8 4x2 17\n").hexdigest()[:32]
    assert fingerprint == f"datasum:1:{digest}"
    assert compared(compressed_table(), fingerprint).same is None
    with open_source(compressed_table()) as source, pytest.raises(FileRefused, match="HDU 1 is a compressed table"):
        compute(source)


def test_an_unknown_algorithm_is_refused() -> None:
    with open_source(written(fits.PrimaryHDU())) as source, pytest.raises(UsageError, match="sha256, datasum"):
        compute(source, "md5")


def test_a_header_alone_has_no_data() -> None:
    header = fits.PrimaryHDU(PIXELS).header
    header["DATASUM"] = "1"
    with open_source(header) as source:
        assert compare_data(source, "sha256:1:" + "0" * 32).same is None
        assert wrong_datasums(source) == wrong_checksums(source) == []
        assert card_fingerprint(source.units()) is None
        with pytest.raises(FileRefused, match="header alone"):
            compute(source)


def test_right_sums_are_found_right() -> None:
    data = written(fits.PrimaryHDU(PIXELS), table(), fits.CompImageHDU(PIXELS.astype("i2")), checksum=True)
    with open_source(data) as source:
        assert wrong_datasums(source) == wrong_checksums(source) == []


def test_pixels_changed_under_a_stale_card_are_found() -> None:
    data = bytearray(written(fits.PrimaryHDU(PIXELS), fits.ImageHDU(PIXELS), checksum=True))
    data[-5000] ^= 1
    with open_source(bytes(data)) as source:
        assert wrong_datasums(source) == wrong_checksums(source) == [1]


def test_an_edited_header_is_found_by_its_checksum() -> None:
    data = written(fits.PrimaryHDU(PIXELS), checksum=True).replace(b"conforms", b"CONFORMS")
    with open_source(data) as source:
        assert wrong_datasums(source) == []
        assert wrong_checksums(source) == [0]


@pytest.mark.parametrize("text", ["", "MaAaMZ5ZMaAaMW3W"])
def test_a_datasum_that_is_no_number_is_not_judged(text: str) -> None:
    hdu = fits.PrimaryHDU(PIXELS)
    hdu.header["DATASUM"] = text
    with open_source(written(hdu)) as source:
        assert wrong_datasums(source) == []
        assert card_fingerprint(source.units()) is None


@given(st.lists(st.binary(max_size=50)))
def test_a_sum_does_not_depend_on_how_the_data_were_cut(pieces: list[bytes]) -> None:
    whole = b"".join(pieces)
    words = [int.from_bytes(whole[at : at + 4].ljust(4, b"\0"), "big") for at in range(0, len(whole), 4)]
    assert sum_words(pieces) % 0xFFFFFFFF == sum(words) % 0xFFFFFFFF
    assert (sum_words(pieces) == 0) == (not any(words))


def test_memory_does_not_grow_with_the_data(tmp_path: Path) -> None:
    path = tmp_path / "large.fits"
    path.write_bytes(written(fits.PrimaryHDU(np.zeros((64, 2**20), dtype=np.uint8)), checksum=True))
    tracemalloc.start()
    try:
        with open_source(path) as source:
            assert wrong_datasums(source) == []
            compute(source)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20
