"""Only a registry of this version is opened, and only making one creates a file."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from fitsprov.errors import FitsprovError, RegistryError, UsageError
from fitsprov.registry import Registry
from fitsprov.registry.engines.engine import open_engine, parse_url, release
from fitsprov.registry.engines.migrate import MIGRATIONS
from fitsprov.registry.schema import REVISIONS, VERSION_TABLE
from tests.registry.making import dump, survey


def message(error: pytest.ExceptionInfo[FitsprovError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    return text


def test_opening_never_creates(tmp_path: Path) -> None:
    with pytest.raises(RegistryError) as error:
        Registry(tmp_path / "absent.db")
    assert "no registry; expected one (fitsprov init makes it)" in message(error)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("open_it", [Registry, Registry.create])
def test_a_text_file_is_refused_and_kept(tmp_path: Path, open_it: type[Registry]) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, but long enough to be taken for one\n" * 100)
    before = path.read_bytes()
    with pytest.raises(RegistryError, match="not a registry; expected") as error:
        open_it(path)
    assert str(path) in message(error)
    assert path.read_bytes() == before


@pytest.mark.parametrize("open_it", [Registry, Registry.create])
def test_another_database_is_refused_and_kept(tmp_path: Path, open_it: type[Registry]) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE alembic_version (version_num TEXT)")
        other.execute("INSERT INTO alembic_version VALUES ('0001')")
    other.close()
    before = path.read_bytes()
    with pytest.raises(RegistryError, match="expected") as error:
        open_it(path)
    assert str(path) in message(error)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_registry_only_when_told(tmp_path: Path) -> None:
    path = tmp_path / "empty.db"
    path.touch()
    with pytest.raises(RegistryError, match="not a registry"):
        Registry(path)
    with Registry.create(path) as made:
        assert made.status().datasets == 0


@pytest.mark.parametrize("open_it", [Registry, Registry.create])
def test_a_newer_registry_is_refused(place: str, open_it: type[Registry]) -> None:
    Registry.create(place).close()
    engine = open_engine(parse_url(place))
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    release(engine)
    before = dump(place)
    with pytest.raises(RegistryError, match=f"9999 is newer than {REVISIONS[-1]}; expected a newer fitsprov") as error:
        open_it(place)
    assert message(error).startswith(place.partition("://")[0])
    assert dump(place) == before


def test_an_older_registry_says_how_to_migrate(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fitsprov.registry.engines.opening.REVISIONS", (*REVISIONS, "next"))
    with pytest.raises(RegistryError, match=f"schema {REVISIONS[-1]}; expected next .fitsprov init migrates it"):
        Registry(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("mysql://me:secret@host/db", "no engine mysql; expected sqlite:///FILE or postgresql"),
        ("postgresql+psycopg2://me:secret@host/db", r"no engine postgresql\+psycopg2; expected"),
        ("postgresql://me:secret@host", "no database is named; expected"),
        ("sqlite://", "in memory"),
        ("http://example.org", "expected sqlite:///FILE"),
        ("://", "not a registry URL"),
    ],
)
def test_a_wrong_url_is_refused_without_its_password(url: str, expected: str) -> None:
    with pytest.raises(RegistryError, match=expected) as error:
        Registry(url)
    assert "secret" not in message(error)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match=r"no folder .*absent"):
        Registry.create(tmp_path / "absent" / "registry.db")


@pytest.mark.parametrize("base_url", ["ftp://x.org", "example.org", "https://", "https://x.org/?q=1", "https://ü.org"])
def test_a_base_url_is_checked(tmp_path: Path, base_url: str) -> None:
    with pytest.raises(UsageError, match="expected http"):
        Registry.create(tmp_path / "r.db", base_url=base_url)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("authority", ["org.x", "ivo://", "ivo://x.org?a", "ivo://x.org/a#b", "ivo://x.org/%41"])
def test_an_authority_is_checked(tmp_path: Path, authority: str) -> None:
    with pytest.raises(UsageError, match="expected ivo://"):
        Registry.create(tmp_path / "r.db", authority=authority)
    assert not list(tmp_path.iterdir())


def test_making_again_keeps_all_and_changes_only_what_is_given(place: str) -> None:
    with Registry.create(place, base_url="https://x.org/prov/", authority="ivo://x.org/dr1") as made:
        made.record(survey())
        assert made.base_url == "https://x.org/prov"
    before = dump(place)
    with Registry.create(place) as again:
        assert (again.base_url, again.authority) == ("https://x.org/prov", "ivo://x.org/dr1")
    assert [line for line in dump(place) if "version" not in line] == [line for line in before if "version" not in line]
    with Registry.create(place, base_url="http://y.org") as moved:
        assert (moved.base_url, moved.authority) == ("http://y.org", "ivo://x.org/dr1")


def test_a_file_may_have_an_odd_name(tmp_path: Path) -> None:
    path = tmp_path / "odd name % #.db"
    with Registry.create(path) as made, Registry(f"sqlite:///{path}") as same:
        made.record(survey())
        assert same.dataset("SC_1").type == "raw"


def create_at(url: str) -> str | None:
    with Registry.create(url, authority="ivo://x.org/dr1") as made:
        return made.authority


def test_processes_may_make_it_at_once(place: str) -> None:
    with get_context("spawn").Pool(4) as pool:
        assert pool.map(create_at, [place] * 4, chunksize=1) == ["ivo://x.org/dr1"] * 4


def test_revisions_are_those_of_the_migrations() -> None:
    walked = [script.revision for script in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]
    assert tuple(reversed(walked)) == REVISIONS


def test_opening_loads_no_alembic(path: Path) -> None:
    code = (
        f"import sys; from fitsprov.registry import Registry; Registry({str(path)!r}); print('alembic' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
