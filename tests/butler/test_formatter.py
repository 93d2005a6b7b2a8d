"""A real Butler stamps what it writes; what is retrieved from it says where it came from, and so does its registry."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from astropy.io import fits

import fitsprov
from fitsprov.actions.harvesting import harvest
from fitsprov.model.lineage import Activity, Dataset, Usage
from fitsprov.model.record import Record, Step

try:
    from lsst.daf.butler import Butler, Config, DatasetProvenance, DatasetRef, DatasetType
except ImportError:
    if os.environ.get("FITSPROV_NEED_BUTLER"):
        raise
    pytest.skip("no Butler: pip install 'fitsprov[butler]'", allow_module_level=True)

AUTHORITY = "ivo://example.org/simcam"
RAWS, DRP = "SimCam/raw/all", "SimCam/runs/DRP/v1"
MANY = 3001


@pytest.fixture(scope="module")
def butler(tmp_path_factory: pytest.TempPathFactory) -> Butler:
    """A repository whose formatters are those of ``repository.yaml``."""
    folder = tmp_path_factory.mktemp("repository")
    Butler.makeRepo(folder, config=Config(Path(__file__).with_name("repository.yaml")))
    made = Butler.from_config(folder, writeable=True)
    made.registry.insertDimensionData("instrument", {"name": "SimCam", "class_name": "simcam.SimCam"})
    detectors = [{"instrument": "SimCam", "id": n, "full_name": f"S{n:04}"} for n in range(MANY)]
    made.registry.insertDimensionData("detector", *detectors)
    for name, dimensions in {
        "raw": ("instrument", "detector"),
        "post_isr_image": ("instrument", "detector"),
        "deep_coadd": ("instrument",),
        "rubin_coadd": ("instrument",),
    }.items():
        made.registry.registerDatasetType(DatasetType(name, dimensions, "AstropyImage", universe=made.dimensions))
    for run in (RAWS, DRP):
        made.collections.register(run)
    return made


def image() -> fits.HDUList:
    return fits.HDUList([fits.PrimaryHDU([[1, 2], [3, 4]])])


def provenance(inputs: list[DatasetRef]) -> DatasetProvenance:
    made = DatasetProvenance(quantum_id=uuid4())
    for ref in inputs:
        made.add_input(ref)
    return made


def put(
    butler: Butler, name: str, inputs: list[DatasetRef], hdus: fits.HDUList | None = None, **place: int
) -> tuple[DatasetRef, DatasetProvenance]:
    """Put an image into a run of its own, so that a place may be filled again."""
    run = RAWS if name == "raw" else f"{DRP}/{uuid4()}"
    butler.collections.register(run)
    made = provenance(inputs)
    ref = butler.put(hdus or image(), name, {"instrument": "SimCam", **place}, run=run, provenance=made)
    return ref, made


def named(butler: Butler, number: int) -> list[DatasetRef]:
    """References to raws that nobody has put."""
    kind = butler.get_dataset_type("raw")
    return [
        DatasetRef(kind, butler.registry.expandDataId(instrument="SimCam", detector=n), RAWS) for n in range(number)
    ]


def retrieve(butler: Butler, ref: DatasetRef, folder: Path) -> Path:
    (file,) = butler.retrieveArtifacts([ref], destination=f"{folder}/", transfer="copy", preserve_path=False)
    return Path(file.ospath)


@pytest.mark.parametrize("name", ["post_isr_image", "deep_coadd"])
def test_what_is_put_carries_both_stamps_and_a_pointer(name: str, butler: Butler, tmp_path: Path) -> None:
    place = {"detector": 1} if name == "post_isr_image" else {}
    inputs = named(butler, 2)
    ref, made = put(butler, name, inputs, **place)
    path = retrieve(butler, ref, tmp_path)
    reading = fitsprov.inspect(path)
    assert set(reading.conventions) >= {"native", "rubin"}
    assert [finding.code for finding in reading.findings] == []
    stamp = reading.stamp
    assert (stamp.id, stamp.run, stamp.type, stamp.activity_id) == (ref.id, ref.run, name, made.quantum_id)
    assert {item.id for item in stamp.parents} == {one.id for one in inputs}
    assert stamp.publisher_did == f"{AUTHORITY}?{ref.id}"
    assert stamp.datalink == f"https://archive.example.org/links?ID=ivo%3A%2F%2Fexample.org%2Fsimcam%3F{ref.id}"
    with fits.open(path, checksum=True) as hdus:
        assert hdus[0].data.tolist() == [[1, 2], [3, 4]]


def test_the_butler_reads_its_own_cards_beside_ours(butler: Butler, tmp_path: Path) -> None:
    raw, _ = put(butler, "raw", [], detector=7)
    for name, place in (("post_isr_image", {"detector": 2}), ("deep_coadd", {})):
        ref, made = put(butler, name, [raw], **place)
        header = dict(fits.getheader(retrieve(butler, ref, tmp_path)))
        found, found_ref = DatasetProvenance.from_flat_dict(header, butler)
        assert (found_ref, found.quantum_id, [one.id for one in found.inputs]) == (ref, made.quantum_id, [raw.id])


def test_a_stamp_that_came_with_an_input_gives_way(butler: Butler, tmp_path: Path) -> None:
    first, _ = put(butler, "post_isr_image", named(butler, 1), detector=3)
    second, _ = put(butler, "deep_coadd", [first], butler.get(first))
    path = retrieve(butler, second, tmp_path)
    reading = fitsprov.inspect(path)
    assert {entry.stamp.id for entry in reading.readings if entry.convention in ("native", "rubin")} == {second.id}
    assert [item.id for item in reading.stamp.parents] == [first.id]


def test_nothing_is_said_of_inputs_where_nobody_said_it(butler: Butler, tmp_path: Path) -> None:
    ref = butler.put(image(), "post_isr_image", {"instrument": "SimCam", "detector": 4}, run=DRP)
    stamp = fitsprov.read(retrieve(butler, ref, tmp_path))
    assert (stamp.id, stamp.parents, stamp.activity_id) == (ref.id, None, None)


def test_what_is_retrieved_is_exported_with_a_fresh_stamp(butler: Butler, tmp_path: Path) -> None:
    ref, _ = put(butler, "deep_coadd", named(butler, 3))
    retrieved = retrieve(butler, ref, tmp_path)
    pointers = {"base_url": "https://new.example.org", "authority": AUTHORITY}
    with fitsprov.Registry.create(tmp_path / "fitsprov.db", **pointers) as registry:
        harvest([retrieved], registry)
        fitsprov.export(retrieved, tmp_path / "out.fits", registry.stamp(ref.id))
        found = fitsprov.resolve(tmp_path / "out.fits", registry)
    stamp = fitsprov.read(tmp_path / "out.fits")
    assert stamp.id == ref.id
    assert stamp.datalink.startswith("https://new.example.org/links?ID=")
    assert found.status == "resolved"
    assert {dataset.type for dataset, _ in found.lineage.parents()} == {"raw"}


@pytest.mark.parametrize("number", [1, 50, 1550])
def test_what_the_butler_writes_is_harvested(number: int, butler: Butler, tmp_path: Path) -> None:
    inputs = named(butler, number)
    ref, made = put(butler, "rubin_coadd", inputs)
    path = retrieve(butler, ref, tmp_path)
    with fitsprov.Registry.create(tmp_path / "fitsprov.db") as registry:
        assert harvest([path], registry).counts.edges == number
        lineage = registry.lineage(ref.id)
    assert lineage.activity_of(ref.id).id == made.quantum_id
    assert [(d.id, d.run, d.type) for d, _ in lineage.parents()] == [(one.id, RAWS, "raw") for one in inputs]


@pytest.mark.parametrize("record_first", [False, True])
def test_inputs_that_the_butler_dropped_come_from_the_registry(
    record_first: bool, butler: Butler, tmp_path: Path
) -> None:
    inputs = named(butler, MANY)
    ref, made = put(butler, "rubin_coadd", inputs)
    path = retrieve(butler, ref, tmp_path)
    assert (fitsprov.read(path).n_parents, fitsprov.read(path).parents) == (MANY, None)
    raws = tuple(Dataset(id=one.id, type="raw", run=RAWS) for one in inputs)
    step = Step(
        activity=Activity(id=made.quantum_id),
        used=tuple(Usage(one.id) for one in raws),
        generated=(Dataset(id=ref.id, type="rubin_coadd", run=ref.run),),
    )
    told: list[Any] = []
    with fitsprov.Registry.create(tmp_path / "fitsprov.db") as registry:
        if record_first:
            registry.record(Record(source="record", datasets=raws, steps=(step,)))
        harvest([path], registry, tell=lambda path, what: told.append(what))
        if not record_first:
            assert not registry.lineage(ref.id).complete
            registry.record(Record(source="record", datasets=raws, steps=(step,)))
        found = fitsprov.resolve(path, registry)
    assert [finding.code for finding in told] == ["list-dropped"]
    assert found.lineage.complete
    assert {dataset.id for dataset in found.lineage.raws()} == {one.id for one in inputs}


def test_a_stamp_keeps_the_inputs_that_rubins_cards_drop(butler: Butler, tmp_path: Path) -> None:
    inputs = named(butler, MANY)
    ref, _ = put(butler, "deep_coadd", inputs)
    stamp = fitsprov.read(retrieve(butler, ref, tmp_path))
    assert {item.id for item in stamp.parents} == {UUID(str(one.id)) for one in inputs}
