"""A real Butler repository reads what we write in Rubin's convention, and we read what its Butler writes."""

from __future__ import annotations

import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from astropy.io import fits

from fitsprov.actions.conventions import all_conventions, find_convention, native
from fitsprov.actions.stamping import stamp as stamp_file
from fitsprov.conventions.reading import read_header
from fitsprov.conventions.writing import spell, spell_native
from fitsprov.model.stamp import Input, Stamp

try:
    from lsst.daf.butler import Butler, DatasetProvenance, DatasetRef, DatasetType
except ImportError:
    if os.environ.get("FITSPROV_NEED_BUTLER"):
        raise
    pytest.skip("no Butler: pip install 'fitsprov[butler]'", allow_module_level=True)

QUANTUM = UUID("019b68f5-824c-7ebd-9f7b-bf0d08b412b1")
LONG_RUN = "SimCam/runs/DRP/20260314-20260315/v1_0_0_rc2/TICKET-53697/deblended/20260316T044807Z"
RUBIN = find_convention("rubin")
PREFIX = {"prefix": "LSST BUTLER", "sep": " ", "simple_types": True, "use_upper": True}

Case = tuple[DatasetRef, DatasetProvenance]


@pytest.fixture(scope="module")
def butler(tmp_path_factory: pytest.TempPathFactory) -> Butler:
    """A repository with an instrument, a visit and a sky map's tract, and nothing put yet."""
    folder = tmp_path_factory.mktemp("repository")
    made = Butler.from_config(Butler.makeRepo(folder), writeable=True)
    records = {
        "instrument": {"name": "SimCam", "class_name": "simcam.SimCam"},
        "detector": {"instrument": "SimCam", "id": 4, "full_name": "S04"},
        "physical_filter": {"instrument": "SimCam", "name": "r_1", "band": "r"},
        "day_obs": {"instrument": "SimCam", "id": 20260314},
        "visit": {
            "instrument": "SimCam",
            "id": 2026031400101,
            "name": "first",
            "physical_filter": "r_1",
            "day_obs": 20260314,
        },
        "skymap": {"name": "sim_v1", "hash": b"0" * 20, "tract_max": 10, "patch_nx_max": 1, "patch_ny_max": 1},
        "tract": {"skymap": "sim_v1", "id": 7},
    }
    for dimension, record in records.items():
        made.registry.insertDimensionData(dimension, record)
    for run in ("SimCam/raw/all", "SimCam/calib/20260301", LONG_RUN):
        made.collections.register(run)
    return made


@pytest.fixture(scope="module")
def refs(butler: Butler) -> dict[str, DatasetRef]:
    """One real dataset of each type."""
    visit = {"instrument": "SimCam", "detector": 4, "visit": 2026031400101}
    flat = {"instrument": "SimCam", "detector": 4, "physical_filter": "r_1"}
    datasets = {
        "raw": (visit, "SimCam/raw/all"),
        "flat": (flat, "SimCam/calib/20260301"),
        "visit_image": (visit, LONG_RUN),
        "coadd": ({"skymap": "sim_v1", "tract": 7, "band": "r"}, LONG_RUN),
        "survey_notes": ({}, LONG_RUN),
    }
    made = {}
    for name, (data_id, run) in datasets.items():
        kind = DatasetType(name, tuple(data_id), "StructuredDataDict", universe=butler.dimensions)
        butler.registry.registerDatasetType(kind)
        made[name] = butler.put({"name": name}, name, data_id, run=run)
    return made


def provenance(
    inputs: list[DatasetRef], quantum: UUID | None = QUANTUM, extra: dict[str, Any] | None = None
) -> DatasetProvenance:
    """The Butler's own record of how a dataset was made."""
    made = DatasetProvenance(quantum_id=quantum)
    for ref in inputs:
        made.add_input(ref)
    if extra:
        made.add_extra_provenance(inputs[-1].id, extra)
    return made


@pytest.fixture(scope="module")
def cases(refs: dict[str, DatasetRef]) -> dict[str, Case]:
    """Datasets with their provenance: of a visit, of a coadd, without a dataId, without inputs, without a quantum."""
    raw, flat, image = refs["raw"], refs["flat"], refs["visit_image"]
    return {
        "visit": (image, provenance([raw, flat])),
        "coadd": (refs["coadd"], provenance([image])),
        "no inputs": (raw, provenance([], None)),
        "no dataId": (refs["survey_notes"], provenance([image, raw])),
        "nothing but itself": (refs["survey_notes"], provenance([], None)),
        "words about an input": (
            image,
            provenance([raw, flat], extra={"zeropoint": 31.4, "model": "sky", "kept": True}),
        ),
    }


CASES = ["visit", "coadd", "no inputs", "no dataId", "nothing but itself", "words about an input"]


def stamp_of(ref: DatasetRef, made: DatasetProvenance) -> Stamp:
    """What one who holds the Butler's references asks us to write."""
    return Stamp(
        id=ref.id,
        run=ref.run,
        type=ref.datasetType.name,
        data_id=dict(ref.dataId.required),
        activity_id=made.quantum_id,
        parents=tuple(
            Input(item.id, run=item.run, type=item.datasetType.name, extra=made.extras.get(item.id, {}))
            for item in made.inputs
        ),
    )


def names_of(made: DatasetProvenance) -> list[tuple[UUID, str, str]]:
    """The inputs of a Butler's record; how their types are described differs after a look-up."""
    return [(item.id, item.run, item.datasetType.name) for item in made.inputs]


def file_with(cards: bytes) -> fits.Header:
    """Write cards into a file by astropy, and read its header again."""
    header = fits.PrimaryHDU().header
    header.extend(fits.Header.fromstring(cards.decode("ascii")), strip=False)
    file = BytesIO()
    fits.PrimaryHDU(header=header).writeto(file)
    return fits.getheader(BytesIO(file.getvalue()))


@pytest.mark.parametrize("case", CASES)
def test_our_cards_are_exactly_the_butlers(case: str, cases: dict[str, Case]) -> None:
    ref, made = cases[case]
    header = fits.Header.fromstring(spell(stamp_of(ref, made), RUBIN).decode("ascii"))
    theirs = made.to_flat_dict(ref, **PREFIX)
    assert list(header.items()) == list(theirs.items())
    assert [type(value) for value in header.values()] == [type(value) for value in theirs.values()]


@pytest.mark.parametrize("beside", ["alone", "beside our own"])
@pytest.mark.parametrize("case", CASES)
def test_the_butler_reads_a_file_that_we_stamped(
    case: str, beside: str, cases: dict[str, Case], butler: Butler
) -> None:
    ref, made = cases[case]
    stamp = stamp_of(ref, made)
    own = spell_native(stamp, native()) if beside == "beside our own" else b""
    header = file_with(spell(stamp, RUBIN) + own)
    found, found_ref = DatasetProvenance.from_flat_dict(dict(header), butler)
    assert found_ref == ref
    assert found.quantum_id == made.quantum_id
    assert names_of(found) == names_of(made)
    upper = {key: {word.upper(): value for word, value in words.items()} for key, words in made.extras.items()}
    assert found.extras == upper


def test_the_butler_reads_a_file_that_our_command_stamped(
    tmp_path: Path, cases: dict[str, Case], butler: Butler
) -> None:
    ref, made = cases["visit"]
    path = tmp_path / "image.fits"
    fits.PrimaryHDU().writeto(path)
    stamp_file(path, stamp_of(ref, made), conventions=("native", "rubin"))
    found, found_ref = DatasetProvenance.from_flat_dict(dict(fits.getheader(path)), butler)
    assert found_ref == ref
    assert found.quantum_id == made.quantum_id
    assert names_of(found) == names_of(made)


@pytest.mark.parametrize("case", CASES)
def test_we_read_what_the_butler_says_through_astropy(case: str, cases: dict[str, Case]) -> None:
    ref, made = cases[case]
    reading = read_header(butler_header(made.to_flat_dict(ref, **PREFIX)), all_conventions())
    expected = stamp_of(ref, made)
    assert reading.findings == ()
    assert reading.stamp.data_id == (expected.data_id or None)
    assert reading.stamp == Stamp(
        id=expected.id,
        run=expected.run,
        type=expected.type,
        data_id=expected.data_id or None,
        activity_id=expected.activity_id,
        parents=expected.parents,
    )


def butler_header(values: dict[str, Any], comment: Callable[[str], str] = lambda keyword: "") -> bytes:
    """A header as Rubin's formatters write it."""
    header = fits.PrimaryHDU().header
    for keyword, value in values.items():
        header[f"HIERARCH {keyword}"] = (value, comment(keyword))
    return header.tostring().encode("ascii")


def test_we_count_the_inputs_that_the_butler_dropped(cases: dict[str, Case]) -> None:
    ref, made = cases["visit"]
    stamp = read_header(butler_header(made.to_flat_dict(ref, max_inputs=1, **PREFIX)), all_conventions()).stamp
    assert (stamp.n_parents, stamp.parents) == (2, None)


def test_we_read_inputs_of_which_the_butler_wrote_no_more_than_ids(cases: dict[str, Case]) -> None:
    ref, made = cases["visit"]
    values = made.to_flat_dict(ref, store_minimalist_inputs=True, **PREFIX)
    stamp = read_header(butler_header(values), all_conventions()).stamp
    assert stamp.parents == tuple(Input(item.id) for item in made.inputs)


COMMENTS = {"RUN": "Run collection", "ID": "Dataset ID", "DATAID": "Data identifier", "DATASETTYPE": "Dataset type"}
"""What obs_base writes beside a keyword that has this word (lsst/obs_base, utils.py); beside others, nothing."""


@pytest.mark.parametrize("case", CASES)
def test_comments_are_those_of_obs_base_where_they_have_room(case: str, cases: dict[str, Case]) -> None:
    ref, made = cases[case]
    header = fits.Header.fromstring(spell(stamp_of(ref, made), RUBIN).decode("ascii"))
    for card in header.cards:
        expected = next((text for word, text in COMMENTS.items() if word in card.keyword.split()), "")
        has_room = len(card.keyword) + len(f"{card.value:<8}") + len(expected) <= 80 - len("HIERARCH  = '' / ")
        assert card.comment == expected if has_room else card.comment in ("", expected)


def test_the_butler_strips_every_card_of_its_convention(cases: dict[str, Case]) -> None:
    ref, made = cases["words about an input"]
    stamp = stamp_of(ref, made)
    values = dict(file_with(spell(stamp, RUBIN) + spell_native(stamp, native())))
    DatasetProvenance.strip_provenance_from_flat_dict(values)
    assert not [keyword for keyword in values if "BUTLER" in keyword]
    assert "FPV_ID" in values
