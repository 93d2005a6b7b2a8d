"""From a file back to what is known: what its header says of it is told in its own words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

import fitsprov
from fitsprov import Registry
from fitsprov.actions.comparing import compare_lists
from fitsprov.errors import UsageError
from fitsprov.model.lineage import Activity, Dataset, Lineage, Usage
from fitsprov.model.record import Record
from tests.actions.conftest import Write, uid, write_cards


def of_code(findings: tuple[fitsprov.Finding, ...], code: str) -> list[tuple[str, str]]:
    """The keywords and messages of findings of one code."""
    return [(one.keyword, one.message) for one in findings if one.code == code]


def describe(registry: Registry, *datasets: Dataset) -> None:
    """Record datasets."""
    registry.record(Record(source="record", datasets=datasets))


@pytest.mark.parametrize(
    ("convention", "keywords"),
    [
        ("native", ("FPV_RUN", "FPV_TYPE", "FPV_DATA")),
        ("rubin", ("LSST BUTLER RUN", "LSST BUTLER DATASETTYPE", "LSST BUTLER DATAID")),
    ],
)
def test_what_differs_is_told_by_the_keywords_of_the_header(
    convention: str, keywords: tuple[str, ...], write: Write, registry: Registry
) -> None:
    path = write("x.fits", convention, id=uid("x"), run="a", type="image", data_id={"visit": 7}, parents=[])
    describe(registry, Dataset(id=uid("x"), run="b", type="coadd", data_id={"visit": 8}))
    said = [("a", "b"), ("image", "coadd"), ({"visit": 7}, {"visit": 8})]
    expected = [
        (key, f"{key} says {mine}, the registry {theirs}") for key, (mine, theirs) in zip(keywords, said, strict=True)
    ]
    found = fitsprov.resolve(path, registry)
    assert found.status == "conflict"
    assert of_code(found.findings, "differs-from-registry") == expected
    assert of_code(fitsprov.verify(path, registry), "differs-from-registry") == expected


def test_a_service_is_held_against_the_keywords_of_the_header(write: Write) -> None:
    path = write("x.fits", "rubin", id=uid("x"), activity_id=uid("quantum"), parents=[uid("a"), uid("b")])
    lineage = Lineage(
        focus=uid("x"),
        datasets={one: Dataset(id=one) for one in (uid("x"), uid("a"))},
        activities={uid("other"): Activity(id=uid("other"))},
        generated_by={uid("x"): uid("other")},
        used={uid("other"): (Usage(uid("a")),)},
    )
    assert [(one.keyword, one.message) for one in compare_lists(fitsprov.inspect(path), lineage)] == [
        ("LSST BUTLER N_INPUTS", "LSST BUTLER N_INPUTS counts 2 parents, the service tells of 1"),
        ("LSST BUTLER QUANTUM", f"LSST BUTLER QUANTUM says {uid('quantum')}, the service {uid('other')}"),
    ]


def test_a_pointer_of_others_is_told_by_their_keyword(tmp_path: Path, registry: Registry) -> None:
    did = f"ivo://one.org/data?{uid('x')}"
    path = write_cards(tmp_path / "x.fits", f"DS_IDPUB= '{did}'")
    describe(registry, Dataset(id=uid("x"), type="image", publisher_did=f"ivo://two.org/data?{uid('x')}"))
    (told,) = of_code(fitsprov.verify(path, registry), "pointer-stale")
    assert told == ("DS_IDPUB", f"DS_IDPUB says {did}, the registry now ivo://two.org/data?{uid('x')}")


def test_keywords_of_a_convention_of_ones_own_are_not_made_up(tmp_path: Path, registry: Registry) -> None:
    rows = '{name = "MYID", field = "id", kind = "uuid"}, {name = "MYRUN", field = "run", kind = "string"}'
    own = tmp_path / "own.toml"
    own.write_text(
        f'name = "own"\ntitle = "Own"\nsource = "here"\nwrite = false\nprefix = ["MYID"]\nkeywords = [{rows}]\n'
    )
    path = write_cards(tmp_path / "x.fits", f"MYID    = '{uid('x')}'", "MYRUN   = 'a'")
    describe(registry, Dataset(id=uid("x"), type="image", run="b"))
    found = fitsprov.resolve(path, registry, conventions=(str(own),))
    assert of_code(found.findings, "differs-from-registry") == [("", "run says a, the registry b")]


def test_a_uuid_is_resolved_as_a_dataset_of_the_registry(registry: Registry) -> None:
    describe(registry, Dataset(id=uid("x"), type="image"))
    found = fitsprov.resolve(uid("x"), registry)
    assert (found.status, found.source, found.dataset) == ("resolved", "registry", registry.dataset(uid("x")))
    assert fitsprov.resolve(uid("y"), registry).status == "unknown"
    with pytest.raises(UsageError, match=f"dataset {uid('x')}: there is no registry"):
        fitsprov.resolve(uid("x"))


@pytest.mark.parametrize("many", [2, 7])
def test_several_datasets_of_one_content_are_named_and_none_is_taken(
    many: int, write: Write, tmp_path: Path, registry: Registry
) -> None:
    ids = sorted(uid(str(number)) for number in range(many))
    for one in ids:
        path = tmp_path / f"{one}.fits"
        fits.PrimaryHDU(np.arange(6.0)).writeto(path)
        fitsprov.stamp(path, fitsprov.Stamp(id=one, type="image"))
    fitsprov.harvest(tmp_path, registry, fingerprint=True)
    bare, strange = tmp_path / "bare.fits", tmp_path / "strange.fits"
    for path in (bare, strange):
        fits.PrimaryHDU(np.arange(6.0)).writeto(path)
    fitsprov.stamp(strange, fitsprov.Stamp(id=uid("strange"), type="image"))
    names = ", ".join(map(str, ids[:5])) + " …" * (many > 5)
    for path, status in ((bare, "unstamped"), (strange, "unknown")):
        found = fitsprov.resolve(path, registry)
        assert found.status == status
        assert of_code(found.findings, "found-several") == [("", f"the data are those of {many} datasets: {names}")]
    for one in ids:
        assert not of_code(fitsprov.resolve(tmp_path / f"{one}.fits", registry).findings, "found-several")


def test_an_input_without_a_type_is_what_the_header_says_that_it_is(tmp_path: Path, registry: Registry) -> None:
    path = write_cards(
        tmp_path / "x.fits",
        "HIERARCH ESO PRO REC1 ID = 'recipe'",
        "HIERARCH ESO PRO REC1 RAW1 NAME = 'raw.fits'",
        "HIERARCH ESO PRO REC1 CAL1 NAME = 'bias.fits'",
        "HIERARCH ESO PRO REC1 CAL2 NAME = 'flat.fits'",
        "HIERARCH ESO PRO REC1 CAL2 CATG = 'MASTER_FLAT'",
    )
    fitsprov.harvest(path, registry)
    found = fitsprov.resolve(path, registry)
    assert found.source == "registry"
    categories = {one["name"]: one["category"] for one in found.to_json()["parents"]}
    assert categories == {"raw.fits": "raw", "bias.fits": "calibration", "flat.fits": "calibration"}
    assert [one["name"] for one in found.to_json()["raws"]] == ["raw.fits"]


def test_raws_that_a_header_lists_are_counted_with_a_registry_and_without(tmp_path: Path, registry: Registry) -> None:
    path = write_cards(tmp_path / "x.fits", "OBSCNT  =                    2", "OBS1    = 'a'", "OBS2    = 'b'")
    fitsprov.harvest(path, registry)
    for found in (fitsprov.resolve(path, registry), fitsprov.resolve(path)):
        assert "0 ancestors, 2 raws; incomplete: raws listed without the steps to them" in str(found)
        assert len(found.to_json()["raws"]) == 2
