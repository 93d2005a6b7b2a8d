"""The graph that is seen from one dataset."""

from __future__ import annotations

from uuid import UUID

import pytest

from fitsprov.model.lineage import Activity, Category, Dataset, Lineage, Usage

RAWS = [Dataset(id=UUID(int=n), type="raw", category=Category.RAW) for n in (1, 2)]
FLAT = Dataset(id=UUID(int=3), type="flat", category=Category.CALIBRATION)
SKY = Dataset(id=UUID(int=4), type="sky", category=Category.CALIBRATION)
IMAGES = [Dataset(id=UUID(int=n), type="image", category=Category.PRODUCT) for n in (11, 12)]
COADD = Dataset(id=UUID(int=21), type="coadd", category=Category.PRODUCT)
ISR = [Activity(id=UUID(int=n), task="isr") for n in (111, 112)]
STACK = Activity(id=UUID(int=121), task="stack")


@pytest.fixture
def lineage() -> Lineage:
    """A coadd of two images, each of a raw and one flat; a sky model was offered and not used."""
    return Lineage(
        focus=COADD.id,
        datasets={d.id: d for d in [*RAWS, FLAT, SKY, *IMAGES, COADD]},
        activities={a.id: a for a in [*ISR, STACK]},
        generated_by={IMAGES[0].id: ISR[0].id, IMAGES[1].id: ISR[1].id, COADD.id: STACK.id},
        used={
            ISR[0].id: (Usage(RAWS[0].id, "raw"), Usage(FLAT.id, "flat", True)),
            ISR[1].id: (Usage(FLAT.id, "flat"), Usage(RAWS[1].id, "raw"), Usage(FLAT.id, "again")),
            STACK.id: (Usage(IMAGES[1].id), Usage(SKY.id, "sky", False), Usage(IMAGES[0].id)),
        },
    )


def ids(*datasets: Dataset) -> list[UUID]:
    return [dataset.id for dataset in datasets]


def test_parents_stand_in_the_order_in_which_they_were_stated(lineage: Lineage) -> None:
    assert [parent.id for parent, _ in lineage.parents()] == ids(IMAGES[1], IMAGES[0])
    assert [parent.id for parent, _ in lineage.parents(IMAGES[0].id)] == ids(RAWS[0], FLAT)


def test_what_was_offered_and_not_used_is_no_parent(lineage: Lineage) -> None:
    assert SKY.id not in {parent.id for parent, _ in lineage.parents()}
    assert SKY.id not in {ancestor.id for ancestor in lineage.ancestors()}
    assert lineage.products(SKY.id) == ()


def test_a_parent_used_twice_is_one_parent_in_its_first_role(lineage: Lineage) -> None:
    assert [(parent.id, usage.role) for parent, usage in lineage.parents(IMAGES[1].id)] == [
        (FLAT.id, "flat"),
        (RAWS[1].id, "raw"),
    ]


def test_a_parent_offered_again_in_vain_stays_a_parent() -> None:
    lineage = Lineage(
        focus=COADD.id,
        datasets={COADD.id: COADD, FLAT.id: FLAT},
        generated_by={COADD.id: STACK.id},
        used={STACK.id: (Usage(FLAT.id, "a", False), Usage(FLAT.id, "b", True), Usage(FLAT.id, "c", False))},
    )
    assert [usage.role for _, usage in lineage.parents()] == ["b"]


def test_ancestors_come_breadth_first_each_once(lineage: Lineage) -> None:
    assert [d.id for d in lineage.ancestors()] == ids(IMAGES[1], IMAGES[0], FLAT, RAWS[1], RAWS[0])


def test_raws_are_the_raw_ancestors(lineage: Lineage) -> None:
    assert sorted(d.id for d in lineage.raws()) == ids(*RAWS)


def test_products_are_what_was_made_from_a_dataset(lineage: Lineage) -> None:
    assert {d.id for d in lineage.products(FLAT.id)} == set(ids(*IMAGES))
    assert lineage.products() == ()


def test_the_maker_of_a_dataset_is_known_or_not(lineage: Lineage) -> None:
    assert lineage.activity_of(COADD.id) is STACK
    assert lineage.activity_of(RAWS[0].id) is None
    assert lineage.dataset is COADD


def test_a_cycle_does_not_hang() -> None:
    first, second = IMAGES
    lineage = Lineage(
        focus=first.id,
        datasets={first.id: first, second.id: second},
        generated_by={first.id: ISR[0].id, second.id: ISR[1].id},
        used={ISR[0].id: (Usage(second.id), Usage(first.id)), ISR[1].id: (Usage(first.id),)},
    )
    assert [d.id for d in lineage.ancestors()] == [second.id]
