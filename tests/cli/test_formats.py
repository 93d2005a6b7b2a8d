"""``resolve --format``: provenance documents on stdout or in a file."""

from __future__ import annotations

import io
from pathlib import Path
from uuid import UUID

import pytest
from astropy.io.votable import parse
from prov.model import ProvDocument

from fitsprov.actions.drawing import DOCUMENTS, draw, traced, write_documents
from fitsprov.errors import UsageError
from fitsprov.model.lineage import Dataset, Lineage
from tests.cli.conftest import AUTHORITY, COADD, COADD_FILE, Fitsprov

LIBRARY = {"prov-json": "json", "prov-n": "provn", "prov-xml": "xml"}


@pytest.mark.parametrize("form", LIBRARY)
def test_a_prov_document_names_every_ancestor(form: str, survey: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov(f"resolve {COADD} --format {form}")
    assert (ran.code, ran.err) == (0, "")
    document = ProvDocument.deserialize(content=ran.out, format=LIBRARY[form])
    named = {record.identifier.uri for record in document.get_records() if record.identifier}
    (answer,) = fitsprov(f"resolve {COADD} --json").json
    assert {f"{AUTHORITY}?{item['id']}" for item in (*answer["parents"], *answer["raws"])} < named


def test_the_three_formats_say_the_same(survey: Path, fitsprov: Fitsprov) -> None:
    first, *others = (
        ProvDocument.deserialize(content=fitsprov(f"resolve {COADD} --format {form}").out, format=name)
        for form, name in LIBRARY.items()
    )
    assert all(other == first for other in others)


def test_a_votable_has_a_table_for_each_class(survey: Path, fitsprov: Fitsprov) -> None:
    ran = fitsprov(f"resolve {COADD} --format votable")
    tables = {table.name: table for table in parse(io.BytesIO(ran.out.encode()), verify="exception").iter_tables()}
    assert {"Entity", "Activity", "Used", "WasGeneratedBy", "ActivityDescription"} <= set(tables)
    assert f"{AUTHORITY}?{COADD}" in tables["Entity"].array["id"]


def test_output_holds_what_stdout_would(survey: Path, fitsprov: Fitsprov) -> None:
    shown = fitsprov(f"resolve {COADD} --format prov-json").out
    ran = fitsprov(f"resolve {COADD} --format prov-json -o coadd.json")
    assert (ran.code, ran.out) == (0, "")
    assert Path("coadd.json").read_text(encoding="utf-8") == shown


def test_output_takes_one_input_and_no_json(survey: Path, fitsprov: Fitsprov) -> None:
    for line in (f"resolve {COADD} {COADD} -o x.svg --format svg", f"resolve {COADD} --json -o x.json"):
        ran = fitsprov(line)
        assert ran.code == 2
        assert "one input" in ran.err


def test_a_header_alone_makes_a_document(survey: Path, fitsprov: Fitsprov) -> None:
    assert fitsprov(f"stamp --id {COADD} {COADD_FILE}").code == 0
    Path("fitsprov.db").unlink()
    ran = fitsprov(f"resolve {COADD_FILE} --format prov-n")
    assert ran.code == 1
    assert f"did:{COADD}" in ran.out
    assert ProvDocument.deserialize(content=ran.out, format="provn")


def test_every_document_can_be_drawn(survey: Path) -> None:
    key = Dataset(id=UUID(COADD))
    lineage = Lineage(focus=key.id, datasets={key.id: key})
    assert all(draw(lineage, form) == "".join(write_documents([traced(lineage)], form)) for form in DOCUMENTS)


def test_a_votable_is_told_in_the_words_of_the_ivoa() -> None:
    key = Dataset(id=UUID(COADD))
    rows = traced(Lineage(focus=key.id, datasets={key.id: key}))
    with pytest.raises(UsageError, match="expected IVOA"):
        write_documents([rows], "votable", model="W3C")
    with pytest.raises(UsageError, match="expected IVOA or W3C"):
        write_documents([rows], "prov-n", model="w3")
