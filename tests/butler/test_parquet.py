"""Tables that a real Butler keeps as Parquet say where they came from; we read it from the files themselves."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from astropy.table import Table

import fitsprov
from fitsprov import Input

try:
    from lsst.daf.butler import Butler, DatasetProvenance, DatasetRef, DatasetType
except ImportError:
    if os.environ.get("FITSPROV_NEED_BUTLER"):
        raise
    pytest.skip("no Butler: pip install 'fitsprov[butler]'", allow_module_level=True)
pytest.importorskip("pyarrow", reason="pip install 'fitsprov[parquet]'")

RUN = "SimCam/runs/DRP/v1"
LONGEST = 2000
"""Inputs above which the Butler lists none in a table (_add_arrow_provenance)."""


@pytest.fixture(scope="module")
def butler(tmp_path_factory: pytest.TempPathFactory) -> Butler:
    """A repository with one type of table, and nothing put yet."""
    made = Butler.from_config(Butler.makeRepo(tmp_path_factory.mktemp("repository")), writeable=True)
    made.registry.insertDimensionData("instrument", {"name": "SimCam", "class_name": "simcam.SimCam"})
    made.registry.registerDatasetType(DatasetType("sources", ("instrument",), "ArrowAstropy", universe=made.dimensions))
    return made


def put(butler: Butler, number: int) -> tuple[DatasetRef, list[UUID], UUID, Path]:
    """Put a table that was made of so many others; give what it is, what it was made of and by, and its file."""
    run = f"{RUN}/{uuid4()}"
    butler.collections.register(run)
    provenance = DatasetProvenance(quantum_id=uuid4())
    kind = butler.get_dataset_type("sources")
    place = butler.registry.expandDataId(instrument="SimCam")
    inputs = [DatasetRef(kind, place, f"{RUN}/{n}") for n in range(number)]
    for one in inputs:
        provenance.add_input(one)
    table = Table({"x": [1, 2], "name": ["a", "b"]})
    ref = butler.put(table, "sources", instrument="SimCam", run=run, provenance=provenance)
    return ref, [one.id for one in inputs], provenance.quantum_id, Path(butler.getURI(ref).ospath)


@pytest.mark.parametrize("number", [0, 1, 50])
def test_a_table_says_what_it_is_and_what_it_was_made_of(number: int, butler: Butler) -> None:
    ref, inputs, quantum, path = put(butler, number)
    assert path.suffix == ".parq"
    reading = fitsprov.inspect(path)
    assert (reading.conventions, reading.findings) == (("rubin",), ())
    stamp = reading.stamp
    assert (stamp.id, stamp.run, stamp.type, stamp.activity_id) == (ref.id, ref.run, "sources", quantum)
    assert stamp.data_id == {"instrument": "SimCam"}
    assert stamp.parents == tuple(Input(one, type="sources", run=f"{RUN}/{n}") for n, one in enumerate(inputs))


def test_inputs_that_are_too_many_for_a_table_are_counted(butler: Butler) -> None:
    _, _, _, path = put(butler, LONGEST + 1)
    stamp = fitsprov.read(path)
    assert (stamp.n_parents, stamp.parents) == (LONGEST + 1, None)


def test_a_table_is_harvested_and_resolved(butler: Butler, tmp_path: Path) -> None:
    ref, inputs, quantum, path = put(butler, 3)
    with fitsprov.Registry.create(tmp_path / "fitsprov.db") as registry:
        assert fitsprov.harvest(path.parent, registry).counts.edges == len(inputs)
        found = fitsprov.resolve(path, registry)
        lineage = registry.lineage(ref.id)
    assert found.status == "resolved"
    assert [row["id"] for row in found.parent_rows()] == [str(one) for one in inputs]
    assert lineage.activity_of(ref.id).id == quantum
