"""Stamps that C writes from beginning to end are those that Python writes, and what is not plain is left to Python."""

from __future__ import annotations

import inspect
import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path, PosixPath
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fitsprov
from fitsprov.actions.plain import plain_stamper
from fitsprov.cards.card import format_card
from fitsprov.cards.grammar import BLOCK, CARD, END
from fitsprov.compiled import COMPILED
from fitsprov.errors import FitsprovError
from tests.faults import run_with

pytestmark = pytest.mark.skipif(not COMPILED, reason="needs the C extensions")

THEN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STAMP = fitsprov.Stamp(id=UUID(int=7), run="one", type="visit_image", data_id={"visit": 1})
FOREIGN = [
    format_card("DATASUM", "12"),
    format_card("CHECKSUM", "cgXPdgWMcgWMcgWM"),
    format_card("LONGSTRN", "OGIP 1.0"),
    format_card("FPV_OLD", "x"),
    format_card("HIERARCH FPV_X", 1),
    format_card("KEY", "x" * 100),
    b" " * CARD,
]


def content_of(cards: bytes, axes: tuple[int, ...] = (7,), behind: bytes = b"", data: int = 1) -> bytes:
    """A file of a header with these cards, what stands behind its END, and so many blocks of data."""
    sizes = [("SIMPLE", True), ("BITPIX", 8), ("NAXIS", len(axes)), *((f"NAXIS{n}", x) for n, x in enumerate(axes, 1))]
    header = b"".join(format_card(*card) for card in sizes) + cards + END + behind
    return header.ljust(-(-len(header) // BLOCK) * BLOCK) + bytes(data * BLOCK)


def by_python(*arguments: Any, **options: Any) -> Any:
    """Stamp without C from beginning to end."""
    return fitsprov.stamp.__wrapped__(*arguments, **options)  # type: ignore[attr-defined]


def outcome(stamp: Callable[..., object], path: Path, content: bytes, *arguments: Any, **options: Any) -> object:
    """What becomes of a file."""
    path.write_bytes(content)
    try:
        done = stamp(path, *arguments, clock=lambda: THEN, **options)
    except FitsprovError as error:
        done = str(error)
    return done, path.read_bytes()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(
    cards=st.lists(st.sampled_from(FOREIGN), max_size=4).map(b"".join),
    fill=st.integers(0, 40),
    axes=st.sampled_from([(), (0,), (7,), (7, 3), (3000,), (-1,), (2**32, 2**32), (2**40, 2**40, 0)]),
    behind=st.sampled_from([b"", b"junk", b" " * CARD + format_card("FPV_ID", "x")]),
    data=st.integers(0, 1),
    stamp=st.builds(
        fitsprov.Stamp,
        id=st.sampled_from([None, UUID(int=7)]),
        run=st.sampled_from([None, "r", "long" * 40, "it's", "caf\xe9", "\n"]),
        parents=st.sampled_from([None, (), (UUID(int=1), UUID(int=2)), tuple(UUID(int=n) for n in range(1, 150))]),
        fingerprint=st.sampled_from([None, f"sha256:1:{'0' * 32}"]),
        stamped=st.sampled_from([None, THEN]),
    ),
)
def test_files_are_stamped_the_same(
    cards: bytes, fill: int, axes: tuple[int, ...], behind: bytes, data: int, stamp: fitsprov.Stamp, tmp_path: Path
) -> None:
    content = content_of(cards + fill * format_card("FILL", 1), axes, behind, data)
    expected = outcome(by_python, tmp_path / "a.fits", content, stamp)
    assert outcome(fitsprov.stamp, tmp_path / "a.fits", content, stamp) == expected


OPTIONS = [
    {},
    {"hdu": 0, "conventions": ("native",), "lists": "auto", "fsync": False, "dry_run": False},
    {"replace": True, "derive": True, "force": True, "break_hardlinks": True, "insert_range": True},
    {"hdu": 1},
    {"conventions": ("native", "rubin")},
    {"conventions": ["no such"]},
    {"lists": "none"},
    {"lists": "no such"},
    {"list_cards": 1},
    {"list_cards": 1.5},
    {"list_cards": 10**30},
    {"fingerprint": True},
    {"fsync": True},
    {"atomic": True},
    {"dry_run": True},
]


@pytest.mark.parametrize("options", OPTIONS)
@pytest.mark.parametrize("parents", [None, (UUID(int=1), UUID(int=2))])
def test_options_are_heeded_the_same(options: dict[str, Any], parents: Any, path: Path) -> None:
    content, stamp = path.read_bytes(), fitsprov.Stamp(id=UUID(int=7), run="one", parents=parents)
    expected = outcome(by_python, path, content, stamp, **options)
    assert outcome(fitsprov.stamp, path, content, stamp, **options) == expected


@pytest.mark.parametrize(
    "wrong", [lambda: fitsprov.stamp(), lambda: fitsprov.stamp("a"), lambda: fitsprov.stamp("a", STAMP, nope=1)]
)
def test_calls_that_are_none_are_refused_the_same(wrong: Callable[[], object]) -> None:
    with pytest.raises(TypeError, match=r"stamp\(\)"):
        wrong()


def test_the_call_is_described_as_it_is_in_python() -> None:
    assert "dry_run: 'bool' = False" in str(inspect.signature(fitsprov.stamp))
    assert str(fitsprov.stamp.__doc__).startswith("Stamp a file in place")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A plain file."""
    path = tmp_path / "a.fits"
    path.write_bytes(content_of(FOREIGN[5]))
    return path


def is_written(path: object, stamp: fitsprov.Stamp = STAMP, list_cards: int = 100) -> bool:
    """Whether C stamps a file."""
    return plain_stamper().stamp(path, stamp, list_cards, lambda: THEN)


def test_a_plain_file_is_stamped_by_c(path: Path) -> None:
    assert is_written(path)
    assert fitsprov.read(path) == fitsprov.Stamp(
        id=STAMP.id, run="one", type="visit_image", data_id={"visit": 1}, stamped=THEN
    )
    assert not is_written(path)


def test_a_path_may_be_text_of_any_script(path: Path) -> None:
    other = path.with_name("gr\xf6\xdfer.fits")
    shutil.copy(path, other)
    assert is_written(str(path))
    assert is_written(str(other))
    assert path.read_bytes() == other.read_bytes()


class Text(str):
    """As numpy and enumerations have it."""


class Elsewhere(PosixPath):
    """A path that opens another file than it shows."""

    def __fspath__(self) -> str:
        return str(self.with_suffix(".other"))


def test_what_is_derived_from_text_or_paths_may_mean_something_else(path: Path) -> None:
    other = shutil.copy(path, path.with_suffix(".other"))
    assert not is_written(Text(path))
    assert not is_written(Elsewhere(path))
    fitsprov.stamp(Elsewhere(path), STAMP)
    assert fitsprov.read(path) is None
    assert fitsprov.read(other) is not None
    fitsprov.stamp(Text(path), fitsprov.Stamp(id=Text(STAMP.id), run="text"))
    assert fitsprov.read(path) == fitsprov.read(Text(path)) != fitsprov.read(other)


@pytest.mark.parametrize(("cards", "run"), [(4, "one"), (4, "it's"), (32, "one")], ids=["plain", "quoted", "full"])
def test_the_clock_is_looked_at_once(path: Path, cards: int, run: str) -> None:
    path.write_bytes(content_of(cards * FOREIGN[3].replace(b"FPV", b"KEY")))
    times = iter([THEN])
    fitsprov.stamp(path, fitsprov.Stamp(run=run), clock=lambda: next(times))
    assert list(times) == []


@pytest.mark.parametrize("wrong", [None, 5, object()])
def test_what_is_no_stamp_is_refused_before_the_file_is_opened(path: Path, wrong: Any) -> None:
    assert not is_written(path, wrong)
    with pytest.raises(AttributeError, match="parents"):
        fitsprov.stamp(path, wrong)


def test_what_is_not_plain_is_left_as_it_is(path: Path, tmp_path: Path) -> None:
    before = path.read_bytes()
    for name, content in {
        "empty": b"",
        "text": b"SIMPLE" * 1000,
        "stamped": content_of(FOREIGN[3]),
        "without data": content_of(b"", ()),
        "cut": content_of(b"", (9 * BLOCK,)),
        "full": content_of(30 * FOREIGN[5]),
        "junk": content_of(b"", behind=b"junk"),
    }.items():
        other = tmp_path / name
        other.write_bytes(content)
        assert not is_written(other), name
        assert other.read_bytes() == content
    (tmp_path / "link").symlink_to(path)
    (tmp_path / "name").hardlink_to(path)
    for target in (path, tmp_path / "link", tmp_path, tmp_path / "absent", f"file://{path}", "a\0b", before, None):
        assert not is_written(target)
    (tmp_path / "name").unlink()
    assert not is_written(path, fitsprov.Stamp(parents=[UUID(int=1), UUID(int=2)]), 1)
    assert not is_written(path, fitsprov.Stamp(run="it's"))
    (tmp_path / ".a.fits.fitsprov").touch()
    assert not is_written(path)
    (tmp_path / ".a.fits.fitsprov").unlink()
    path.chmod(0o444)
    assert not is_written(path)
    path.chmod(0o644)
    assert path.read_bytes() == before
    assert is_written(path)


def test_a_file_that_another_holds_is_waited_for_by_python(path: Path) -> None:
    import fcntl

    with path.open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert not is_written(path)
    assert is_written(path)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs a list of open files")
def test_who_is_interrupted_leaves_the_file_alone_and_closed(path: Path) -> None:
    def interrupted() -> datetime:
        raise KeyboardInterrupt

    before, descriptors = path.read_bytes(), len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(KeyboardInterrupt):
        plain_stamper().stamp(path, STAMP, 100, interrupted)
    assert path.read_bytes() == before
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    assert is_written(path)


@pytest.mark.parametrize("fault", ["k1", "k2", "t1", "k3", "s0", "f1", "h1", "f2", "h2", "F1", "F2"])
def test_whatever_write_is_lost_the_file_says_what_it_said_or_all(faults: Path, path: Path, fault: str) -> None:
    bare = path.read_bytes()
    code = run_with(fault, faults, f"import fitsprov; fitsprov.stamp({str(path)!r}, fitsprov.Stamp(run='one'))")
    found = fitsprov.read(path)
    assert found is None or found.run == "one"
    killed, refused = fault in ("k1", "k2", "t1"), fault[0] == "F"
    assert code == (-9 if killed else 1 if refused else 0)
    assert (found is None) == (killed or refused)
    if fault[0] in "F":
        assert path.read_bytes()[: bare.index(END) + CARD] == bare[: bare.index(END) + CARD]
    fitsprov.stamp(path, fitsprov.Stamp(run="one"))
    fitsprov.strip(path)
    assert path.read_bytes() == bare
    assert [other.name for other in path.parent.iterdir()] == [path.name]
