"""What a client asked, taken apart."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.errors import UsageError
from fitsprov.service.call import LONGEST, MOST, NAMES, Call, fields, multipart

FORM = {b"content-type": b"application/x-www-form-urlencoded"}
PIECES = [b"a", b"ID", b"=", b"&", b"%25", b"%", b"%zz", b"+", b"%2B", b"\xc3\xa9", b"%C3%A9", b"%ff", b";", b" "]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_fields_are_read_as_python_reads_them(text: bytes) -> None:
    assert list(fields(text)) == parse_qsl(text.decode("latin-1"), keep_blank_values=True)


def test_values_of_query_and_form_stand_together_each_once() -> None:
    call = Call.of("POST", {}, b"id=a&ID=b", FORM, b"Id=c&ID=a&maxrec=3")
    assert call.all("ID") == ["a", "b", "c"]
    assert call.number("MAXREC") == 3


@pytest.mark.parametrize(
    ("said", "means"), [("0", 0), ("007", 7), ("9" * 18, 10**18 - 1), ("9" * 19, 10**18), ("1" + "0" * 9000, 10**18)]
)
def test_counts_have_no_largest(said: str, means: int) -> None:
    assert Call.of("GET", {}, f"MAXREC={said}".encode(), {}, b"").number("MAXREC") == means


@pytest.mark.parametrize("said", ["-1", "1.5", "1e3", "\u0661", "one"])
def test_what_is_no_count_is_refused(said: str) -> None:
    with pytest.raises(UsageError, match="expected a number, 0 or more"):
        Call.of("GET", {}, urlencode({"MAXREC": said}).encode(), {}, b"").number("MAXREC")


@pytest.mark.parametrize(
    ("preamble", "disposition"),
    [
        (b"", b'Content-Disposition: form-data; name="ID"'),
        (b"", b"content-disposition:form-data;name=ID"),
        (b"", b'Content-Disposition: form-data; filename="a"; name=ID; size=3'),
        (b"made by hand\r\n", b'Content-Disposition: form-data; name="ID"'),
    ],
)
def test_a_part_names_its_field_with_quotes_or_without(preamble: bytes, disposition: bytes) -> None:
    body = preamble + b"--x\r\n" + disposition + b"\r\n\r\none\r\n--x--\r\n"
    call = Call.of("POST", {}, b"", {b"content-type": b"multipart/form-data; boundary=x"}, body)
    assert call.all("ID") == ["one"]


@pytest.mark.parametrize("body", [b"", b"--x", b"--x\r\n\r\n", b"--y\r\n\r\n\r\n--y--"])
def test_a_form_that_is_cut_is_refused(body: bytes) -> None:
    with pytest.raises(UsageError, match="expected multipart/form-data"):
        list(multipart("multipart/form-data; boundary=x", body))


def test_a_body_that_is_no_form_is_refused_by_its_type() -> None:
    with pytest.raises(UsageError, match="of type 'application/json'; expected application/x-www-form-urlencoded or"):
        Call.of("POST", {}, b"", {b"content-type": b"application/json; charset=utf-8"}, b'{"ID": "x"}')


@pytest.mark.parametrize("blank", [b"", b"ID=&", b"ID&ID&"])
def test_of_too_many_values_one_more_is_kept_and_what_follows_is_read(blank: bytes) -> None:
    body = blank + b"&".join(b"ID=%d" % n for n in range(1_000)) + b"&MAXREC=3"
    call = Call.of("POST", {}, b"", FORM, body, most=100)
    assert [one for one in call.all("ID") if one] == [str(n) for n in range(101)]
    assert call.number("MAXREC") == 3


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (FORM[b"content-type"], b"ID=%s" % (b"%25" * LONGEST)),
        (FORM[b"content-type"], b"%s=1" % (b"x" * (LONGEST + 1))),
        (
            b"multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="ID"\r\n\r\n%s\r\n--x--' % (b"y" * (LONGEST + 1)),
        ),
        (FORM[b"content-type"], b"a&" * (MOST + 1)),
        (FORM[b"content-type"], b"&".join(b"name%d" % n for n in range(NAMES + 1))),
    ],
)
def test_what_is_longer_than_anything_that_is_asked_for_is_refused(content_type: bytes, body: bytes) -> None:
    with pytest.raises(UsageError, match=r"expected (at most|those|fewer)"):
        Call.of("POST", {}, b"", {b"content-type": content_type}, body)
