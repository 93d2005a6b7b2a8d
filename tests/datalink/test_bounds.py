"""Documents that a parser of VOTables must not meet."""

from __future__ import annotations

import pytest

from fitsprov.datalink.bounds import COLUMNS, PARAMS, ROWS, WIDE, check_votable
from fitsprov.errors import ServiceError

HEAD = '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results"><TABLE>'
TAIL = "</TABLE></RESOURCE></VOTABLE>"
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def refusal(text: str | bytes) -> str:
    with pytest.raises(ServiceError) as caught:
        check_votable(text if isinstance(text, bytes) else text.encode(), "it")
    assert caught.value.code == "service-answer-invalid"
    return str(caught.value)


def test_documents_of_links_pass(document: bytes) -> None:
    check_votable(document, "it")


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "no element found"),
        ("{}", "not well-formed"),
        ("<html><body>log in</body></html>", "its root is another element"),
        (f"{HEAD}", "no element found"),
        (f'<?xml version="1.0" encoding="ebcdic-nowhere"?>{HEAD}{TAIL}', "unknown encoding"),
        (f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>{HEAD}&l9;{TAIL}', "document type declaration"),
        (f'<!DOCTYPE x SYSTEM "file:///etc/passwd">{HEAD}{TAIL}', "document type declaration"),
        (f'{HEAD}<DATA><BINARY><STREAM href="file:///etc/passwd"/></BINARY></DATA>{TAIL}', "data as BINARY"),
        (f'{HEAD}<DATA><v:STREAM href="http://127.0.0.1/"/></DATA>{TAIL}', "data as STREAM"),
        (f'{HEAD}<DATA><FITS extnum="1"/></DATA>{TAIL}', "data as FITS"),
        (f'{HEAD}</TABLE><TABLE nrows="99999999999">{TAIL}', "nrows=99999999999"),
        (f'{HEAD}</TABLE><TABLE nrows="-1">{TAIL}', "nrows=-1"),
        (f'{HEAD}<FIELD name="a" datatype="double" arraysize="100000x100000"/>{TAIL}', "arraysize="),
        (f'{HEAD}<PARAM name="a" datatype="double" arraysize="{"9" * 5000}" value=""/>{TAIL}', "arraysize="),
        (HEAD + '<FIELD name="a" datatype="char"/>' * (COLUMNS + 1) + TAIL, "columns"),
        (HEAD + "<INFO/>" * (PARAMS + 1) + TAIL, "elements beside"),
        (f"{HEAD}<DATA><TABLEDATA>{'<TR/>' * (ROWS + 1)}</TABLEDATA></DATA>{TAIL}", f"more than {ROWS} rows"),
        (
            f'{HEAD}<FIELD datatype="char" arraysize="{WIDE}"/><DATA>{"<TR/>" * 9_000}</DATA>{TAIL}',
            "more values",
        ),
        ("<VOTABLE>" + "<RESOURCE>" * 1000 + "</RESOURCE>" * 1000 + "</VOTABLE>", "deep"),
    ],
)
def test_what_is_no_document_of_links_is_refused(text: str, problem: str) -> None:
    found = refusal(text)
    assert problem in found
    assert len(found) < 200


def test_other_encodings_do_not_get_around_it() -> None:
    text = f'<!DOCTYPE x SYSTEM "file:///etc/passwd">{HEAD}{TAIL}'
    assert "document type" in refusal(('<?xml version="1.0" encoding="utf-16"?>' + text).encode("utf-16"))
    assert refusal(b"\x1f\x8b packed")


@pytest.mark.parametrize("arraysize", ["*", "10*", f"{WIDE}", f"{10 * WIDE}*", "36", "2x*", ""])
def test_sizes_of_links_pass(arraysize: str) -> None:
    check_votable(f'{HEAD}<FIELD name="a" datatype="char" arraysize="{arraysize}"/>{TAIL}'.encode(), "it")
