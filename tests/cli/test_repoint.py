"""Pointers move, and nothing else of a stamp does."""

from __future__ import annotations

import shutil
from pathlib import Path
from uuid import UUID

import pytest
from astropy.io import fits
from hypothesis import given
from hypothesis import strategies as st

import fitsprov as api
from fitsprov.actions.stamping import Outcome
from fitsprov.errors import StampMissing, StampRefused, UsageError
from tests.cli.conftest import COADD, COADD_FILE, Fitsprov

NEW = "https://new.example.org/prov"
NEW_AUTHORITY = "ivo://new.example.org/survey"
ENCODED = "ivo%3A%2F%2Fnew.example.org%2Fsurvey%3F" + COADD


def cards_of(path: str | Path) -> dict[str, str]:
    """The cards of a header by keyword, without those that are to change."""
    header = fits.getheader(path)
    return {card.keyword: str(card) for card in header.cards if card.keyword not in ("DATALINK", "FPV_DID", "FPV_SEAL")}


def data_of(path: str | Path) -> bytes:
    with fits.open(path) as hdus:
        return b"".join(hdu.data.tobytes() for hdu in hdus if hdu.data is not None)


@pytest.fixture
def coadd(survey: Path, fitsprov: Fitsprov) -> Path:
    """A file stamped from the registry."""
    assert fitsprov(f"stamp {COADD_FILE}").code == 0
    return survey / COADD_FILE


def test_pointers_follow_the_registry(coadd: Path, fitsprov: Fitsprov) -> None:
    before, pixels = cards_of(coadd), data_of(coadd)
    assert fitsprov(f"repoint {coadd} --json").json[0]["status"] == "unchanged"
    assert fitsprov(f"init --base-url {NEW} --authority {NEW_AUTHORITY}").code == 0
    assert [f["code"] for f in fitsprov(f"verify {coadd} --json").json[0]["findings"]] == ["pointer-stale"] * 2

    ran = fitsprov(f"repoint {coadd} --json")
    assert ran.code == 0
    assert ran.json == [{"file": str(coadd), "status": "done", "message": ""}]
    header = fits.getheader(coadd)
    assert header["FPV_DID"] == f"{NEW_AUTHORITY}?{COADD}"
    assert header["DATALINK"] == f"{NEW}/links?ID={ENCODED}"
    assert cards_of(coadd) == before
    assert data_of(coadd) == pixels
    assert fitsprov(f"verify {coadd} --json").json[0]["findings"] == []
    assert fitsprov(f"stamp {coadd} --json").json[0]["status"] == "unchanged"
    assert fitsprov(f"repoint {coadd}").out.startswith("unchanged")


def test_the_registry_and_its_stamp_agree(coadd: Path) -> None:
    with api.Registry("fitsprov.db") as registry:
        wanted = registry.stamp(COADD)
        api.repoint(coadd, base_url=NEW, authority=NEW_AUTHORITY)
        assert api.repoint(coadd, registry) is not Outcome.UNCHANGED
    found = api.read(coadd)
    assert found is not None
    assert (found.publisher_did, found.datalink) == (wanted.publisher_did, wanted.datalink)


def test_a_base_url_alone_keeps_the_did(coadd: Path, fitsprov: Fitsprov) -> None:
    did = fits.getheader(coadd)["FPV_DID"]
    assert fitsprov(f"repoint {coadd} --base-url {NEW}/ --registry sqlite:///absent.db").code == 0
    header = fits.getheader(coadd)
    assert header["FPV_DID"] == did
    assert header["DATALINK"].startswith(f"{NEW}/links?ID=ivo%3A%2F%2Fexample.org%2Fsimcam%3F")


def test_an_authority_alone_keeps_the_base_url(coadd: Path, fitsprov: Fitsprov) -> None:
    base = fits.getheader(coadd)["DATALINK"].partition("/links")[0]
    assert fitsprov(f"repoint {coadd} --authority {NEW_AUTHORITY}").code == 0
    header = fits.getheader(coadd)
    assert header["FPV_DID"] == f"{NEW_AUTHORITY}?{COADD}"
    assert header["DATALINK"] == f"{base}/links?ID={ENCODED}"


def test_a_pointer_of_another_form_stays(tmp_path: Path) -> None:
    path = stamped(tmp_path / "a.fits", api.Stamp(id=UUID(COADD), datalink=f"https://other.org/{COADD}"))
    api.repoint(path, authority=NEW_AUTHORITY)
    header = fits.getheader(path)
    assert header["DATALINK"] == f"https://other.org/{COADD}"
    assert header["FPV_DID"] == f"{NEW_AUTHORITY}?{COADD}"


def stamped(path: Path, stamp: api.Stamp, **options: str) -> Path:
    fits.PrimaryHDU().writeto(path)
    api.stamp(path, stamp, **options)
    return path


def test_a_short_stamp_is_flipped(tmp_path: Path) -> None:
    path = stamped(tmp_path / "a.fits", api.Stamp(id=UUID(COADD), run="r"))
    assert api.repoint(path, base_url="https://a.org", authority="ivo://a.org/b") is Outcome.FLIPPED
    assert api.repoint(path, base_url="https://b.org") is Outcome.FLIPPED
    assert api.repoint(path, base_url="https://b.org") is Outcome.UNCHANGED
    api.strip(path)
    fits.PrimaryHDU().writeto(tmp_path / "b.fits")
    assert path.read_bytes() == (tmp_path / "b.fits").read_bytes()


@pytest.mark.parametrize("lists", ["cards", "table", "none"])
def test_lists_stay_where_they_are(tmp_path: Path, lists: str) -> None:
    parents = tuple(UUID(int=n) for n in range(1, 40))
    path = stamped(tmp_path / "a.fits", api.Stamp(id=UUID(COADD), parents=parents, raws=()), lists=lists)
    before, cards = api.read(path), cards_of(path)
    with fits.open(path) as hdus:
        tables = [str(hdu.header) + repr(hdu.data.tobytes()) for hdu in hdus[1:]]
    assert len(tables) == (lists == "table")
    api.repoint(path, base_url=NEW, authority=NEW_AUTHORITY)
    after = api.read(path)
    assert before is not None
    assert after is not None
    assert after.parents == before.parents
    assert after.datalink is not None
    assert {key: card for key, card in cards_of(path).items() if key != "LONGSTRN"} == cards
    with fits.open(path) as hdus:
        assert [str(hdu.header) + repr(hdu.data.tobytes()) for hdu in hdus[1:]] == tables
    assert not [f for f in api.verify(path) if f.code != "data-not-compared"]


def test_unstamped_files_are_named_and_the_others_done(coadd: Path, fitsprov: Fitsprov) -> None:
    fits.PrimaryHDU().writeto("bare.fits")
    whole = Path("bare.fits").read_bytes()
    Path("page.html").write_text("<html>")
    ran = fitsprov(f"repoint bare.fits {coadd} --base-url {NEW} --json")
    assert ran.code == 1
    assert [item["status"] for item in ran.json] == ["refused", "done"]
    assert "bare.fits: the header carries no stamp" in ran.err
    assert Path("bare.fits").read_bytes() == whole
    assert fitsprov(f"repoint bare.fits page.html {coadd}").code == 3


def test_a_stamp_without_a_dataset_is_refused(tmp_path: Path) -> None:
    path = stamped(tmp_path / "a.fits", api.Stamp(run="r"))
    with pytest.raises(StampMissing, match="names no dataset"):
        api.repoint(path, base_url=NEW)


def test_an_edited_stamp_is_not_sealed_again(coadd: Path, fitsprov: Fitsprov) -> None:
    content = coadd.read_bytes()
    coadd.write_bytes(content.replace(b"'deep_coadd'", b"'deep_joadd'", 1))
    edited = coadd.read_bytes()
    with pytest.raises(StampRefused, match="FPV_SEAL"):
        api.repoint(coadd, base_url=NEW)
    assert fitsprov(f"repoint {coadd} --base-url {NEW}").code == 3
    assert coadd.read_bytes() == edited


def test_an_unknown_dataset_is_named(survey: Path, fitsprov: Fitsprov) -> None:
    stamped(survey / "a.fits", api.Stamp(id=UUID(int=7)))
    ran = fitsprov("repoint a.fits")
    assert ran.code == 1
    assert str(UUID(int=7)) in ran.err


def test_somebody_must_say_where(fitsprov: Fitsprov, tmp_path: Path) -> None:
    stamped(tmp_path / "a.fits", api.Stamp(id=UUID(COADD)))
    assert fitsprov("repoint a.fits").code == 3
    assert fitsprov("init").code == 0
    assert fitsprov("repoint a.fits").code == 2
    assert fitsprov("repoint a.fits --base-url nowhere").code == 2
    assert fitsprov("repoint a.fits --authority ivo://a.org?x").code == 2
    with pytest.raises(UsageError, match="where to point"):
        api.repoint(tmp_path / "a.fits")


def test_dry_run_and_jobs(coadd: Path, fitsprov: Fitsprov) -> None:
    names = [f"copy{n}.fits" for n in range(4)]
    for name in names:
        shutil.copy(coadd, name)
    whole = coadd.read_bytes()
    line = f"repoint {' '.join(names)} --base-url {NEW} --jobs 2"
    assert fitsprov(f"{line} --dry-run").out.count("would be repointed") == 4
    assert Path(names[0]).read_bytes() == whole
    assert fitsprov(line).out.count("repointed") == 4
    assert fitsprov(line).out.count("unchanged") == 4
    assert fitsprov(f"repoint {' '.join(names)} --jobs 2").out.count("repointed") == 4


def test_objects_are_repointed_in_memory() -> None:
    hdu = fits.PrimaryHDU()
    api.stamp(hdu.header, api.Stamp(id=UUID(COADD)))
    api.repoint(hdu.header, base_url=NEW)
    assert hdu.header["DATALINK"] == f"{NEW}/links?ID={COADD}"


@given(run=st.text(max_size=150), base=st.text(alphabet="abc/", max_size=90), raws=st.integers(0, 3))
def test_any_stamp_differs_by_its_pointers_alone(run: str, base: str, raws: int) -> None:
    header = fits.Header()
    stamp = api.Stamp(id=UUID(COADD), run=run, raws=tuple(UUID(int=n) for n in range(1, raws + 1)))
    try:
        api.stamp(header, stamp)
    except api.FitsprovError:
        return
    before = api.read(header)
    api.repoint(header, base_url=f"https://h/{base}", authority=NEW_AUTHORITY)
    after = api.inspect(header)
    assert before is not None
    assert after.stamp is not None
    assert not after.findings
    assert after.stamp.datalink == f"https://h/{base}".rstrip("/") + f"/links?ID={ENCODED}"
    assert all(
        getattr(after.stamp, name) == getattr(before, name)
        for name in ("id", "run", "raws", "n_raws", "digests", "stamped", "parents")
    )
