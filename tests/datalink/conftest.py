"""An archive in memory, and the tools that judge documents from outside."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from uuid import UUID, uuid5

import pytest

from fitsprov.datalink.descriptors import Descriptor, make_descriptors, read_template
from fitsprov.datalink.links import Selection, make_rows
from fitsprov.datalink.votable import write_votable
from fitsprov.model.identifiers import publisher_did
from fitsprov.model.lineage import Category, Linked, Surroundings

TEMPLATES = Path(__file__).parents[2] / "templates" / "datalink"


class Archive:
    """A look-up in memory, which counts how often it is asked."""

    base_url = "https://archive.example.org/prov"
    authority: str | None = "ivo://example.org/archive/dr1"

    def __init__(self) -> None:
        self.known: dict[str, Surroundings] = {}
        self.names: dict[str, list[str]] = {}
        self.calls = 0

    def surroundings(self, ids: Sequence[str]) -> Mapping[str, Surroundings]:
        self.calls += 1
        return {key: self.known[key] for key in ids if key in self.known}

    def ids_of(self, texts: Iterable[str]) -> Mapping[str, Sequence[str]]:
        return {text: self.names[text] for text in texts if text in self.names}

    def add(
        self, dataset: Linked, parents: Sequence[tuple[Linked, str | None]] = (), **others: Sequence[Linked]
    ) -> str:
        made = bool(parents or others.get("siblings"))
        self.known[dataset.id] = Surroundings(dataset, parents, made=made, **others)
        return self.did(dataset.id)

    def did(self, key: str) -> str:
        return publisher_did(self.authority, UUID(key)) if self.authority else key

    def descriptors(self, extra: Sequence[Descriptor] = ()) -> tuple[Descriptor, ...]:
        return make_descriptors(self.base_url, self.did(name("exposure")), extra)

    def document(self, *identifiers: str, **options: object) -> bytes:
        return b"".join(write_votable(make_rows(identifiers, self, Selection(**options)), self.descriptors()))


def name(text: str) -> str:
    return str(uuid5(UUID(int=1), text))


def make(text: str, category: Category = Category.PRODUCT, **fields: object) -> Linked:
    fields = {"type": text.partition("-")[0], "data_id": {"band": "r", "visit": 7}, **fields}
    return Linked(id=name(text), category=category, **fields)


@pytest.fixture
def archive() -> Archive:
    """An exposure with a raw, a flat and a catalogue, and a coadd of 40 exposures with a flat."""
    found = Archive()
    raw = make("raw", Category.RAW, uri="s3://data/raw.fits.fz", size=8_640)
    flat = make("flat", Category.CALIBRATION)
    catalogue = make("refcat", Category.REFERENCE, uri="file:///data/refcat.parq")
    coadd = make("coadd", data_id={"tract": 9813, "patch": 42})
    log = make("isr_log", Category.LOG, data_id=None, name="night 7 & <8>")
    background = make("background")
    picture = make("quicklook", uri="file:///data/exposure.png", size=99)
    found.add(
        make("exposure", uri="s3://data/exposure.fits", size=5_760),
        [(raw, "ccdExposure"), (flat, "flat"), (catalogue, None)],
        products=(coadd,),
        siblings=(background, log, picture),
    )
    exposures = [(make(f"exposure-{i}"), "inputs") for i in range(40)]
    found.add(coadd, [*exposures, (flat, "flat")])
    return found


@pytest.fixture
def exposure(archive: Archive) -> str:
    return archive.did(name("exposure"))


@pytest.fixture
def coadd(archive: Archive) -> str:
    return archive.did(name("coadd"))


@pytest.fixture
def document(archive: Archive, exposure: str, coadd: str) -> bytes:
    """A document with every kind of row."""
    return archive.document(exposure, coadd, "ivo://example.org/archive/dr1?nope", "nonsense")


@pytest.fixture
def soda() -> Descriptor:
    return read_template((TEMPLATES / "soda.xml").read_text(), {"base_url": Archive.base_url}, "soda.xml")


@pytest.fixture
def make_dataset() -> Callable[..., Linked]:
    return make


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object, **options: object) -> None:
        raise OSError(f"the network was used: {arguments}")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
