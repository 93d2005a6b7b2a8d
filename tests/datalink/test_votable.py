import io
import re
import subprocess
import tracemalloc
import warnings
from pathlib import Path
from uuid import UUID

import pytest
from astropy.io import votable
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from fitsprov.datalink.links import make_rows
from fitsprov.datalink.lint import lint
from fitsprov.datalink.row import Fault, Row, Rows
from fitsprov.datalink.votable import write_error, write_votable
from fitsprov.errors import RegistryError

GOLDEN = Path(__file__).with_name("links.xml")
NEWER_TERMS = {"documentation", "detached-header", "coderived", "counterpart", "package", "thumbnail"}
XML_TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"], exclude_characters="\ufffe\uffff"))
PLAIN_ID = XML_TEXT.map(lambda text: re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f]", "", text)).filter(bool)
ODD = st.lists(
    st.sampled_from(["a", "é", "☃", "𝔘", "<", ">", "&", "&amp;", "]]>", '"', "'", "\n", "\r", "\t", " ", "%"])
)


def write(*rows):
    return b"".join(write_votable(rows))


def cells(data):
    rows = etree.fromstring(data).iterfind(".//{*}TR")
    return [[cell.text or "" for cell in row] for row in rows]


def infos(data):
    """The children of the results that matter, in order."""
    results = etree.fromstring(data).find("{*}RESOURCE")
    return [child.get("value", etree.QName(child).localname) for child in results]


def test_the_document_is_the_golden_one(document):
    assert document.decode() == GOLDEN.read_text(encoding="utf-8")


def test_the_document_has_no_finding(document, archive, exposure, soda):
    assert lint(document) == []
    rows = make_rows([exposure], archive, services=[soda])
    assert lint(b"".join(write_votable(rows, archive.descriptors([soda])))) == []


def test_no_ids_give_an_empty_table_that_describes_the_service(archive):
    data = archive.document()
    assert cells(data) == []
    assert [item.get("utype") for item in etree.fromstring(data)[1:]] == ["adhoc:this"]
    assert lint(data) == []


def test_only_descriptors_that_a_row_names_are_written(archive, exposure, coadd):
    def described(data):
        return [item.get("name") for item in etree.fromstring(data)[1:]]

    assert described(archive.document(exposure)) == ["provenance", "links"]
    assert described(archive.document(coadd)) == ["provenance", "progenitors", "links"]


def test_votlint_is_clean(document, tmp_path, needs_tool):
    path = tmp_path / "links.xml"
    path.write_bytes(document)
    done = subprocess.run([needs_tool("stilts"), "votlint", path], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_datalinklint_finds_nothing_but_newer_terms(archive, exposure, coadd, soda, tmp_path, needs_tool):
    rows = make_rows([exposure, coadd, "nonsense"], archive, services=[soda])
    path = tmp_path / "links.xml"
    path.write_bytes(b"".join(write_votable(rows, archive.descriptors([soda]))))
    command = [needs_tool("stilts"), "datalinklint", "maxrepeat=1000", f"votable={path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    bad = [line for line in lines if re.match("[EWF]-", line)]
    terms = [re.match(r"E-SMCO-\d+ Unknown predicate '([\w-]+)' from core", line) for line in bad]
    assert [line for line, term in zip(bad, terms, strict=True) if term is None or term[1] not in NEWER_TERMS] == []
    assert any(re.match(r"I-DLNR-\d+ Datalink table rows checked: 29", line) for line in lines)


def test_astropy_reads_the_columns_with_their_types(document):
    table = votable.parse(io.BytesIO(document), verify="exception").get_first_table().to_table()
    assert table.colnames[0] == "ID"
    assert table["content_length"].unit == "byte"
    assert table["content_length"][0] == 5_760
    assert table["content_length"].mask[1]
    assert table["link_authorized"].mask.all()


def test_authorisation_is_spelled_as_the_standard_does():
    row = Row("a", "#this", access_url="http://x/", link_auth="optional", link_authorized=False, content_length=1)
    assert cells(write(row))[0][-2:] == ["optional", "false"]
    assert cells(write(row))[0][7] == "1"


@given(ODD.map("".join).filter(bool) | PLAIN_ID, ODD.map("".join) | XML_TEXT)
def test_any_id_is_echoed_exactly_and_any_description_is_ascii(identifier, description):
    row = Row(identifier, "#this", access_url="http://x/?a=b&c=<d>", description=description)
    ((seen, url, _, _, text, *_),) = cells(write(row))
    assert seen == identifier
    assert url == "http://x/?a=b&c=<d>"
    assert text.isascii()
    assert text.isprintable()
    if description.isascii() and description.isprintable():
        assert text == description


@given(st.text(min_size=1))
def test_any_text_at_all_gives_a_well_formed_document(text):
    rows = [
        Row(text, "#this", access_url=text),
        Row(text, "#this", error_message=text),
        Row("a", text, service_def="b"),
    ]
    assert len(cells(write(*rows))) == 3
    etree.fromstring(write_error(Fault.USAGE, text))


@given(PLAIN_ID.filter(lambda text: text == text.strip()))
def test_astropy_gives_back_the_id_that_was_sent(identifier):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*W55.*")  # an ID beyond ASCII, which someone sent
        table = votable.parse(io.BytesIO(write(Row(identifier, "#this", access_url="http://x/")))).get_first_table()
    assert table.array["ID"][0] == identifier


def test_a_character_that_xml_cannot_hold_is_percent_encoded():
    assert cells(write(Row("a\x00b\ud800", "#this", access_url="http://x/")))[0][0] == "a%00b%ED%A0%80"


def test_rows_that_were_left_out_are_told_after_the_table(archive, exposure):
    data = archive.document(exposure, maxrec=3)
    assert infos(data) == ["ivo://ivoa.net/std/DataLink#links-1.1", "OK", "TABLE", "OVERFLOW"]
    assert lint(data) == []


def test_an_error_on_the_way_is_told_after_the_table():
    def failing():
        yield Row("a", "#this", access_url="http://x/", description="a file")
        raise RegistryError("the registry <went> away")

    data = b"".join(write_votable(Rows(failing())))
    assert infos(data) == ["ivo://ivoa.net/std/DataLink#links-1.1", "OK", "TABLE", "ERROR"]
    assert b"FatalFault: the registry &lt;went&gt; away</INFO>" in data
    assert len(cells(data)) == 1
    assert lint(data) == []


def test_an_error_before_the_first_row_is_raised():
    def failing():
        raise RegistryError("no registry")
        yield

    with pytest.raises(RegistryError):
        next(write_votable(Rows(failing())))


def test_a_failed_request_is_a_document_that_names_the_fault():
    data = write_error(Fault.USAGE, "RESPONSEFORMAT 'fits' is unknown")
    assert infos(data) == ["ivo://ivoa.net/std/DataLink#links-1.1", "ERROR"]
    assert b">UsageFault: RESPONSEFORMAT 'fits' is unknown<" in data
    assert lint(data) == []


def test_memory_does_not_grow_with_the_rows():
    def peak(count):
        tracemalloc.start()
        rows = (Row(str(UUID(int=i)), "#this", access_url=f"http://x/{i}") for i in range(count))
        length = sum(map(len, write_votable(rows)))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return length, used

    few, many = peak(1_000), peak(8_000)
    assert many[0] > 7 * few[0] - 10_000
    assert many[1] < 1.2 * few[1]
