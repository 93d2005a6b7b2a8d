"""What a client gets, before it is sent."""

from __future__ import annotations

from collections.abc import Iterator

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
