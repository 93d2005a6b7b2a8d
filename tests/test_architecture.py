"""The direction of imports: each room knows only those below it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "fitsprov"

GROUND = {"errors", "compiled"}
ALLOWED = {
    "errors": set(),
    "compiled": set(),
    "settings": GROUND,
    "templates": GROUND,
    "model": GROUND,
    "cards": GROUND,
    "conventions": {"model", "cards"} | GROUND,
    "files": {"model", "cards"} | GROUND,
    "registry": {"model"} | GROUND,
    "datalink": {"model"} | GROUND,
    "exchange": {"model"} | GROUND,
    "capture": {"model"} | GROUND,
    "actions": {
        "model",
        "cards",
        "conventions",
        "files",
        "registry",
        "datalink",
        "exchange",
        "capture",
        "templates",
        "settings",
    }
    | GROUND,
    "service": {"actions", "model", "settings"} | GROUND,
    "cli": {"actions", "model", "settings", "service", "fitsprov"} | GROUND,
    "__main__": {"cli"},
    "butler": {"actions", "model"},  # named in a Butler's configuration, as a command is on a command line
    "fitsprov": {"actions", "conventions", "errors", "model"},
}
"""Room → the rooms that it may import; ``fitsprov`` is the package's face."""


def room_of(module: str) -> str | None:
    """The room of a dotted name; None for what is not ours."""
    parts = module.split(".")
    if parts[0] != "fitsprov":
        return None
    return parts[1] if len(parts) > 1 else "fitsprov"


def room_of_file(path: Path) -> str:
    """The room in which a file lies."""
    relative = path.relative_to(PACKAGE)
    return (
        "fitsprov" if relative.name == "__init__.py" and len(relative.parts) == 1 else relative.parts[0].split(".")[0]
    )


def imported(path: Path) -> set[str]:
    """What a file imports, at any depth, by dotted name."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names.add(node.module or "")
    return names


FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_templates" not in path.parts)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_downwards(path: Path) -> None:
    room = room_of_file(path)
    rooms = {found for name in imported(path) if (found := room_of(name)) is not None}
    assert rooms - {room} <= ALLOWED[room], f"{path.name} in {room} imports {rooms - {room} - ALLOWED[room]}"


@pytest.mark.parametrize("room", ["model", "cards", "conventions"])
def test_pure_rooms_know_no_file_clock_or_network(room: str) -> None:
    impure = {"os", "io", "pathlib", "time", "socket", "urllib.request", "subprocess", "sqlalchemy", "astropy"}
    for path in (PACKAGE / room).glob("*.py"):
        assert not imported(path) & impure, f"{path} imports {imported(path) & impure}"


def test_every_room_has_its_rule() -> None:
    assert {room_of_file(path) for path in FILES} <= set(ALLOWED)


def test_modules_stay_small() -> None:
    long = {str(p.relative_to(PACKAGE)): n for p in FILES if (n := len(p.read_text().splitlines())) > 400}
    assert not long
