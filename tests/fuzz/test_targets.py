"""The targets of the fuzzer, without it: on seeds, on seeds that are changed by chance, on what is long."""

from __future__ import annotations

import tracemalloc
from time import process_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fitsprov.actions.conventions import all_conventions
from fitsprov.conventions.reading import read_header as read_provenance
from fitsprov.errors import TruncatedFits
from fitsprov.files.units import read_header
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import TARGETS

SEEDS = {target: tuple(seeds(target)) for target in TARGETS}
MIB = 2**20
WORDS = [
    b"END".ljust(80),
    b"FPV_SEAL= '",
    b"FPV_",
    b"CONTINUE  '",
    b"&'",
    b"''",
    b"NAXIS   = ",
    b"CHECKSUM= '",
    b" " * 80,
]


@pytest.mark.parametrize("target", TARGETS)
def test_seeds_are_read(target: str) -> None:
    assert len(SEEDS[target]) >= 3
    for seed in SEEDS[target]:
        TARGETS[target](seed)


@pytest.mark.parametrize("target", TARGETS)
@settings(max_examples=150)
@given(data=st.data())
def test_changed_seeds_are_read_or_refused(target: str, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(SEEDS[target])))
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(0, len(content) - 1)))
        if data.draw(st.booleans()):
            at -= at % 80
        text = data.draw(st.one_of(st.sampled_from(WORDS), st.binary(max_size=12)))
        content[at : at + data.draw(st.sampled_from([len(text), 0, 80, 2880]))] = text
    TARGETS[target](bytes(content))


@pytest.mark.parametrize(
    "card", [b"COMMENT x", b"FPV_P1  = 'x'", b"END x", b"CONTINUE  'x&'", b"HIERARCH FPV_ x = 1", b"\0" * 80, b"'" * 80]
)
def test_a_header_without_end_is_given_up_soon(card: bytes) -> None:
    block = card.ljust(80) * 36

    def read_at(offset: int, size: int) -> bytes:
        text = (block * (size // len(block) + 2))[offset % len(block) :][:size]
        return b"SIMPLE  =".ljust(80) + text[80:] if offset == 0 else text

    tracemalloc.start()
    start = process_time()
    with pytest.raises(TruncatedFits, match="goes on after"):
        read_header(read_at, source="endless")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert process_time() - start < 1
    assert peak < 32 * MIB


@pytest.mark.parametrize(
    "card",
    [b"COMMENT x", b"FPV_P1  = 'x'", b"FPV_R%-3d= 'a&'", b"CONTINUE  'x&'", b"HIERARCH LSST BUTLER x = 1", b"FPV_"],
)
def test_the_longest_header_is_read_in_seconds(card: bytes) -> None:
    cards = [(card % (n % 1000) if b"%" in card else card).ljust(80) for n in range(70_000)]
    header = b"".join([b"FPV_VER = 'fitsprov 1'".ljust(80), b"FPV_RUN = 'a&'".ljust(80), *cards])
    start = process_time()
    read_provenance(header, all_conventions())
    assert process_time() - start < 5
