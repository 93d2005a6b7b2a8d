"""Whatever headers are harvested in whatever order, in however many harvests: the registry says the same afterwards."""

from __future__ import annotations

import shutil
import tempfile
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

import fitsprov
from fitsprov import Input, Registry, Stamp
from tests.actions.conftest import EMPTY, uid, write_cards

RUN = "SimCam/runs/DRP/v1"
MOST = 7
CALIBRATED = "rubin-calib"

Product = tuple[str, list[int], bool]
"""In which convention a dataset is stamped, what it was made of, and whether its file is there."""


@st.composite
def surveys(draw: st.DrawFn) -> list[Product]:
    """Datasets, each made of some that come before it; some of their files were lost."""
    products: list[Product] = []
    for n in range(draw(st.integers(2, MOST))):
        convention = draw(st.sampled_from(["native", "rubin", CALIBRATED]))
        inputs = draw(st.lists(st.integers(0, n - 1), max_size=3, unique=True)) if n else []
        products.append((convention, inputs, draw(st.integers(0, 4)) > 0))
    return products


def stamp_of(number: int, product: Product, products: list[Product]) -> Stamp:
    """What the header of a dataset says: its immediate inputs alone."""
    _, inputs, _ = product
    made: dict[str, Any] = {"activity_id": uid(f"quantum {number}")} if inputs else {}
    parents = [Input(uid(str(n)), run=RUN, type=type_of(n, products)) for n in inputs]
    return Stamp(
        id=uid(str(number)), run=RUN, type=type_of(number, products), data_id={"n": number}, parents=parents, **made
    )


def type_of(number: int, products: list[Product]) -> str:
    return "image" if products[number][1] else "raw"


def write(folder: Path, products: list[Product]) -> dict[int, Path]:
    """Write the files that are there."""
    paths = {}
    for number, product in enumerate(products):
        convention, _, there = product
        if there:
            paths[number] = folder / f"{number}.fits"
            if convention == CALIBRATED:
                write_cards(paths[number], *cards_of(stamp_of(number, product, products)))
                continue
            paths[number].write_bytes(EMPTY)
            fitsprov.stamp(paths[number], stamp_of(number, product, products), conventions=(convention,))
    return paths


def cards_of(stamp: Stamp) -> list[str]:
    """Cards that name inputs as calibrations, and say neither their types nor their runs."""
    said = {"ID": stamp.id, "RUN": stamp.run, "DATASETTYPE": stamp.type, "QUANTUM": stamp.activity_id}
    cards = [f"HIERARCH LSST BUTLER {key} = '{value}'" for key, value in said.items() if value is not None]
    cards += [f"HIERARCH LSST BUTLER DATAID {key.upper()} = {value}" for key, value in (stamp.data_id or {}).items()]
    return cards + [f"HIERARCH LSST CALIB UUID KIND{n} = '{one.id}'" for n, one in enumerate(stamp.parents or ())]


def told(registry: Registry) -> list[object]:
    """All that a registry says of datasets, whatever its keys are."""
    said = []
    for dataset in sorted(registry.find(), key=lambda dataset: dataset.id):
        lineage = registry.lineage(dataset.id)
        parents = sorted((parent.id, usage.role) for parent, usage in lineage.parents())
        maker = lineage.activity_of(dataset.id)
        raws = sorted(raw.id for raw in lineage.raws())
        said.append((dataset, maker and maker.id, parents, raws, lineage.complete))
    return said


def raws_of(number: int, products: list[Product]) -> set[UUID]:
    """The raws of a dataset, where all files are there."""
    inputs = products[number][1]
    return set().union(*(raws_of(n, products) for n in inputs)) if inputs else {uid(str(number))}


@settings(max_examples=25, deadline=None)
@given(surveys(), st.data())
def test_order_and_number_of_harvests_do_not_matter(empty_registry: Path, products: list[Product], data: Any) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = write(folder, products)
        shuffled = data.draw(st.permutations(list(paths.values())))
        cuts = sorted(data.draw(st.sets(st.integers(0, len(shuffled)), max_size=3)))
        said = []
        for harvests in ([[folder]], [shuffled[a:b] for a, b in pairwise([0, *cuts, len(shuffled)])]):
            database = Path(shutil.copy(empty_registry, folder / f"{len(said)}.db"))
            with Registry(f"sqlite:///{database}") as registry:
                for some in harvests:
                    fitsprov.harvest(some, registry)
                said.append(told(registry))
                again = fitsprov.harvest(folder, registry, again=True).counts
                assert (again.datasets, again.activities, again.edges, again.stubs, again.findings) == (0, 0, 0, 0, 0)
                assert told(registry) == said[-1]
                if len(paths) == len(products):
                    for number in range(len(products)):
                        assert {raw.id for raw in registry.raws(uid(str(number)))} == raws_of(number, products) - {
                            uid(str(number))
                        }
        assert said[0] == said[1]
