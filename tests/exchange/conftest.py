"""Lineages to draw: a small survey, random graphs, and graphs that should not be."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID, uuid5

import pytest
from hypothesis import strategies as st

from fitsprov.exchange.prov.prov import Document
from fitsprov.exchange.prov.prov_json import read_document
from fitsprov.exchange.prov.shown import traced
from fitsprov.exchange.prov.telling import tell_json
from fitsprov.exchange.prov.words import Model, Wanted
from fitsprov.model.lineage import Activity, Category, Dataset, Direction, Lineage, Usage

SPACE = UUID("00000000-0000-5000-8000-000000000000")
HOSTILE = "a<b>&\"'\\|{x}\n\x1b[31m\u202e\x00]]>--\ud800\ufffe$é你"
"""Text that ends strings, tags and lines, and turns terminals red."""


def tell(lineage: Lineage, *, model: Model = Model.IVOA, authority: str | None = None) -> Document:
    """A lineage as a document."""
    return read_document("".join(tell_json(traced(lineage), Wanted(model=model), authority=authority)))


class Story:
    """A lineage, written down step by step."""

    def __init__(self) -> None:
        self.datasets: dict[UUID, Dataset] = {}
        self.activities: dict[UUID, Activity] = {}
        self.made: dict[UUID, UUID] = {}
        self.used: dict[UUID, tuple[Usage, ...]] = {}

    def has(self, category: Category, type_: str, run: str, name: str | None = None, **data_id: Any) -> UUID:
        """Something that exists."""
        key = uuid5(SPACE, f"{type_} {run} {name} {sorted(data_id.items())}")
        self.datasets[key] = Dataset(
            id=key, type=type_, run=run, name=name, category=category, data_id={"instrument": "SimCam", **data_id}
        )
        return key

    def does(self, task: str, products: Iterable[UUID], unused: Iterable[UUID] = (), **used: Iterable[UUID]) -> None:
        """Something that was done: `used` by role, `unused` of which was presented only."""
        products, unused = tuple(products), set(unused)
        key = uuid5(products[0], task)
        self.activities[key] = Activity(id=key, task=task, version="1.4.0")
        self.made |= dict.fromkeys(products, key)
        self.used[key] = tuple(
            Usage(dataset, role, False if dataset in unused else None)
            for role, datasets in used.items()
            for dataset in datasets
        )

    def seen_from(self, focus: UUID, **more: Any) -> Lineage:
        """The lineage of one dataset."""
        return Lineage(
            focus=focus,
            datasets=self.datasets,
            activities=self.activities,
            generated_by=self.made,
            used=self.used,
            **more,
        )


def survey(visits: int = 37, unused: int = 2) -> tuple[Story, UUID]:
    """Raws to a coadd, through calibrations that were made from raws; the last of its visits presented only."""
    story, cpp, drp = Story(), "SimCam/calib/DM-48520/20260314T190000Z", "SimCam/runs/DRP/v1_4/20260316T120000Z"
    product, calibration, raw = Category.PRODUCT, Category.CALIBRATION, Category.RAW
    masters: dict[str, UUID] = {}
    for kind, count, number in (("bias", 5, 1), ("dark", 5, 6), ("flat", 3, 11)):
        band = {"band": "r"} if kind == "flat" else {}
        masters[kind] = story.has(calibration, kind, cpp, detector=0, **band)
        raws = [
            story.has(raw, "raw", "SimCam/raw/all", exposure=20260314_00000 + n) for n in range(number, number + count)
        ]
        applied = {role: [masters[role]] for role in ("bias", "dark") if role in masters and role != kind}
        story.does(f"{kind}Gen", [masters[kind]], raws=raws, **applied)
    catalogue = story.has(Category.REFERENCE, "simref", "refcats/sim", htm7=231819)
    images = []
    for n in range(visits):
        place = {"exposure": 20260314_00101 + n, "detector": 0}
        exposure = story.has(raw, "raw", "SimCam/raw/all", f"SC_O_20260314_{101 + n:05}", **place)
        post = story.has(product, "post_isr_image", drp, **place)
        image = story.has(product, "visit_image", drp, visit=20260314_00101 + n, detector=0, band="r")
        story.does("isr", [post], ccdExposure=[exposure], **{role: [master] for role, master in masters.items()})
        story.does("calibrateImage", [image], exposure=[post], astrometry_ref_cat=[catalogue])
        images.append(image)
    coadd = story.has(product, "deep_coadd", drp, tract=9813, patch=42, band="r", skymap="sim_v1")
    story.does("assembleCoadd", [coadd], unused=images[visits - unused :], inputs=images)
    return story, coadd


def hostile() -> Lineage:
    """A lineage with `HOSTILE` wherever a text stands."""
    made, used, activity = (uuid5(SPACE, name) for name in ("made", "used", "activity"))
    text = HOSTILE.replace("\ud800", "")  # a dataId is Unicode text
    focus = Dataset(id=made, type=HOSTILE, run=HOSTILE, data_id={text: text}, category=Category.PRODUCT)
    return Lineage(
        focus=made,
        datasets={made: focus, used: Dataset(id=used, type=HOSTILE, name=HOSTILE, publisher_did=HOSTILE, stub=True)},
        activities={activity: Activity(id=activity, task=HOSTILE, version=HOSTILE)},
        generated_by={made: activity},
        used={activity: (Usage(used, HOSTILE),)},
        complete=False,
    )


def ring() -> Lineage:
    """Three datasets, each made from the one before: a record that cannot be true."""
    ids = [uuid5(SPACE, f"ring {n}") for n in range(3)]
    return Lineage(
        focus=ids[0],
        datasets={i: Dataset(id=i, type="loop", data_id={"n": n}) for n, i in enumerate(ids)},
        activities={uuid5(i, "a"): Activity(id=uuid5(i, "a"), task="turn") for i in ids},
        generated_by={i: uuid5(i, "a") for i in ids},
        used={uuid5(i, "a"): (Usage(ids[n - 1], "input"),) for n, i in enumerate(ids)},
    )


@st.composite
def graphs(draw: Callable[[Any], Any]) -> Lineage:
    """Any lineage without a cycle: several products an activity, inputs presented only, stubs, missing activities."""
    size = draw(st.integers(1, 24))
    ids = [uuid5(SPACE, f"graph {n}") for n in range(size)]
    types, runs = st.sampled_from(["raw", "flat", "visit_image", None]), st.sampled_from(["u/a", "u/b", None])
    datasets = {
        i: Dataset(
            id=i,
            type=draw(types),
            run=draw(runs),
            data_id=draw(st.sampled_from([None, {}, {"exposure": n}, {"visit": n // 2, "band": "r"}])),
            name=draw(st.sampled_from([None, f"name-{n}"])),
            category=draw(st.sampled_from([None, *Category])),
            stub=draw(st.booleans()),
        )
        for n, i in enumerate(ids)
    }
    made: dict[UUID, UUID] = {}
    used: dict[UUID, tuple[Usage, ...]] = {}
    activities: dict[UUID, Activity] = {}
    for n in range(1, size):
        if draw(st.booleans()):
            maker = made.get(ids[n - 1]) if draw(st.booleans()) else None
            if maker is None:
                maker = uuid5(ids[n], "activity")
                inputs = draw(st.lists(st.integers(0, n - 1), max_size=5))
                roles, actual = st.sampled_from(["input", "flat", None]), st.sampled_from([None, True, False])
                used[maker] = tuple(Usage(ids[k], draw(roles), draw(actual)) for k in inputs)
                if draw(st.booleans()):
                    activities[maker] = Activity(id=maker, task=draw(st.sampled_from(["isr", "coadd", None])))
            made[ids[n]] = maker
    direction = draw(st.sampled_from(Direction))
    focus = ids[-1] if direction is Direction.UP else ids[0]
    return Lineage(
        focus=focus,
        direction=direction,
        datasets=datasets,
        activities=activities,
        generated_by=made,
        used=used,
        complete=draw(st.booleans()),
    )


@pytest.fixture
def survey_lineage() -> Lineage:
    story, coadd = survey()
    return story.seen_from(coadd)


@pytest.fixture
def large_lineage() -> Lineage:
    """A coadd of 1,500 visits."""
    story, coadd = survey(1500)
    return story.seen_from(coadd)


@pytest.fixture
def hostile_lineage() -> Lineage:
    return hostile()


@pytest.fixture
def ring_lineage() -> Lineage:
    return ring()


@pytest.fixture(scope="session")
def any_graph() -> st.SearchStrategy[Lineage]:
    return graphs()
