"""What a client gets, before it is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fitsprov.service.answer import HELD, Answer, document
from fitsprov.service.call import Call

CALL = Call("POST", {}, {}, {}, b"")


def test_a_short_document_is_whole_and_has_a_tag() -> None:
    answer = document(CALL, [b"a", b"b"], "text/plain")
    assert answer.body == b"ab"
    assert b"etag" in dict(answer.headers)


def test_a_long_document_goes_out_in_few_pieces_while_it_is_made() -> None:
    made = []

    def pieces() -> Iterator[bytes]:
        for n in range(1_000):
            made.append(n)
            yield b"%04d" % n * 1_000

    answer = document(CALL, pieces(), "text/plain")
    assert isinstance(answer, Answer)
    assert not isinstance(answer.body, bytes)
    assert len(made) < 100
    sizes = []
    for piece in answer.body:
        sizes.append(len(piece))
        assert len(made) * 4_000 - sum(sizes) <= HELD + 8_000
    assert sum(sizes) == 4_000_000
    assert min(sizes[:-1]) >= HELD


@pytest.mark.parametrize("may_fail", [True, False])
def test_links_that_failed_on_the_way_are_not_kept(may_fail: bool) -> None:
    headers = dict(document(CALL, [b'<INFO value="ERROR"/>'], "text/xml", may_fail=may_fail).headers)
    assert (b"etag" in headers) is not may_fail
    assert headers[b"cache-control"] == (b"no-store" if may_fail else b"no-cache")
