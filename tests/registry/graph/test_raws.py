"""Raws that are read on the way up to them are those of the whole lineage, whatever headers said in which order."""

from __future__ import annotations

from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.model.finding import Finding
from fitsprov.model.lineage import Category, Dataset
from fitsprov.registry import Registry
from fitsprov.registry.harvests.claims import Claim, Named
from fitsprov.registry.stamping import in_order
from tests.registry.conftest import NewRegistry
from tests.registry.making import uid

IDS = [uid(str(number)) for number in range(8)]
TYPES = st.sampled_from([None, "bias", "raw", "image"])
URI = "file:///3.fits"


@st.composite
def headers(draw: st.DrawFn) -> list[Claim]:
    """Headers of some of eight datasets that name others, with or without types and categories."""
    kinds = [(draw(TYPES), draw(st.sampled_from([None, "calibration", "raw"]))) for _ in IDS]

    def named(one: int) -> Named:
        kind, category = draw(st.sampled_from([(None, None), (None, kinds[one][1]), (kinds[one][0], None)]))
        return Named(IDS[one].bytes, type=kind, category=category)

    claims = []
    for number in draw(st.lists(st.integers(1, len(IDS) - 1), unique=True)):
        inputs, raws = (draw(st.lists(st.integers(0, number - 1), unique=True, max_size=4)) for _ in range(2))
        claims.append(
            Claim(
                f"file:///{number}.fits",
                size=1,
                modified=1,
                convention="cadc",
                id=IDS[number].bytes,
                type=kinds[number][0],
                activity=uid(f"activity {number}").bytes if inputs else None,
                used=tuple(map(named, inputs)),
                raws=tuple(map(named, raws)),
            )
        )
    return claims


def take(registry: Registry, claims: list[Claim], at_once: int) -> list[tuple[str, Finding]]:
    """Harvest claims, some at once; give the findings."""
    harvester = registry.harvester()
    parts = (claims[first : first + at_once] for first in range(0, len(claims), at_once))
    return [found for part in parts for found in harvester.take(part)]


def check(registry: Registry, datasets: dict[UUID, Dataset]) -> None:
    """Hold all that tells of a dataset against what tells of it alone."""
    for focus in datasets:
        lineage = registry.lineage(focus)
        assert list(registry.raws(focus)) == in_order(lineage.raws())
        account = registry.account(focus, uri=URI)
        assert (account.lineage, account.facts) == (lineage, registry.facts(focus))
        assert list(account.of_file) == registry.datasets_of_files([URI]).get(URI, [])
        assert dict(lineage.datasets) == {key: datasets[key] for key in lineage.datasets}
        raws = {one.id for one in registry.ancestors(focus) if one.category is Category.RAW}
        assert {one.id for one in registry.ancestors(focus, category="raw")} == raws


@given(claims=headers(), data=st.data())
@settings(max_examples=15)
def test_all_answers_are_of_one_graph(new_registry: NewRegistry, claims: list[Claim], data: st.DataObject) -> None:
    told = []
    for others in (claims, data.draw(st.permutations(claims))):
        with new_registry() as url, Registry(url) as registry:
            if others is not claims:
                registry.index()
            findings = take(registry, others, at_once=data.draw(st.integers(1, 8)))
            told.append((datasets := registry.datasets(IDS), findings))
            check(registry, datasets)
            take(registry, others, at_once=8)
            assert registry.datasets(IDS) == datasets
            registry.index()
            check(registry, datasets)
    (first, contradictions), (second, more) = told
    assert first == second or contradictions or more
