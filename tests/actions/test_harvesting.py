"""A harvest takes in what headers say, in any order of files, once, and never fails as a whole."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from itertools import permutations
from pathlib import Path

import pytest

import fitsprov
from fitsprov import Finding, FitsprovError, Input, Registry
from fitsprov.actions import harvesting, walking
from fitsprov.actions.drawing import write_documents
from fitsprov.actions.harvesting import Harvest, harvest
from fitsprov.model.lineage import Activity, Dataset, Usage
from fitsprov.model.record import Record, Step
from fitsprov.registry import Counts
from tests.actions.conftest import EMPTY, Write, parent, uid, write_cards
from tests.registry import making

RUN = "SimCam/runs/DRP/v1/20261120T100000Z"
EXPOSURES = range(30)


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> str:
    """The engine; each test that asks for a registry runs on both."""
    name: str = request.param
    return name


def url_of(registry: Registry) -> str:
    """The URL of a registry, as another process may open it."""
    return registry._url.render_as_string(hide_password=False)


def dump(registry: Registry) -> list[str]:
    """All that a registry holds, but for what identifies it."""
    return [line for line in making.dump(url_of(registry)) if not line.startswith("meta ('id'")]


def graph(registry: Registry) -> object:
    """All that a registry says of datasets, whatever its keys are."""
    found = sorted(registry.find(), key=lambda dataset: dataset.id)
    around = registry.neighbourhoods([dataset.id for dataset in found])
    return [
        (dataset, around[dataset.id].activity, sorted(u.dataset for _, u in around[dataset.id].parents))
        for dataset in found
    ]


def said(registry: Registry, *paths: Path, **options: int) -> list[str]:
    """Harvest; give what it had to tell."""
    told: list[str] = []
    harvest(paths, registry, tell=lambda path, what: told.append(f"{Path(path).name}: {text_of(what)}"), **options)
    return told


def text_of(what: FitsprovError | Finding) -> str:
    return f"{what.code}: {what.message}" if isinstance(what, Finding) else str(what)


@pytest.fixture
def chain(write: Write) -> list[Path]:
    """Raws, exposures, visits and a coadd, of which each header names its immediate inputs alone."""
    files = []
    for n in EXPOSURES:
        place = {"instrument": "SimCam", "exposure": n}
        files += [
            write(
                f"raw/{n}.fits", "rubin", id=uid(f"raw {n}"), run="SimCam/raw", type="raw", data_id=place, parents=[]
            ),
            write(
                f"isr/{n}.fits",
                "rubin",
                id=uid(f"isr {n}"),
                run=RUN,
                type="post_isr_image",
                data_id=place,
                activity_id=uid(f"quantum isr {n}"),
                parents=[parent(f"raw {n}", "raw", "SimCam/raw"), parent("flat", "flat", "SimCam/calib")],
            ),
            write(
                f"visit/{n}.fits",
                "rubin",
                id=uid(f"visit {n}"),
                run=RUN,
                type="visit_image",
                data_id={"instrument": "SimCam", "visit": n},
                activity_id=uid(f"quantum visit {n}"),
                parents=[parent(f"isr {n}", "post_isr_image", RUN)],
            ),
        ]
    flat = write("calib/flat.fits", "rubin", id=uid("flat"), run="SimCam/calib", type="flat", parents=[])
    coadd = write(
        "coadd.fits",
        "rubin",
        id=uid("coadd"),
        run=RUN,
        type="deep_coadd",
        data_id={"tract": 9813},
        activity_id=uid("quantum coadd"),
        parents=[parent(f"visit {n}", "visit_image", RUN) for n in EXPOSURES],
    )
    return [*files, flat, coadd]


def test_all_raws_of_a_coadd_are_found_although_no_header_lists_them(chain: list[Path], registry: Registry) -> None:
    done = harvest([chain[0].parent.parent], registry)
    assert done == Harvest(
        files=92, conventions={"rubin": Counts(files=92, datasets=92, activities=61, edges=120, stubs=0)}
    )
    found = fitsprov.resolve(chain[-1], registry)
    assert found.status == "resolved"
    assert {dataset.id for dataset in found.lineage.raws()} == {uid(f"raw {n}") for n in EXPOSURES}
    assert found.lineage.complete
    assert {row["type"] for row in found.parent_rows()} == {"visit_image"}


def test_files_are_known_as_copies(chain: list[Path], registry: Registry) -> None:
    harvest(chain, registry)
    assert registry.dataset_of_file(chain[-1].as_uri()) == uid("coadd")
    coadd = registry.dataset(uid("coadd"))
    assert (coadd.uri, coadd.size) == (chain[-1].as_uri(), chain[-1].stat().st_size)


def test_order_of_files_does_not_matter(
    chain: list[Path], new_registry: Callable[[str], Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvesting, "BATCH", 7)
    folder, dumps = chain[0].parent.parent, []
    shuffled = [random.Random(seed).sample(chain, len(chain)) for seed in range(3)]
    for number, paths in enumerate([chain, *shuffled, [folder], [folder / "**" / "*.fits"], [*chain, folder]]):
        with new_registry(str(number)) as registry:
            harvest(paths, registry)
            dumps.append(dump(registry))
    for other in dumps:
        assert other == dumps[0]


def test_other_processes_read_the_same(chain: list[Path], new_registry: Callable[[str], Registry]) -> None:
    with new_registry("one") as one, new_registry("two") as two:
        assert harvest(chain, one) == harvest(chain, two, jobs=2)
        assert dump(one) == dump(two)


def test_order_of_harvests_does_not_matter(write: Write, new_registry: Callable[[str], Registry]) -> None:
    files = [
        write("1.fits", id=uid("raw"), run="raws", type="raw", parents=[]),
        write("2.fits", "rubin", id=uid("a"), run=RUN, activity_id=uid("q"), parents=[parent("raw", "raw", "raws")]),
        write("3.fits", id=uid("b"), type="mask", activity_id=uid("q")),
        write("4.fits", "rubin", id=uid("c"), type="coadd", parents=[parent("a", "image"), parent("b")]),
    ]
    graphs = []
    for order in permutations(files):
        with new_registry("".join(path.stem for path in order)) as registry:
            for path in order:
                harvest([path], registry)
            graphs.append(graph(registry))
    assert all(other == graphs[0] for other in graphs)


def test_harvesting_again_changes_nothing_and_reads_nothing(
    chain: list[Path], registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    harvest(chain, registry)
    before = dump(registry)
    monkeypatch.setattr(harvesting, "read_claims", lambda files, fingerprint: pytest.fail("read again"))
    assert harvest(chain, registry) == Harvest(files=92, unchanged=92)
    assert dump(registry) == before


def test_files_that_are_touched_are_read_again_and_change_nothing_else(chain: list[Path], registry: Registry) -> None:
    harvest(chain, registry)
    before = graph(registry)
    chain[5].touch()
    done = harvest(chain, registry)
    assert (done.unchanged, done.counts) == (91, Counts(files=1))
    assert graph(registry) == before


KILLED = """
import os, signal, sys
from fitsprov import Registry
from fitsprov.actions import harvesting, walking
from fitsprov.registry.harvests.harvesting import Harvester

harvesting.BATCH, batches, take = 7, int(sys.argv[3]), Harvester.take

def take_or_die(self, claims, taken=[]):
    taken.append(claims)
    if len(taken) > batches:
        os.kill(os.getpid(), signal.SIGKILL)
    return take(self, claims)

Harvester.take = take_or_die
harvesting.harvest([sys.argv[1]], Registry(sys.argv[2]))
"""


def test_a_harvest_that_was_killed_goes_on_to_the_same_result(
    chain: list[Path], new_registry: Callable[[str], Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvesting, "BATCH", 7)
    folder = chain[0].parent.parent
    with new_registry("whole") as whole:
        harvest([folder], whole)
        expected = dump(whole)
    with new_registry("killed") as registry:
        for batches in (0, 2, 5):
            command = [sys.executable, "-c", KILLED, str(folder), url_of(registry), str(batches)]
            assert subprocess.run(command, check=False).returncode == -9
        assert 0 < registry.status().datasets < 92
        done = harvest([folder], registry)
        assert done.unchanged == 49
        assert dump(registry) == expected


def test_what_is_no_fits_file_is_told_and_the_others_go_on(write: Write, registry: Registry, tmp_path: Path) -> None:
    good = write("good.fits", id=uid("good"), type="raw", parents=[])
    (good.parent / "notes.fits").write_text("no FITS file at all")
    (good.parent / "cut.fits").write_bytes(good.read_bytes()[:500])
    (good.parent / "plain.fits").write_bytes(EMPTY)
    (good.parent / "README.txt").write_text("not even called so")
    told: list[str] = []
    done = harvest(
        [good.parent, tmp_path / "absent", tmp_path / "no*"], registry, tell=lambda path, what: told.append(str(what))
    )
    assert (done.files, done.refused, done.unstamped) == (4, 4, 1)
    assert done.counts.datasets == 1
    for name in ("notes.fits: ", "cut.fits: ", "absent: no such file", "no*: no such file"):
        assert any(name in line for line in told), told


def test_stubs_are_filled_in_when_their_own_file_is_met(write: Write, registry: Registry) -> None:
    child = write("a.fits", id=uid("child"), type="image", parents=[parent("raw")])
    assert harvest([child], registry).counts == Counts(files=1, datasets=1, activities=1, edges=1, stubs=1)
    assert registry.dataset(uid("raw")) == Dataset(id=uid("raw"), stub=True)
    raw = write("b.fits", id=uid("raw"), type="raw", run="raws", data_id={"exposure": 1}, parents=[])
    assert harvest([raw], registry).counts == Counts(files=1, datasets=1)
    assert registry.lineage(uid("child")).complete
    assert registry.raws(uid("child"))[0].data_id == {"exposure": 1}


def test_stubs_are_counted_alike_whatever_the_batches(
    chain: list[Path], new_registry: Callable[[str], Registry], monkeypatch: pytest.MonkeyPatch
) -> None:
    lonely = [path for path in chain if path.parent.name != "raw"]
    counts = []
    for batch in (1, 10, 1000):
        monkeypatch.setattr(harvesting, "BATCH", batch)
        with new_registry(str(batch)) as registry:
            counts.append(harvest(lonely, registry).counts)
            assert registry.status().stubs == 30
    assert counts == [Counts(files=62, datasets=62, activities=61, edges=120, stubs=30)] * 3


def test_outputs_of_one_activity_join(write: Write, registry: Registry) -> None:
    inputs = [parent("raw", "raw")]
    files = [
        write(f"{name}.fits", id=uid(name), activity_id=uid("quantum"), parents=inputs) for name in ("image", "mask")
    ]
    assert harvest(files, registry).counts.edges == 1
    around = registry.neighbourhoods([uid("image")])[uid("image")]
    assert [sibling.id for sibling in around.siblings] == [uid("mask")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_stated_activity_takes_the_place_of_a_derived_one(
    order: tuple[int, int], write: Write, registry: Registry
) -> None:
    inputs = [parent("raw", "raw")]
    files = [
        write("a.fits", id=uid("image"), run=RUN, parents=inputs),
        write("b.fits", id=uid("image"), run=RUN, activity_id=uid("quantum"), parents=inputs),
    ]
    assert [line for number in order for line in said(registry, files[number])] == []
    assert registry.status().activities == 1
    found = registry.lineage(uid("image"))
    assert found.generated_by == {uid("image"): uid("quantum")}
    assert [dataset.id for dataset, _ in found.parents()] == [uid("raw")]


def test_the_first_by_path_counts_and_the_other_is_told(write: Write, registry: Registry) -> None:
    one = write("one.fits", id=uid("x"), type="image", run="a", activity_id=uid("q"), parents=[parent("p")])
    two = write("two.fits", id=uid("x"), type="mask", run="a", activity_id=uid("r"), parents=[parent("o")])
    told = said(registry, two, one)
    assert [line.split(":")[:2] for line in told] == [["two.fits", " differs-from-registry"]] * 2
    assert "type 'mask' differs from what stands: 'image'" in told[0]
    assert f"made by {uid('r')} differs from what stands: {uid('q')}" in told[1]
    assert registry.dataset(uid("x")).type == "image"
    assert registry.lineage(uid("x")).generated_by == {uid("x"): uid("q")}
    assert registry.status().stubs == 1
    assert registry.status().activities == 1


def test_two_lists_of_one_activity_that_differ_are_told(write: Write, registry: Registry) -> None:
    one = write("one.fits", id=uid("x"), activity_id=uid("q"), parents=[parent("p")])
    two = write("two.fits", id=uid("y"), activity_id=uid("q"), parents=[parent("o")])
    assert any("used 1 datasets, which differ" in line for line in said(registry, one, two))
    assert [dataset.id for dataset, _ in registry.lineage(uid("y")).parents()] == [uid("p")]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
@pytest.mark.parametrize("batch", [1, 10])
def test_what_a_header_says_of_itself_replaces_what_others_said(
    names: tuple[str, str], batch: int, write: Write, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvesting, "BATCH", batch)
    own = write(f"{names[0]}.fits", "rubin", id=uid("p"), type="image", run="own", parents=[])
    other = write(f"{names[1]}.fits", "rubin", id=uid("x"), parents=[parent("p", "image", "hearsay")])
    told = said(registry, own, other)
    assert len(told) == 1
    assert "run 'own'" in told[0] or "run 'hearsay'" in told[0]
    assert registry.dataset(uid("p")).run == "own"


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_a_shortened_run_is_completed(names: tuple[str, str], write: Write, registry: Registry) -> None:
    whole = "LSSTComCam/calib/DM-48520/flat.20250207a/20250208T010419Z"
    short = "LSSTComCam/calib/DM-4852...250207a/20250208T010419Z"
    files = [
        write(f"{name}.fits", "rubin", id=uid(name), parents=[parent("p", "flat", run)])
        for name, run in zip(names, (whole, short), strict=True)
    ]
    assert [line.split(": ")[1] for line in said(registry, *files)] == ["run-shortened"]
    assert registry.dataset(uid("p")).run == whole


def test_what_is_recorded_stays(write: Write, registry: Registry) -> None:
    step = Step(
        activity=Activity(id=uid("q"), task="isr", version="1", run="recorded"),
        used=(Usage(uid("raw"), "exposure"), Usage(uid("blurred"), "exposure", actual=False)),
        generated=(Dataset(id=uid("x"), type="image", run="recorded"),),
    )
    registry.record(Record(source="record", steps=(step,)))
    before = graph(registry)
    good = write("good.fits", id=uid("x"), type="image", run="recorded", parents=[parent("raw")])
    assert said(registry, good) == []
    wrong = write("wrong.fits", id=uid("x"), type="image", run="stamped", parents=[parent("raw")])
    assert len(said(registry, wrong)) == 1
    assert [entry[1:] for entry in graph(registry)] == [entry[1:] for entry in before]
    assert registry.dataset(uid("x")).run == "recorded"
    assert registry.lineage(uid("x")).parents()[0][1].role == "exposure"


def test_a_list_that_was_dropped_leaves_the_lineage_open_until_a_record_comes(write: Write, registry: Registry) -> None:
    path = write("coadd.fits", "rubin", id=uid("coadd"), type="coadd", activity_id=uid("q"), n_parents=3001)
    harvest([path], registry)
    assert not registry.lineage(uid("coadd")).complete
    raws = tuple(Dataset(id=uid(f"raw {n}"), type="raw") for n in range(3001))
    step = Step(
        activity=Activity(id=uid("q")),
        used=tuple(Usage(raw.id) for raw in raws),
        generated=(Dataset(id=uid("coadd"), type="coadd"),),
    )
    registry.record(Record(source="record", datasets=raws, steps=(step,)))
    assert registry.lineage(uid("coadd")).complete
    assert len(registry.raws(uid("coadd"))) == 3001


def test_raws_that_a_header_lists_are_answered_and_are_no_parents(write: Write, registry: Registry) -> None:
    coadd = write("coadd.fits", id=uid("coadd"), type="coadd", raws=[parent("r1"), parent("r2")])
    warp = write("warp.fits", id=uid("warp"), type="warp", parents=[parent("coadd")])
    harvest([coadd, warp], registry)
    for name, parents in (("coadd", []), ("warp", [uid("coadd")])):
        found = registry.lineage(uid(name))
        assert {raw.id for raw in registry.raws(uid(name))} == {uid("r1"), uid("r2")}
        assert [dataset.id for dataset, _ in found.parents()] == parents
        assert not found.complete
    assert registry.dataset(uid("coadd")).category is None


def test_raws_that_are_listed_and_reached_are_answered_once(write: Write, registry: Registry) -> None:
    files = [
        write("raw.fits", id=uid("raw"), type="raw", parents=[]),
        write("image.fits", id=uid("image"), parents=[parent("raw")], raws=[parent("raw")]),
        write("coadd.fits", id=uid("coadd"), parents=[parent("image")], raws=[parent("raw")]),
    ]
    harvest(files, registry)
    assert [raw.id for raw in registry.raws(uid("coadd"))] == [uid("raw")]
    assert registry.lineage(uid("coadd")).complete


@pytest.mark.parametrize("batch", [1, 10])
def test_a_circle_is_broken_at_its_last_header(
    batch: int, write: Write, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(harvesting, "BATCH", batch)
    files = [
        write(f"{child}.fits", id=uid(child), parents=[parent(maker), parent("raw", "raw")])
        for child, maker in (("a", "b"), ("b", "c"), ("c", "a"))
    ]
    told = said(registry, *files)
    assert [line.split(":")[0] for line in told] == ["c.fits"]
    assert "left out" in told[0]
    assert [dataset.id for dataset in registry.lineage(uid("a")).ancestors()] == [uid("b"), uid("raw"), uid("c")]


def test_a_dataset_is_not_its_own_parent(write: Write, registry: Registry) -> None:
    path = write("a.fits", id=uid("a"), parents=[parent("a"), parent("b")])
    assert any("its own parent" in line for line in said(registry, path))
    assert [dataset.id for dataset in registry.lineage(uid("a")).ancestors()] == [uid("b")]


def test_a_file_that_holds_another_dataset_now_is_no_copy_of_the_old_one(write: Write, registry: Registry) -> None:
    path = write("a.fits", id=uid("old"), parents=[])
    harvest([path], registry)
    fitsprov.stamp(path, fitsprov.Stamp(id=uid("new"), parents=[]), replace=True)
    harvest([path], registry)
    assert registry.dataset_of_file(path.as_uri()) == uid("new")
    assert registry.dataset(uid("old")).uri is None


def test_names_meet_where_they_are_the_same(write: Write, registry: Registry) -> None:
    files = [write(f"{n}.fits", id=uid(f"{n}"), parents=[Input(name="SC_00101")]) for n in range(2)]
    harvest(files, registry)
    assert registry.dataset("SC_00101").stub
    products = registry.lineage(registry.dataset("SC_00101").id, direction="down").products()
    assert {product.id for product in products} == {uid("0"), uid("1")}


def test_copies_without_an_id_are_one_dataset_by_run_type_and_place(write: Write, registry: Registry) -> None:
    files = [write(f"{n}.fits", run=RUN, type="image", data_id={"visit": 7, "detector": 1}) for n in range(2)]
    harvest(files, registry)
    assert len(registry.find()) == 1


def test_a_header_without_an_id_is_known_by_the_name_of_its_file(write: Write, registry: Registry) -> None:
    harvest([write("n1.fits", type="image")], registry)
    assert registry.dataset("n1.fits").type == "image"


def test_data_are_found_again_by_their_fingerprint(registry: Registry, tmp_path: Path) -> None:
    from astropy.io import fits

    path = tmp_path / "a.fits"
    fits.PrimaryHDU([[1, 2], [3, 4]]).writeto(path)
    fitsprov.stamp(path, fitsprov.Stamp(id=uid("a"), parents=[]))
    harvest([path], registry)
    done = harvest([path], registry, fingerprint=True)
    assert done.counts == Counts(files=1)
    assert harvest([path], registry, fingerprint=True).unchanged == 1
    with registry._engine.connect() as connection:
        fingerprint = connection.exec_driver_sql("SELECT fingerprint FROM artifact").scalar_one()
    assert fingerprint.startswith("sha256:1:")
    assert [dataset.id for dataset in registry.datasets_with(fingerprint)] == [uid("a")]


def test_odd_paths_are_files_like_others(write: Write, registry: Registry) -> None:
    path = write("odd name % #.fits", id=uid("a"), parents=[])
    harvest([path.parent], registry)
    assert harvest([path.parent], registry).unchanged == 1
    assert registry.dataset_of_file(path.as_uri()) == uid("a")


def test_files_that_are_known_by_their_names_meet(registry: Registry, tmp_path: Path) -> None:
    cube = write_cards(tmp_path / "cube.fits", "FILEID  = 'a1_cube '", "PRVCNT  = 1", "PRV1    = 'a1_raw  '")
    image = write_cards(tmp_path / "image.fits", "FILEID  = 'a1_image'", "PRVCNT  = 1", "PRV1    = 'a1_cube '")
    done = harvest([cube, image], registry)
    assert done.conventions == {"cadc": Counts(files=2, datasets=2, activities=2, edges=2, stubs=1)}
    found = registry.lineage(registry.dataset("a1_image").id)
    assert [dataset.name for dataset in found.ancestors()] == ["a1_cube", "a1_raw"]


def test_raw_frames_of_a_recipe_are_raws_and_calibrations_are_parents(registry: Registry, tmp_path: Path) -> None:
    cards = [
        "HIERARCH ESO PRO CATG = 'SCIENCE_REDUCED'",
        "HIERARCH ESO PRO REC1 ID = 'muse_scibasic'",
        "HIERARCH ESO PRO REC1 PIPE ID = 'muse/2.8.9'",
        "HIERARCH ESO PRO REC1 RAW1 NAME = 'MUSE.2020-01-01T00:00:00.fits'",
        "HIERARCH ESO PRO REC1 RAW1 CATG = 'OBJECT'",
        "HIERARCH ESO PRO REC1 CAL1 NAME = 'MASTER_BIAS-01.fits'",
        "HIERARCH ESO PRO REC1 CAL1 CATG = 'MASTER_BIAS'",
        "HIERARCH ESO PRO REC1 PARAM1 NAME = 'nifu'",
        "HIERARCH ESO PRO REC1 PARAM1 VALUE = '1'",
    ]
    harvest([write_cards(tmp_path / "product.fits", *cards)], registry)
    found = registry.lineage(registry.dataset("product.fits").id)
    activity = found.activity_of(found.focus)
    assert activity.task == "muse_scibasic"
    assert dict(activity.config) == {"nifu": "1"}
    assert [package.version for package in activity.environment.packages] == ["2.8.9"]
    assert {(d.type, d.category.value) for d, _ in found.parents()} == {
        ("OBJECT", "raw"),
        ("MASTER_BIAS", "calibration"),
    }
    assert [raw.name for raw in found.raws()] == ["MUSE.2020-01-01T00:00:00.fits"]


@pytest.mark.parametrize("indexed", [False, True])
def test_calibrations_of_which_no_header_says_a_type_are_calibrations(
    registry: Registry, tmp_path: Path, indexed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    exposure = write_cards(
        tmp_path / "a" / "exposure.fits",
        *butler_cards("exposure", "post_isr_image"),
        f"HIERARCH LSST CALIB UUID BIAS = '{uid('bias')}'",
        f"HIERARCH LSST CALIB RUN BIAS = '{RUN}'",
        f"HIERARCH LSST CALIB UUID PTC = '{uid('ptc')}'",
        f"HIERARCH LSST CALIB UUID CCDEXPOSURE = '{uid('raw')}'",
    )
    product = write_cards(
        tmp_path / "a" / "product.fits",
        "HIERARCH ESO PRO CATG = 'SCIENCE_REDUCED'",
        "HIERARCH ESO PRO REC1 ID = 'muse_scibasic'",
        "HIERARCH ESO PRO REC1 RAW1 NAME = 'MUSE.2020-01-01T00:00:00.fits'",
        "HIERARCH ESO PRO REC1 CAL1 NAME = 'MASTER_BIAS-01.fits'",
    )
    harvest([tmp_path / "a"], registry)
    bias = write_cards(tmp_path / "b" / "bias.fits", *butler_cards("bias", "bias"))
    assert harvest([bias], registry).counts == Counts(files=1, datasets=1)
    if indexed:
        monkeypatch.setattr("fitsprov.registry.adjacency.graph.FEW", 0)
        registry.index()
    assert {uid("bias"): registry.dataset(uid("bias")).type, uid("ptc"): registry.dataset(uid("ptc")).type} == {
        uid("bias"): "bias",
        uid("ptc"): None,
    }
    expected = {uid("bias"): "calibration", uid("ptc"): "calibration", uid("raw"): "raw"}
    assert {one.id: one.category for one, _ in registry.lineage(uid("exposure")).parents()} == expected
    assert {one.id for one in registry.raws(uid("exposure"))} == {uid("raw")}
    assert {one.id for one in registry.ancestors(uid("exposure"), category="calibration")} == {uid("bias"), uid("ptc")}
    assert {row["id"]: row["category"] for row in fitsprov.resolve(exposure, registry).parent_rows()} == {
        str(key): category for key, category in expected.items()
    }
    told = {one.name: one.category for one, _ in fitsprov.resolve(product, registry).lineage.parents()}
    assert told == {"MUSE.2020-01-01T00:00:00.fits": "raw", "MASTER_BIAS-01.fits": "calibration"}
    document = json.loads("".join(write_documents([registry.trace(uid("exposure"))], "prov-json")))
    shown = {key.partition(":")[2]: one.get("fitsprov:category") for key, one in document["entity"].items()}
    assert shown.items() >= {(str(key), category) for key, category in expected.items()}
    again = harvest([tmp_path], registry, again=True).counts
    assert (again.datasets, again.stubs, again.findings) == (0, 0, 0)


def butler_cards(name: str, type: str) -> list[str]:
    """What Rubin's Butler writes of a dataset that has no inputs, as far as it knows."""
    said = {"ID": uid(name), "RUN": RUN, "DATASETTYPE": type}
    return [f"HIERARCH LSST BUTLER {key} = '{value}'" for key, value in said.items()]


def test_categories_that_contradict_each_other_are_told(registry: Registry, tmp_path: Path) -> None:
    paths = [
        write_cards(tmp_path / f"{kind}.fits", *butler_cards(kind, kind), f"HIERARCH LSST CALIB UUID {key} = '{ID}'")
        for kind, key, ID in (("a", "FLAT", uid("x")), ("b", "CCDEXPOSURE", uid("x")))
    ]
    (told,) = said(registry, *paths)
    assert told.endswith("category 'raw' differs from what stands: 'calibration'")
    assert registry.dataset(uid("x")).category == "calibration"


def test_a_whole_ancestry_is_taken_in_step_by_step(registry: Registry, tmp_path: Path) -> None:
    cards = ["PRVP0   = 'map     '", "PRVI0   = '1,2     '", "PRVP1   = 'cube1   '", "PRVI1   = '3       '"]
    cards += ["PRVP2   = 'cube2   '", "PRVI2   = '3       '", "PRVP3   = 'raw     '"]
    path = write_cards(tmp_path / "map.fits", *cards)
    assert harvest([path], registry).counts.edges == 4
    assert said(registry, path) == []
    found = registry.lineage(registry.dataset("map").id)
    assert [dataset.name for dataset in found.ancestors()] == ["cube1", "cube2", "raw"]
    assert [dataset.name for dataset in found.raws()] == ["raw"]


@pytest.mark.parametrize("activity", [None, "q"])
def test_a_record_completes_what_was_harvested(activity: str | None, write: Write, registry: Registry) -> None:
    stated = {"activity_id": uid(activity)} if activity else {}
    harvest([write("x.fits", "rubin", id=uid("x"), run=RUN, type="image", parents=[parent("raw")], **stated)], registry)
    step = Step(
        activity=Activity(id=uid("q"), task="isr", run=RUN),
        used=(Usage(uid("raw"), "exposure"), Usage(uid("blurred"), "exposure", actual=False)),
        generated=(Dataset(id=uid("x"), type="image", run=RUN),),
    )
    registry.record(Record(source="record", steps=(step,)))
    found = registry.lineage(uid("x"))
    assert registry.status().activities == 1
    assert found.activity_of(uid("x")).task == "isr"
    assert [(dataset.id, usage.role) for dataset, usage in found.parents()] == [(uid("raw"), "exposure")]
    assert len(found.used[uid("q")]) == 2


def test_parquet_files_below_a_folder_are_read_and_only_where_pyarrow_is(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    said = {"LSST.BUTLER.ID": str(uid("table")), "LSST.BUTLER.RUN": "run", "LSST.BUTLER.N_INPUTS": "0"}
    table = pyarrow.table({"x": [1]}).replace_schema_metadata(said)
    for name in ("a.parq", "b.parquet"):
        parquet.write_table(table, tmp_path / name)
    done = harvest(tmp_path, registry)
    assert (done.files, done.counts.datasets) == (2, 1)
    assert registry.dataset(uid("table")).run == "run"
    monkeypatch.setattr(walking, "find_spec", lambda name: None)
    walking.endings.cache_clear()
    assert harvest(tmp_path, registry).files == 0
    walking.endings.cache_clear()


def test_one_path_is_enough(write: Write, registry: Registry) -> None:
    path = write("a.fits", id=uid("a"), parents=[])
    assert fitsprov.harvest(str(path), registry).files == 1
    assert fitsprov.harvest(path, registry).unchanged == 1


def test_what_no_engine_could_keep_is_refused_and_the_others_are_taken(write: Write, registry: Registry) -> None:
    good = write("good.fits", id=uid("good"), run=RUN)
    write("long.fits", id=uid("long"), run="x" * 2_000)
    told = said(registry, good.parent)
    assert told == [f"long.fits: {good.parent}/long.fits: run '{'x' * 40}…' has 2000 bytes; expected at most 800"]
    assert [dataset.id for dataset in registry.find()] == [uid("good")]


def test_a_file_whose_name_is_no_text_is_known_by_its_bytes(registry: Registry, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.fits"))
    write_cards(path, "IMCMB001= 'n1.fits'")
    assert harvest([tmp_path], registry).counts.datasets == 1
    (dataset,) = registry.find(name="bad\\xff.fits")
    assert fitsprov.resolve(path, registry).dataset == dataset
