"""Files with the cards of others: what was harvested from them agrees with them, and what contradicts them is told."""

from __future__ import annotations

from pathlib import Path

import pytest

import fitsprov
from fitsprov import Input, Registry, Verdict
from fitsprov.model.lineage import Activity, Dataset, Usage
from fitsprov.model.record import Record, Step
from tests.actions.conftest import Write, parent, uid
from tests.conventions.test_dialects import DOCUMENTED, cards
from tests.conventions.test_mutations import LITERAL

HEAD = "SIMPLE  =                    T\nBITPIX  =                    8\nNAXIS   =                    0"
FOREIGN = sorted(set(LITERAL) - {"native"})


def write_text(path: Path, text: bytes) -> Path:
    """Write a file whose header has these cards."""
    whole = cards(HEAD) + text + b"END".ljust(80)
    path.write_bytes(whole.ljust(-(-len(whole) // 2880) * 2880))
    return path


def told(path: Path, registry: Registry) -> list[str]:
    return [finding.message for finding in fitsprov.verify(path, registry) if finding.code == "stamp-stale"]


@pytest.mark.parametrize("name", FOREIGN)
def test_what_was_just_harvested_agrees_with_its_header(name: str, registry: Registry, tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.fits", LITERAL[name])
    fitsprov.harvest(path, registry)
    findings = fitsprov.verify(path, registry)
    assert fitsprov.verdict_of(findings) is Verdict.OK, findings
    assert fitsprov.resolve(path, registry).status == "resolved"


def test_a_header_of_all_dialects_agrees_with_what_was_harvested(registry: Registry, tmp_path: Path) -> None:
    path = write_text(tmp_path / "a.fits", b"".join(map(cards, DOCUMENTED.values())))
    fitsprov.harvest(path, registry)
    assert told(path, registry) == []


def test_what_the_registry_knows_beyond_others_cards_is_no_fault_of_theirs(write: Write, registry: Registry) -> None:
    raw = write("raw.fits", "rubin", id=uid("raw"), type="raw", parents=[])
    image = write("image.fits", "rubin", id=uid("image"), type="image", parents=[parent("raw")])
    coadd = write("coadd.fits", "rubin", id=uid("coadd"), type="coadd", parents=[parent("image")])
    fitsprov.harvest([raw, image, coadd], registry)
    assert [fitsprov.verdict_of(fitsprov.verify(path, registry)) for path in (raw, image, coadd)] == [Verdict.OK] * 3


@pytest.mark.parametrize(
    ("used", "maker", "message"),
    [
        (["a", "b"], "quantum", "number of parents: the header says 1, the registry now 2"),
        (["b"], "quantum", "digest of parents: the header says"),
        (["a"], "other", f"activity: the header says {uid('quantum')}, the registry now {uid('other')}"),
    ],
)
def test_what_contradicts_them_is_told(
    used: list[str], maker: str, message: str, write: Write, registry: Registry
) -> None:
    path = write("x.fits", "rubin", id=uid("x"), type="image", activity_id=uid("quantum"), parents=[parent("a")])
    step = Step(
        activity=Activity(id=uid(maker)),
        used=tuple(Usage(uid(name)) for name in used),
        generated=(Dataset(id=uid("x"), type="image"),),
    )
    registry.record(Record(source="record", steps=(step,)))
    (said,) = told(path, registry)
    assert said.startswith(message)
    assert fitsprov.verdict_of(fitsprov.verify(path, registry)) is Verdict.STALE


def test_our_own_stamp_is_stale_where_the_registry_knows_more(write: Write, registry: Registry) -> None:
    files = [
        write("raw.fits", id=uid("raw"), type="raw", parents=[]),
        write("image.fits", id=uid("image"), type="image", activity_id=uid("quantum"), parents=[Input(uid("raw"))]),
    ]
    fitsprov.harvest(files, registry)
    assert [message.split()[0] for message in told(files[1], registry)] == ["FPV_NRAW", "FPV_SUM"]
