"""What is PostgreSQL's alone: servers that are not there, roles, restarts, and a schema of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from fitsprov.errors import FitsprovError, RegistryError
from fitsprov.registry import Registry
from fitsprov.registry.engines import postgres as on_postgres
from fitsprov.registry.engines.engine import open_engine, parse_url, release
from fitsprov.registry.schema import metadata
from tests.registry.making import dataset, record, step, survey, uid
from tests.servers import OwnServer, Server


def message(error: pytest.ExceptionInfo[FitsprovError]) -> str:
    text = str(error.value)
    assert "\n" not in text
    assert "secret" not in text
    return text


def ask(server: Server, url: str, statement: str) -> None:
    """Run a statement in a database, beside the registry."""
    with psycopg.connect(server.plain(make_url(url)), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]  # a literal of a test


@pytest.mark.parametrize("open_it", [Registry, Registry.create])
def test_a_server_that_is_not_there_is_said_so(open_it: type[Registry], tmp_path: Path) -> None:
    for host in ("127.0.0.1:1", "no-such-host.invalid"):
        with pytest.raises(RegistryError, match=r"no server answers \(.*\); expected PostgreSQL there") as error:
            open_it(f"postgresql+psycopg://me:secret@{host}/db")
        assert message(error).startswith(f"postgresql+psycopg://me:***@{host}/db: ")
    with pytest.raises(RegistryError, match="no server answers"):
        open_it(f"postgresql://me@/db?host={tmp_path}")


@pytest.mark.parametrize("open_it", [Registry, Registry.create])
def test_a_database_that_is_not_there_is_said_so(postgres: Server, open_it: type[Registry]) -> None:
    url = postgres.url.set(database="nowhere").render_as_string(hide_password=False)
    with pytest.raises(RegistryError, match=r"no such database; expected one \(createdb makes it") as error:
        open_it(url)
    assert "nowhere" in message(error)


def test_a_database_without_a_schema_is_no_registry(postgres: Server) -> None:
    with postgres.lent() as url:
        with pytest.raises(RegistryError, match="not a registry; expected one that fitsprov init made") as error:
            Registry(url)
        message(error)
        ask(postgres, url, "CREATE TABLE run (id int); CREATE TABLE meta (key text)")
        with Registry.create(url) as made:  # beside the tables of others
            assert made.record(survey()).datasets == 8
        with pytest.raises(psycopg.errors.UndefinedTable):
            ask(postgres, url, "SELECT 1 FROM entity")
        ask(postgres, url, "SELECT 1 FROM fitsprov.entity")


def test_a_schema_of_something_else_is_refused_and_kept(postgres: Server) -> None:
    with postgres.lent() as url:
        ask(postgres, url, "CREATE SCHEMA fitsprov CREATE TABLE run (id int)")
        with pytest.raises(RegistryError, match="a database of something else; expected"):
            Registry.create(url)
        ask(postgres, url, "DROP TABLE fitsprov.run")


def test_a_database_that_cannot_hold_all_text_is_refused(postgres: Server) -> None:
    url = postgres.make(options="TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'")
    with pytest.raises(RegistryError, match=r"encoding is SQL_ASCII; expected UTF8"):
        Registry.create(url)
    postgres.drop(url)


def test_all_text_is_ordered_by_its_bytes(database: str) -> None:
    """An index outlives the locales of an operating system, and answers come in the order of SQLite."""
    engine = open_engine(parse_url(database))
    with engine.connect() as connection:
        others = connection.exec_driver_sql(
            "SELECT table_name, column_name, collation_name FROM information_schema.columns"
            " WHERE table_schema = 'fitsprov' AND data_type IN ('text', 'character varying')"
            " AND collation_name IS DISTINCT FROM 'C' AND table_name <> 'alembic_version'"
        )
        wrong = [row for row in others if row[0] in metadata.tables]
    release(engine)
    assert not wrong


@pytest.fixture
def role(postgres: Server, database: str) -> Iterator[str]:
    """The URL of a registry for a user who may only read."""
    postgres.do("DROP ROLE IF EXISTS reader")
    postgres.do("CREATE ROLE reader LOGIN PASSWORD 'secret'")
    ask(postgres, database, "GRANT USAGE ON SCHEMA fitsprov TO reader")
    ask(postgres, database, "GRANT SELECT ON ALL TABLES IN SCHEMA fitsprov TO reader")
    yield make_url(database).set(username="reader", password="secret").render_as_string(hide_password=False)
    ask(postgres, database, "DROP OWNED BY reader; DROP ROLE reader")


def test_who_may_only_read_is_told_so(database: str, role: str) -> None:
    with Registry(database) as registry:
        registry.record(survey())
    with Registry(role) as registry:
        assert len(registry.lineage(uid("coadd")).datasets) == 7
        with pytest.raises(RegistryError, match=r"this user may not do that \(permission denied for .*\); expected"):
            registry.record(record(datasets=(dataset("new"),)))


def test_a_wrong_password_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the words of a server, because that of the tests asks for none."""

    def refuse(**_: object) -> None:
        text = 'connection failed: connection to server at "::1", port 5432 failed: FATAL:  password authentication'
        raise psycopg.OperationalError(f'{text} failed for user "me"\nconnection failed: …')

    monkeypatch.setattr(psycopg, "connect", refuse)
    with pytest.raises(RegistryError, match="refuses this user's password; expected the right one in the URL") as error:
        Registry("postgresql://me:secret@localhost/db")
    message(error)


def test_without_its_driver_the_extra_is_named() -> None:
    code = """
import sys
sys.modules["psycopg"] = None
from fitsprov.errors import MissingExtra
from fitsprov.registry import Registry
try:
    Registry("postgresql://me:secret@host/db")
except MissingExtra as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = (
        "postgresql+psycopg://me:***@host/db: PostgreSQL needs an optional part: pip install 'fitsprov[postgres]'"
    )
    assert done.stdout == expected + "\n"


def test_who_waits_too_long_is_told_why(database: str) -> None:
    url = f"{database}&options=-clock_timeout%3D100"
    engine = open_engine(parse_url(database))
    with Registry(url) as registry, engine.connect().execution_options(writes=True) as other:
        with other.begin():
            assert registry.find() == []
            with pytest.raises(RegistryError, match=r"another process has been writing for .* try again later"):
                registry.record(survey())
        assert registry.record(survey()).files == 1
    release(engine)


@pytest.fixture
def server(postgres: Server) -> OwnServer:
    """A server that may be restarted."""
    if not isinstance(postgres, OwnServer):
        pytest.skip("FITSPROV_TEST_PG names a server that is not ours to restart")
    return postgres


PAGE = Path(__file__).parents[3] / "docs/howto/postgresql.md"


@pytest.fixture
def as_the_page_says(server: OwnServer) -> Iterator[str]:
    """The URL of a database that is made by what the page tells a superuser."""
    for statement in sql_of_page()[0]:
        server.do(statement)
    yield server.url.set(database="provenance", username="fitsprov").render_as_string(hide_password=False)
    server.do("DROP DATABASE provenance WITH (FORCE)")
    for role in ("fitsprov_reader", "fitsprov"):
        server.do(f"DROP ROLE IF EXISTS {role}")


def sql_of_page() -> list[list[str]]:
    """The statements of each block of SQL."""
    blocks = re.findall(r"^```sql\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [[line.strip() for line in block.split(";") if line.strip()] for block in blocks]


def test_the_page_about_postgresql_works(server: OwnServer, as_the_page_says: str, tmp_path: Path) -> None:
    """Roles, the registry, a reader, a backup and what comes back of it."""
    with Registry.create(as_the_page_says) as registry:
        registry.record(survey())
        known = registry.lineage(uid("coadd"))
    superuser = make_url(as_the_page_says).set(username="postgres").render_as_string(hide_password=False)
    for statement in sql_of_page()[1]:
        ask(server, superuser, statement)
    reader = make_url(as_the_page_says).set(username="fitsprov_reader").render_as_string(hide_password=False)
    with Registry(reader) as registry:
        assert registry.lineage(uid("coadd")) == known
        with pytest.raises(RegistryError, match="this user may not do that"):
            registry.record(record(datasets=(dataset("new"),)))
    tools, file = server.server.bin_path, tmp_path / "provenance.dump"
    source = server.plain(make_url(superuser))
    subprocess.run([tools / "pg_dump", "--format=custom", "--schema=fitsprov", f"--file={file}", source], check=True)
    with server.lent() as again:
        subprocess.run([tools / "pg_restore", f"--dbname={server.plain(make_url(again))}", file], check=True)
        with Registry(again) as registry:
            assert registry.lineage(uid("coadd")) == known
            assert registry.record(survey()).datasets == 0


WRITERS, EACH = 4, 60


@pytest.mark.parametrize("how", ["fast", "immediate", "kill"])
def test_a_server_restarted_under_load_loses_nothing(server: OwnServer, database: str, how: str) -> None:
    """Whoever was writing goes on when it is there again, and nothing is there twice."""
    problems: list[BaseException] = []
    done: list[str] = []

    def work(writer: int) -> None:
        try:
            with Registry(database) as registry:
                for turn in range(EACH):
                    name = f"{how} {writer} {turn}"
                    registry.record(record(step(name, ["shared"], [name])))
                    done.append(name)
                    assert registry.dataset(uid(name)).type == "image"
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for restart in range(2):
        while len(done) < (restart + 1) * WRITERS * EACH // 4 and not problems:
            time.sleep(0.005)
        if how == "kill":
            server.crash()
        else:
            server.stop(how)
            server.start()
    for thread in threads:
        thread.join()
    for problem in problems:
        raise problem
    with Registry(database) as registry:
        status = registry.status()
        assert (status.activities, status.edges) == (WRITERS * EACH, WRITERS * EACH)
        assert len(registry.datasets(map(uid, done))) == len(done) == WRITERS * EACH


def test_a_reader_comes_back_after_a_restart(server: OwnServer, database: str) -> None:
    with Registry(database) as registry:
        registry.record(survey())
        for _ in range(2):
            server.stop()
            server.start()
            assert len(registry.lineage(uid("coadd")).datasets) == 7
            assert len(registry.find()) == 8


def test_a_server_that_does_not_come_back_is_one_error(
    server: OwnServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fitsprov.registry.engines.postgres.RESTART_SECONDS", 0.3)
    with Registry(database) as registry:
        server.stop()
        try:
            with pytest.raises(RegistryError, match="no server answers") as error:
                registry.record(survey())
            message(error)
        finally:
            server.start()
        assert registry.record(survey()).datasets == 8


IDLE = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"


def test_the_end_of_a_snapshot_comes_though_nobody_waits_for_it(server: OwnServer, database: str) -> None:
    with (
        Registry(database) as registry,
        psycopg.connect(server.plain(make_url(database)), autocommit=True) as other,
    ):
        for _ in range(10):
            registry.find()
            assert registry.datasets([uid("coadd")]) == {}
            deadline = time.monotonic() + 20
            while other.execute(IDLE).fetchone() != (0,):
                assert time.monotonic() < deadline
        assert len(registry._reader.kept) == 1


@pytest.mark.parametrize("lost", ["SELECT pg_terminate_backend(pid)", "the end does not come", "what came was no end"])
def test_a_kept_connection_that_is_not_good_is_not_used_again(
    server: OwnServer, database: str, lost: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Registry(database) as registry:
        registry.record(survey())
        assert registry.dataset("SC_1").type == "raw"
        [kept] = registry._reader.kept
        driver = on_postgres.driver_of(kept)
        if lost.startswith("SELECT"):
            others = "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            ask(server, database, f"{lost} FROM pg_stat_activity {others}")
            assert on_postgres.readable(driver.fileno(), 20)
        else:
            statement = b"SELECT pg_sleep(100)" if lost == "the end does not come" else b"SELECT nonsense"
            monkeypatch.setattr(on_postgres, "END_SECONDS", 0.1 if lost == "the end does not come" else 20)
            driver.pgconn.send_query(statement)
        monkeypatch.setattr("fitsprov.registry.engines.engine.time.sleep", None)  # before anything is tried again
        assert registry.lineage(uid("coadd")).focus == uid("coadd")
        assert driver.closed
        assert kept not in registry._reader.kept


def test_a_server_without_room_for_a_connection_is_said_so() -> None:
    error = psycopg.OperationalError("connection failed: FATAL:  could not write init file: No space left on device")
    assert on_postgres.is_full(error)
    assert on_postgres.meaning(error).startswith("no space is left")
