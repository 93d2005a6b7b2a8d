"""Each rule finds the fault that it is there for, in a copy of a good document with just that fault."""

import re

import pytest

from fitsprov.datalink.lint import lint, lint_answer
from fitsprov.model.finding import CODES, Severity
from tests.datalink.shapes import ERROR, RIGHT, RUBIN

INFO_ID = '<INFO name="standardID" value="ivo://ivoa.net/std/DataLink#links-1.1"/>\n'
INFO_STATUS = '<INFO name="QUERY_STATUS" value="OK"/>\n'
SELF = '<RESOURCE type="meta" utype="adhoc:this"'
LINKS_TYPE = "application/x-votable+xml;content=datalink"
FIRST_TERM = "<TD>#this</TD><TD>image/fits</TD>"


def swap(old, new, count=1):
    """Replace text that must be there."""

    def change(text):
        assert old in text
        return text.replace(old, new, count)

    return change


def sub(pattern, new):
    """Replace the first match of a pattern that must match."""

    def change(text):
        changed, count = re.subn(pattern, new, text, count=1, flags=re.DOTALL)
        assert count == 1
        return changed

    return change


def extra(datatype, value):
    """Add a column of a type, with a value in each row."""

    def change(text):
        text = text.replace("<DATA>", f'<FIELD name="more" datatype="{datatype}"/><DATA>', 1)
        return text.replace("</TR>", f"<TD>{value}</TD></TR>")

    return change


FAULTS = [
    ("datalink-xml", swap("</VOTABLE>", "")),
    ("datalink-xml", swap("<RESOURCE", "&undefined;<RESOURCE")),
    ("datalink-schema", swap("<DATA>", "<DATEN/><DATA>")),
    ("datalink-schema", swap('version="1.4" xmlns', 'version="9.9" xmlns')),
    ("datalink-results", swap('type="results"', 'type="meta"')),
    ("datalink-results", sub("(<TABLE .*</TABLE>)", r"\1\1")),
    ("datalink-results", sub("<TABLE .*</TABLE>", "")),
    ("datalink-schema", sub('version="1.4" xmlns="([^"]*)1.3"', r'version="1.1" xmlns="\g<1>1.1"')),
    ("datalink-schema-absent", swap('version="1.4"', 'version="1.7"')),
    ("datalink-serialization", sub("<TABLEDATA>.*</TABLEDATA>", "<BINARY><STREAM/></BINARY>")),
    ("datalink-standard-id", swap(INFO_ID, "")),
    ("datalink-standard-id", swap("links-1.1", "links-1.0")),
    ("datalink-status", swap(INFO_STATUS, "")),
    ("datalink-standard-id-case", swap("std/DataLink#links", "std/datalink#links")),
    ("datalink-status", swap('value="OK"', 'value="FINE"')),
    ("datalink-status", swap(INFO_STATUS, INFO_STATUS + INFO_STATUS.replace("OK", "OVERFLOW"))),
    ("datalink-status", swap("</TABLE>", f"</TABLE>{INFO_STATUS}")),
    ("datalink-status", lambda text: text.replace(INFO_STATUS, "").replace("</TABLE>", f"</TABLE>{INFO_STATUS}")),
    (
        "datalink-info-misplaced",
        lambda text: swap('<TABLE name="links">\n', f'<TABLE name="links">\n{INFO_ID}')(text.replace(INFO_ID, "")),
    ),
    (
        "datalink-info-misplaced",
        lambda text: text.replace(INFO_STATUS, "").replace("<RESOURCE", f"{INFO_STATUS}<RESOURCE", 1),
    ),
    ("datalink-info-misplaced", lambda text: text.replace(INFO_ID, "").replace("</TABLE>", f"</TABLE>{INFO_ID}")),
    ("datalink-column", sub('<FIELD name="description".*?</FIELD>', "")),
    ("datalink-column", sub('(<FIELD name=)"link_auth"( ID="link_auth".*?</FIELD>)', r'\1"ID"\2')),
    ("datalink-column-order", sub('(<FIELD name="ID".*?</FIELD>\n)(<FIELD.*?</FIELD>)', r"\2\1")),
    ("datalink-column-type", swap('datatype="long"', 'datatype="int"')),
    ("datalink-column-type", swap(' unit="byte"', "")),
    ("datalink-column-type", swap('ucd="meta.note" datatype="char" arraysize="*"', 'ucd="meta.note" datatype="char"')),
    ("datalink-column-ucd", swap('ucd="meta.ref"', 'ucd="meta.code"')),
    ("datalink-link-count", swap("<TD>provenance</TD>", "<TD></TD>")),
    ("datalink-link-count", sub("(/files/[^<]*</TD>)<TD></TD>", r"\1<TD>provenance</TD>")),
    ("datalink-value-missing", sub("<TR><TD>[^<]*", "<TR><TD>")),
    ("datalink-value-missing", swap(FIRST_TERM, "<TD></TD><TD>image/fits</TD>")),
    ("datalink-description-missing", swap("provenance service", "")),
    ("datalink-row-length", swap("<TD></TD></TR>", "</TR>")),
    ("datalink-row-length", swap("</TD></TR>", "</TD><TD>x</TD></TR>")),
    ("datalink-rows-scattered", sub("(<TABLEDATA>\n)(<TR>[^\n]*\n)(.*)(</TABLEDATA>)", r"\1\3\2\4")),
    ("datalink-fault", swap("NotFoundFault:", "Sorry:")),
    ("datalink-fault", swap("NotFoundFault:", "NotFoundFault -")),
    ("datalink-fault", swap("NotFoundFault:", "NotFoundFault :")),
    ("datalink-fault", swap("</TABLE>", '</TABLE><INFO name="QUERY_STATUS" value="ERROR">oh</INFO>')),
    ("datalink-term-unknown", swap(FIRST_TERM, FIRST_TERM.replace("#this", "#provenance"))),
    ("datalink-term-spelling", swap(FIRST_TERM, FIRST_TERM.replace("#this", "this"))),
    (
        "datalink-term-spelling",
        swap(FIRST_TERM, FIRST_TERM.replace("#this", "http://www.ivoa.net/rdf/datalink/core#this")),
    ),
    ("datalink-value", swap("<TD>5760</TD>", "<TD>-1</TD>")),
    ("datalink-value", swap("<TD>5760</TD>", f"<TD>{2**63}</TD>")),
    ("datalink-value", swap("<TD>5760</TD>", "<TD>٣</TD>")),
    ("datalink-value", swap("<TD>https:", "<TD>")),
    ("datalink-value", sub('(ucd="meta.code.mime" datatype="char" arraysize=")\\*', r"\g<1>4")),
    ("datalink-value", extra("int", "one")),
    ("datalink-value", extra("double", "1,5")),
    ("datalink-value", extra("boolean", "yes")),
    ("datalink-value", swap("/files/", "/fi les/")),
    ("datalink-value", swap("/files/", "/fi|les/")),
    ("datalink-value", swap("/files/", "/%zz/")),
    ("datalink-value", sub("<TD>https://[^/]*/", "<TD>https:///")),
    ("datalink-value", swap("<TD>exposure</TD><TD></TD><TD></TD>", "<TD>exposure</TD><TD>yes</TD><TD></TD>")),
    ("datalink-value", swap("<TD>exposure</TD><TD></TD><TD></TD>", "<TD>exposure</TD><TD></TD><TD>yes</TD>")),
    ("datalink-term-spelling", sub("(<TD>image/fits</TD><TD>[^<]*</TD><TD>)", r"\1image")),
    ("datalink-not-ascii", swap("provenance service", "dépôt")),
    ("datalink-media-type", swap(f"<TD>{LINKS_TYPE}", "<TD>application/x-votable+xml; content=datalink")),
    ("datalink-media-type", swap("<TD>image/fits</TD>", "<TD>FITS</TD>")),
    ("datalink-media-type", sub("(to be filtered</TD><TD>#progenitor</TD>)<TD></TD>", rf"\1<TD>{LINKS_TYPE}</TD>")),
    ("datalink-service-unknown", swap('ID="progenitors"', 'ID="other"')),
    ("datalink-descriptor", swap('<PARAM name="accessURL"', '<PARAM name="url"')),
    ("datalink-descriptor", swap("inputParams", "params")),
    (
        "datalink-descriptor",
        swap('<PARAM name="accessURL" datatype="char" arraysize="*"', '<PARAM name="accessURL" datatype="char"'),
    ),
    (
        "datalink-descriptor-hidden",
        lambda text: text.replace(SELF, f'{SELF} ID="me"').replace("<TD>provenance</TD>", "<TD>me</TD>", 1),
    ),
    ("datalink-descriptor", swap('utype="adhoc:this"', 'utype="adhoc:that"')),
    ("datalink-descriptor", swap(SELF, SELF.replace("meta", "results"))),
    ("datalink-descriptor", sub('(<PARAM name="accessURL".*?</PARAM>)', r"\1\1")),
    ("datalink-descriptor", sub('(<GROUP name="inputParams">.*?</GROUP>)', r"\1\1")),
    ("datalink-descriptor", sub('(<PARAM name="exampleURL"[^>]*value=")[^"]*', r"\1links?ID=x")),
    ("datalink-descriptor", sub("(</GROUP>)(</RESOURCE>)", r'\1<TABLE><FIELD name="a" datatype="int"/></TABLE>\2')),
    ("datalink-descriptor", sub('(<PARAM name=")standardID("[^>]*value=")[^"]*', r"\1resourceIdentifier\2http://x/")),
    ("datalink-descriptor", sub('(<PARAM name="standardID"[^>]*value=")', r"\1http://x/#")),
    ("datalink-reference", swap('ref="ID"', 'ref="dataset"')),
    ("datalink-reference", swap('ref="ID"', 'ref="progenitors"')),
    ("datalink-reference", swap('ref="ID" arraysize="*" value=""', 'ref="ID" arraysize="*" value="x"')),
    (
        "datalink-self-repeated",
        sub('(<RESOURCE type="meta" utype="adhoc:)this(" name=")links(".*?</RESOURCE>)', r"\1service\2this\3" * 2),
    ),
    ("datalink-self-repeated", sub(f"({SELF}.*?</RESOURCE>)", r"\1\1")),
    ("datalink-descriptor-hidden", swap('utype="adhoc:this"', 'utype="adhoc:service"')),
    ("datalink-descriptor-hidden", sub("</RESOURCE>(.*)</VOTABLE>", r"\1</RESOURCE></VOTABLE>")),
]


def codes(text):
    return {finding.code for finding in lint(text.encode())}


@pytest.mark.parametrize(("code", "break_it"), FAULTS, ids=[f"{code}-{i}" for i, (code, _) in enumerate(FAULTS)])
def test_the_rule_finds_its_fault(document, code, break_it):
    assert code in codes(break_it(document.decode()))


ANSWERS = {"datalink-answer-type", "datalink-http-status", "datalink-request-failed"}
"""Codes about what stands around a document."""


def test_no_rule_is_without_a_fault_that_it_finds():
    assert {code for code, _ in FAULTS} | ANSWERS == {code for code in CODES if code.startswith("datalink-")}


def test_what_no_standard_forbids_is_no_error():
    kind = {code: CODES[code][0] for code in {code for code, _ in FAULTS} | ANSWERS}
    assert {code for code, severity in kind.items() if severity is Severity.WARNING} == {
        "datalink-column-order",
        "datalink-description-missing",
        "datalink-descriptor-hidden",
        "datalink-http-status",
        "datalink-info-misplaced",
        "datalink-media-type",
        "datalink-not-ascii",
        "datalink-serialization",
        "datalink-standard-id-case",
    }
    told = {code for code, severity in kind.items() if severity is Severity.INFO}
    assert told == {"datalink-request-failed", "datalink-schema-absent"}


@pytest.mark.parametrize("shape", RIGHT)
def test_documents_of_other_services_are_right(shape):
    found = [finding for finding in lint(RIGHT[shape].encode()) if finding.code != "datalink-schema-absent"]
    assert found == []


@pytest.mark.parametrize(
    ("datatype", "value"),
    [
        ("int", "-3"),
        ("int", ""),
        ("long", "0xFF"),
        ("double", "-.5e-3"),
        ("float", "NaN"),
        ("double", "+Inf"),
        ("boolean", "?"),
    ],
)
def test_values_of_further_columns_are_those_of_votables(document, datatype, value):
    assert codes(extra(datatype, value)(document.decode())) == set()


def test_an_error_document_needs_no_standard_id():
    assert codes(ERROR) == set()
    assert codes(ERROR.replace("</INFO>", '</INFO><TABLE><FIELD name="x" datatype="int"/></TABLE>')) == set()


def test_columns_in_another_order_are_right_but_for_pyvo():
    swapped = RUBIN.replace("<TR>", "<TR><TD>x</TD>").replace("<TABLE>", '<TABLE><FIELD name="n" datatype="char"/>')
    assert codes(swapped) == {"datalink-column-order"}


def test_rows_in_another_serialization_are_said_to_be_unread():
    begin, end = RUBIN.index("<TABLEDATA>"), RUBIN.index("</DATA>")
    packed = f'{RUBIN[:begin]}<BINARY2><STREAM encoding="base64">AAAA</STREAM></BINARY2>{RUBIN[end:]}'
    (found,) = lint(packed.encode())
    assert (found.code, "not looked at" in found.message) == ("datalink-serialization", True)


@pytest.mark.parametrize(
    ("status", "kind", "requested", "text", "expected"),
    [
        (200, LINKS_TYPE, "", RUBIN, set()),
        (200, "text/xml", "", RUBIN, {"datalink-media-type"}),
        (200, "application/x-votable+xml; content=datalink", "", RUBIN, {"datalink-media-type"}),
        (200, "text/xml", "text/xml", RUBIN, set()),
        (200, LINKS_TYPE, "application/x-votable+xml", RUBIN, set()),
        (200, LINKS_TYPE, "text/xml", RUBIN, {"datalink-answer-type"}),
        (200, "text/html", "", RUBIN, {"datalink-answer-type"}),
        (200, "", "", RUBIN, {"datalink-answer-type"}),
        (500, LINKS_TYPE, "", RUBIN, {"datalink-http-status"}),
        (200, LINKS_TYPE, "", ERROR, {"datalink-http-status", "datalink-request-failed"}),
        (400, LINKS_TYPE, "", ERROR, {"datalink-request-failed"}),
        (422, "application/json", "", "{}", {"datalink-answer-type"}),
    ],
)
def test_status_and_media_type_are_held_against_the_document(status, kind, requested, text, expected):
    assert {finding.code for finding in lint_answer(status, kind, requested, text.encode())} == expected


def test_a_finding_says_the_row_the_column_and_what_was_seen(document):
    (finding,) = lint(document.replace(b"<TD>5760</TD>", b"<TD>many</TD>"))
    assert (finding.keyword, finding.message) == ("content_length", "row 1: 'many'; expected a number of bytes")


def test_of_many_alike_the_first_are_listed_and_the_others_counted(document):
    found = lint(document.replace(b"https://archive.example.org", b""))
    values = [finding for finding in found if finding.code == "datalink-value"]
    assert len(values) == 11
    assert re.fullmatch(r"\d+ more of these", values[-1].message)


def test_foreign_terms_further_columns_and_comments_are_welcome(document):
    text = document.decode().replace(FIRST_TERM, FIRST_TERM.replace("#this", "http://example.org/terms#mine"))
    text = text.replace("<RESOURCE", "<!-- a remark --><RESOURCE").replace("<TABLE ", "<!-- another --><TABLE ")
    text = text.replace("<DATA>", '<FIELD name="mine" datatype="int"/><DATA>').replace("</TR>", "<TD>1</TD></TR>")
    assert codes(text) == set()


def test_entities_are_refused_unread(document, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("NotFoundFault: secret")
    text = document.decode().replace("<VOTABLE", f'<!DOCTYPE VOTABLE [<!ENTITY e SYSTEM "{secret}">]><VOTABLE', 1)
    (finding,) = lint(text.replace("NotFoundFault:", "&e;").encode())
    assert (finding.code, finding.message) == ("datalink-xml", "a document type declaration; expected none")


@pytest.mark.parametrize("text", ["", "nonsense", "<a/>", "\0", "<VOTABLE/>", "SIMPLE  =                    T"])
def test_anything_at_all_gives_findings(text):
    assert codes(text)
