"""``fitsprov export - -``: data on stdin and stdout, messages on stderr, constant memory."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest
from astropy.io import fits

import fitsprov as api
from tests.cli.conftest import COADD, COADD_FILE, Fitsprov

ROOT = Path(__file__).parent.parent.parent
OTHER = "019b3e1c-4e9a-7824-901b-e81813c952f1"
MIB = 2**20


def export(line: str, data: bytes = b"") -> tuple[int, bytes, str]:
    """Run ``fitsprov export`` as a process; give its exit code, its data, its messages."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "fitsprov", "export", *line.split()]
    done = subprocess.run(command, input=data, capture_output=True, env=environment, check=False)
    return done.returncode, done.stdout, done.stderr.decode()


def image(**header: str) -> bytes:
    """A FITS file with two HDUs."""
    content = io.BytesIO()
    hdus = fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU([[1, 2], [3, 4]], name="SCI")])
    hdus[0].header.update(header)
    hdus.writeto(content)
    return content.getvalue()


def data_of(content: bytes) -> list[bytes]:
    with fits.open(io.BytesIO(content)) as hdus:
        return [hdu.data.tobytes() for hdu in hdus if hdu.data is not None]


def test_values_stamp_a_stream(fitsprov: Fitsprov) -> None:
    source = image()
    code, out, err = export("- - --run r --type t --data-id exposure=7", source)
    assert code == 0
    assert err == "exported   -\n"
    found = api.read(out)
    assert found is not None
    assert (found.run, found.type, found.data_id) == ("r", "t", {"exposure": 7})
    assert data_of(out) == data_of(source)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress])
def test_a_stream_in_a_container_is_unpacked_on_its_way(pack: Callable[[bytes], bytes]) -> None:
    source = image()
    code, out, err = export("- - --run r", pack(source))
    assert (code, err) == (0, "exported   -\n")
    assert data_of(out) == data_of(source)
    found = api.read(out)
    assert found is not None
    assert found.run == "r"
    code, _, err = export("- - --run r", pack(source)[:-20])
    assert (code, len(err.splitlines())) == (3, 1)
    assert err.startswith("fitsprov: standard input: ")


def test_the_registry_stamps_a_stream_by_id_and_by_what_it_carries(survey: Path) -> None:
    registry = "--registry sqlite:///fitsprov.db"
    source = (survey / COADD_FILE).read_bytes()
    code, out, _ = export(f"- - --id {COADD} {registry}", source)
    assert code == 0
    stamped = api.read(out)
    assert stamped is not None
    assert (stamped.id, stamped.n_parents) == (UUID(COADD), 32)

    bare = io.BytesIO(source)
    header = fits.getheader(bare)
    api.stamp(header, api.Stamp(id=UUID(COADD)))
    content = io.BytesIO()
    fits.PrimaryHDU(header=header).writeto(content)
    code, out, err = export(f"- - {registry}", content.getvalue())
    assert code == 0
    assert err == "exported   -\n"
    again = api.read(out)
    assert again is not None
    assert again.same_as(api.Stamp(**{n: getattr(stamped, n) for n in stamped.__dataclass_fields__}))


def test_a_record_stamps_a_stream(survey: Path) -> None:
    code, out, _ = export(f"- - --record drp.yaml --id {COADD}", image())
    assert code == 0
    found = api.read(out)
    assert found is not None
    assert (found.id, found.type) == (UUID(COADD), "deep_coadd")


def test_without_a_registry_the_stamp_that_a_stream_carries_stays() -> None:
    code, source, _ = export(f"- - --run r --id {COADD} --parent {OTHER}", image())
    assert code == 0
    code, out, err = export("- -", source)
    assert (code, out) == (0, source)
    assert "no registry: the stamp that it carries was kept" in err


def test_a_table_of_lists_goes_through_with_the_stamp_that_counts_it() -> None:
    raws = " ".join(f"--raw {UUID(int=n)}" for n in range(1, 130))
    code, source, _ = export(f"- - --run r --id {COADD} {raws}", image())
    assert code == 0
    found = api.read(source)
    assert found is not None
    assert found.raws is not None
    assert len(found.raws) == 129
    assert export("- -", source)[1] == source

    code, out, _ = export(f"- - --run r --id {COADD} --raw {OTHER}", source)
    found = api.read(out)
    assert found is not None
    assert found.n_raws == 1
    with fits.open(io.BytesIO(out)) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SCI"]
    code, out, _ = export(f"- - --run r --id {COADD} {raws} --lists table", export("- - --run q", image())[1])
    assert api.read(out).raws == api.read(source).raws  # type: ignore[union-attr]  # both are stamped


def test_a_file_goes_to_stdout_as_it_would_to_a_file(survey: Path, fitsprov: Fitsprov) -> None:
    options = f"--run r --id {COADD} --fingerprint"
    assert fitsprov(f"export {COADD_FILE} copy.fits {options}").code == 0
    code, out, err = export(f"{COADD_FILE} - {options}")
    assert (code, err) == (0, f"exported   {COADD_FILE}\n")
    copy = api.read("copy.fits")
    assert copy is not None
    assert copy.fingerprint is not None
    assert copy.same_as(api.read(out) or api.Stamp())
    Path("packed.fits.gz").write_bytes(gzip.compress(Path(COADD_FILE).read_bytes()))
    code, unpacked, _ = export(f"packed.fits.gz - {options}")
    assert code == 0
    assert data_of(unpacked) == data_of(out)


def test_an_extension_of_a_stream_is_stamped() -> None:
    code, out, _ = export("- - --run r --hdu SCI", image())
    assert code == 0
    assert fits.getheader(io.BytesIO(out), 1)["FPV_RUN"] == "r"
    assert "FPV_RUN" not in fits.getheader(io.BytesIO(out), 0)


def test_json_stays_out_of_the_data() -> None:
    code, out, err = export("- - --run r --json", image())
    assert code == 0
    assert out.startswith(b"SIMPLE")
    assert '"status": "done"' in err


def test_a_dry_run_writes_nothing() -> None:
    assert export("- - --run r --dry-run", image()) == (0, b"", "would be exported  -\n")


@pytest.mark.parametrize(
    ("line", "data", "code", "said"),
    [
        ("- -", b"", 3, "standard input: HDU 0 begins with nothing; expected 'SIMPLE'"),
        ("- - --run r", b"<html>" * 500, 3, "standard input: HDU 0 begins with '<html>"),
        ("- - --run r --hdu 1", image()[:-2870], 3, "standard input: data of HDU 1 end after 10 bytes; expected 32"),
        ("- -", image(), 3, "standard input: nobody says what it is"),
        ("- - --run r --fingerprint", image(), 2, "no fingerprint of a stream"),
        ("- out.fits --run r", image(), 2, "expected - as DEST"),
        ("- - - --run r", image(), 2, "expected one"),
        ("absent.fits - --run r", b"", 3, "absent.fits"),
    ],
)
def test_what_cannot_be_streamed_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str, data: bytes, code: int, said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FITSPROV_REGISTRY", raising=False)
    got, _, err = export(line, data)
    assert (got, len(err.splitlines())) == (code, 1)
    assert said in err
    assert not list(tmp_path.iterdir())


def test_a_reader_that_leaves_is_one_line(tmp_path: Path) -> None:
    whole = tmp_path / "a.fits"
    fits.PrimaryHDU().writeto(whole)
    line = f"{sys.executable} -m fitsprov export {large(tmp_path / 'b.fits', 8 * MIB)} - --run r | head -c 100 >{whole}"
    done = subprocess.run(
        line, shell=True, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False
    )
    assert len(done.stderr.splitlines()) == 1
    assert "Broken pipe" in done.stderr


def large(path: Path, size: int) -> Path:
    """A file of zeros that takes no room."""
    header = fits.Header([("SIMPLE", True), ("BITPIX", 8), ("NAXIS", 1), ("NAXIS1", size)])
    with path.open("wb") as file:
        file.write(header.tostring().encode())
        file.truncate(-(-(2880 + size) // 2880) * 2880)
    return path


PEAK = """
import resource, sys
from fitsprov.cli import main
try:
    main()
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)
"""


@pytest.mark.slow
def test_memory_does_not_grow_with_the_stream(tmp_path: Path) -> None:
    peaks = []
    for size in (1, 300):
        source, copy = large(tmp_path / f"{size}.fits", size * MIB), tmp_path / "copy.fits"
        line = f"cat {source} | {sys.executable} -c '{PEAK}' export - - --run r >{copy}"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(line, shell=True, capture_output=True, text=True, env=environment, check=True)
        peaks.append(int(done.stderr.splitlines()[-1]))
        assert copy.stat().st_size == source.stat().st_size
        assert fits.getheader(copy)["FPV_RUN"] == "r"
    assert peaks[1] - peaks[0] < 2 * 1024, f"KiB: {peaks}"
