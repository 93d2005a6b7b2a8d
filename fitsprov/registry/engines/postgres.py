"""Registries in PostgreSQL: a schema of their own in a database that is there.

Readers see one snapshot. Writers queue for one lock, as on SQLite, and read what was committed before they got it:
checks hold until the commit, no two can block each other for good, and keys grow in the order of commits.
"""

from __future__ import annotations

import os
import select
import threading
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.exc import InvalidatePoolError

from fitsprov.errors import MissingExtra, RegistryError
from fitsprov.registry.engines.sqlite import NO_SPACE
from fitsprov.registry.engines.version import number_changes

if TYPE_CHECKING:
    import psycopg

__all__ = [
    "cancel",
    "connect_new",
    "connect_old",
    "has_ended",
    "is_full",
    "is_passing",
    "leave",
    "meaning",
    "pipeline",
    "prepare",
    "size_of",
]

SCHEMA = "fitsprov"
"""Of the tables; ``?options=-csearch_path=OTHER`` in a URL names another, which must exist."""
BUSY_SECONDS = 60.0
"""How long one waits for another that writes."""
RESTART_SECONDS = 30.0
"""How long one waits for a server that was there and is restarting."""
CONNECT_SECONDS = 10
"""How long one waits for a server that does not answer."""
END_SECONDS = 1
"""How long one waits for the end of a transaction before one takes another connection."""
QUEUE = 0x666974737072
"""What writers lock, in each database."""
BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
# what a writer looks up it finds by keys: one plan is good for all times, and to make it takes longer than to run it
BEGIN_WRITING = (
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;"
    " SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off;"
    f" SELECT pg_advisory_xact_lock({QUEUE})"
)

PASSING = ("08", "40001", "40P01", "57P01", "57P02", "57P03")
"""SQLSTATEs, or how they begin, of what goes away by itself: lost connections, conflicts, shutdown and startup."""
NO_SERVER = (
    "Connection refused",
    "No such file",
    "resolve host",
    "translate host",
    "timeout expired",
    "Network is unreachable",
)
FULL = ("53100", "53400")
"""SQLSTATEs of a disk that is full, and of a limit on temporary files."""
DISK_FULL = "No space left on device"
"""What a server says that cannot even take a connection; there is no SQLSTATE then."""
STARTING = ("starting up", "shutting down", "recovery mode", "not yet accepting", "terminating connection")


def connect_old(url: URL) -> Engine:
    """Give the engine of a database; a process has one for each.

    Raises
    ------
    MissingExtra
        Where psycopg is not installed.
    """
    return shared_engine(url, os.getpid())


connect_new = connect_old


@lru_cache(maxsize=16)
def shared_engine(url: URL, process: int) -> Engine:
    """Make the engine of one database in one process."""
    try:
        import psycopg  # noqa: F401  (whether it is there)
    except ModuleNotFoundError:
        raise MissingExtra(f"{url.render_as_string()}: PostgreSQL", "postgres") from None
    server = Server(url)
    engine = create_engine(
        URL.create("postgresql+psycopg"), creator=server.connect, pool_size=5, max_overflow=32, pool_use_lifo=True
    )
    event.listen(engine, "begin", begin)
    event.listen(engine, "checkout", refuse_lost)
    number_changes(engine)
    return engine


class Server:
    """Connects to one server; once it has answered, waits for it while it restarts."""

    def __init__(self, url: URL) -> None:
        given = dict(url.query)
        ours = f"-csearch_path={SCHEMA} -clock_timeout={BUSY_SECONDS * 1000:.0f} -cjit=off"
        self.parameters: dict[str, Any] = {
            "connect_timeout": CONNECT_SECONDS,
            "fallback_application_name": "fitsprov",
            **given,
            **url.translate_connect_args(username="user", database="dbname"),
            "options": f"{ours} {given.get('options', '')}",
            "client_encoding": "UTF8",
        }
        self.met = threading.Event()

    def connect(self) -> psycopg.Connection[Any]:
        """Connect; transactions are begun by `begin` alone."""
        import psycopg

        deadline = time.monotonic() + RESTART_SECONDS
        while True:
            try:
                connection = psycopg.connect(autocommit=True, **self.parameters)
            except psycopg.OperationalError as error:
                if not self.met.is_set() or not is_passing(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                self.met.set()
                return connection


def refuse_lost(connection: psycopg.Connection[Any], record: object, proxy: object) -> None:
    """Have the pool connect anew where the server has hung up meanwhile: only then is there something to read."""
    if connection.closed or readable(connection.fileno()):
        raise InvalidatePoolError


def readable(descriptor: int, seconds: float = 0) -> bool:
    """Whether something has come, or comes within a time."""
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def begin(connection: Connection) -> None:
    """Begin: writers take their lock at once, so that they wait here or nowhere."""
    writes = connection.get_execution_options().get("writes", False)
    connection.connection.cursor().execute(BEGIN_WRITING if writes else BEGIN_READING)


def leave(connection: Connection) -> None:
    """End a transaction that has only read, and do not wait for that; `has_ended` does.

    A connection that is lost has ended it, and what was read, or why nothing was, stands.
    """
    import psycopg

    with suppress(psycopg.Error):
        driver_of(connection).pgconn.send_query(b"ROLLBACK")


def has_ended(connection: Connection) -> bool:
    """Wait for what `leave` has begun; say whether that was all, and the server has not hung up since."""
    import psycopg

    server = driver_of(connection).pgconn
    try:
        while True:
            while server.is_busy():
                if not readable(server.socket, END_SECONDS):
                    return False
                server.consume_input()
            result = server.get_result()
            if result is None:
                return server.transaction_status == psycopg.pq.TransactionStatus.IDLE and not readable(server.socket)
            if result.status != psycopg.pq.ExecStatus.COMMAND_OK:
                return False
    except psycopg.Error:
        return False


def driver_of(connection: Connection) -> psycopg.Connection[Any]:
    """Give the driver's own connection."""
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]  # of DBAPI
    return driver


def pipeline(connection: Connection) -> AbstractContextManager[object]:
    """Begin a pipeline, which ends when the server has done all that was sent; libpq has them from version 14 on."""
    import psycopg

    return driver_of(connection).pipeline() if psycopg.Pipeline.is_supported() else nullcontext()


def cancel(connection: psycopg.Connection[Any]) -> None:
    """End the statement that runs on a connection, if one does; a server that is gone has ended it."""
    import psycopg

    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=CONNECT_SECONDS)


def prepare(connection: Connection, url: URL) -> None:
    """Make the schema where there is none, in a transaction that writes.

    Raises
    ------
    RegistryError
        Where the database could not hold all text.
    """
    encoding = connection.exec_driver_sql("SHOW server_encoding").scalar()
    if encoding != "UTF8":
        what = f"{url.render_as_string()}: the database's encoding is {encoding}"
        raise RegistryError(f"{what}; expected UTF8 (createdb --encoding=UTF8)")
    if connection.exec_driver_sql("SELECT current_schema()").scalar() is None:
        connection.exec_driver_sql(f"CREATE SCHEMA {SCHEMA}")


def size_of(connection: Connection) -> int:
    """Count the bytes of the tables and indexes."""
    query = (
        "SELECT coalesce(sum(pg_total_relation_size(oid)), 0)::bigint FROM pg_class"
        " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
    )
    size: int = connection.exec_driver_sql(query).scalar_one()
    return size


def is_passing(error: BaseException) -> bool:
    """Whether the same may succeed when it is done again, because it failed for a reason that passes."""
    state: str | None = getattr(error, "sqlstate", None)
    text = str(error)
    if state is not None:
        return state.startswith(PASSING)
    lost = ("server closed the connection", "connection is lost", "connection is closed", "connection is bad")
    return any(words in text for words in (*lost, *STARTING, *NO_SERVER, "SSL SYSCALL", "reset by peer"))


def meaning(error: BaseException) -> str:
    """Say what to do about a driver's error."""
    state, text = getattr(error, "sqlstate", None) or "", " ".join(str(error).split())
    if any(words in text for words in NO_SERVER):
        return f"no server answers ({text}); expected PostgreSQL there"
    if ("password" in text and "authentication" in text) or "no password supplied" in text:
        return "the server refuses this user's password; expected the right one in the URL, PGPASSWORD or ~/.pgpass"
    if 'database "' in text and "does not exist" in text:
        return "no such database; expected one (createdb makes it, and fitsprov init the tables in it)"
    if state == "55P03":
        return f"another process has been writing for {BUSY_SECONDS:.0f} s; try again later"
    if state == "42501":
        return f"this user may not do that ({primary(error)}); expected the privilege, or another user"
    if state == "25006":
        return "the registry is read-only here; expected the primary server, not a standby"
    if is_full(error):
        return f"{NO_SPACE} of the server ({primary(error)})"
    if state.startswith("53"):
        return f"the server is out of room ({primary(error)}); nothing of this was taken in"
    if is_passing(error):
        return f"the server went away and did not come back ({text}); try again later"
    return primary(error)


def is_full(error: BaseException) -> bool:
    """Whether no space is left on the server, for what is kept or for what a statement needs meanwhile."""
    return getattr(error, "sqlstate", None) in FULL or DISK_FULL in str(error)


def primary(error: BaseException) -> str:
    """The server's own words, on one line."""
    told = getattr(getattr(error, "diag", None), "message_primary", None)
    return told or " ".join(str(error).split())
