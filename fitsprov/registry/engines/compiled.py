"""Statements compiled once for each engine and given to its driver as text: what stands between costs ten look-ups."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, Self

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    String,
    Table,
    bindparam,
    literal,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.sql.operators import OperatorType

from fitsprov.registry.engines.overdue import keep_deadline

__all__ = [
    "Asked",
    "Compiled",
    "among",
    "as_keys",
    "ask_ahead",
    "compiled",
    "forget_answers",
    "has_rows",
    "one_of",
    "rows_there",
]

P = ParamSpec("P")

AHEAD = "ahead"
"""Where a connection has the answers to what was asked ahead."""


class KeyIn(FunctionElement[bool]):
    """Whether a key is in a list, bound as JSON text: one statement serves lists of any length."""

    name = "key_in"
    type = Boolean()
    inherit_cache = True

    def self_group(self, against: OperatorType | None = None) -> Self:
        """Stand as it is: compared with 1, as booleans of SQLite are, it would use no index."""
        return self


@compiles(KeyIn)
def spell_key_in(element: KeyIn, compiler: SQLCompiler, **options: Any) -> str:
    """Read the list with SQLite's table-valued function."""
    key, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{key} IN (SELECT value FROM json_each({keys}))"


@compiles(KeyIn, "postgresql")
def spell_key_in_array(element: KeyIn, compiler: SQLCompiler, **options: Any) -> str:
    """Read the list as an array, whose length the planner sees."""
    key, keys = (compiler.process(clause, **options) for clause in element.clauses)
    return f"{key} = ANY (CAST(translate({keys}, '[]', '{{}}') AS bigint[]))"


def among(column: ColumnElement[int], parameter: str = "keys") -> ColumnElement[bool]:
    """Compare keys with a parameter that `as_keys` gives."""
    return KeyIn(column, bindparam(parameter, type_=String()))


def as_keys(keys: Iterable[int]) -> dict[str, str]:
    """Bind a list of keys for `among`."""
    return {"keys": str(list(keys))}


def one_of(column: ColumnElement[int], keys: Iterable[int]) -> ColumnElement[bool]:
    """Compare keys with a list that is known."""
    return KeyIn(column, literal(str(list(keys)), String()))


class Compiled:
    """A statement that the driver runs; its rows are as SQLAlchemy would give them.

    One of its parameters may be a list: that of an ``in_`` that expands.
    """

    def __init__(self, statement: Select[Any]) -> None:
        self.statement = statement
        self.forms: dict[str, Form] = {}

    def rows(self, connection: Connection, **values: Any) -> list[tuple[Any, ...]]:
        """Fetch all rows, in the connection's transaction, which begins here where none has."""
        keep_deadline()
        if not connection.in_transaction():
            connection.begin()
        cursor = answer(connection, self, values) or self.execute(connection, values)
        return self.form(connection.dialect).read(cursor.fetchall())

    def asked(self, **values: Any) -> Asked:
        """Say what is going to be asked."""
        return Asked(self, values)

    def execute(self, connection: Connection, values: dict[str, Any]) -> Any:
        """Let the driver run it; give its cursor."""
        form = self.form(connection.dialect)
        cursor = connection.connection.cursor(**form.options)
        cursor.execute(*form.bound({**values}))
        return cursor

    def form(self, dialect: Dialect) -> Form:
        """Give it as an engine takes it."""
        form = self.forms.get(dialect.name)
        if form is None:
            form = self.forms[dialect.name] = Form(self.statement, dialect)
        return form


class Asked(NamedTuple):
    """A statement, and the parameters with which its rows are going to be asked for."""

    statement: Compiled
    values: dict[str, Any]


def ask_ahead(connection: Connection, some: Iterable[Asked]) -> None:
    """Send statements, each of them once; who asks the same while their transaction lasts is given the answers."""
    connection.info[AHEAD] = {
        one.statement: (one.values, one.statement.execute(connection, one.values)) for one in some
    }


def answer(connection: Connection, statement: Compiled, values: dict[str, Any]) -> Any:
    """Give, once, the cursor of what was asked ahead; None where it was not."""
    answers = connection.info.get(AHEAD)
    if answers and statement in answers and answers[statement][0] == values:
        return answers.pop(statement)[1]
    return None


def forget_answers(connection: Connection) -> None:
    """Forget what was asked ahead, and by nobody then."""
    connection.info.pop(AHEAD, None)


class Form:
    """A statement as one engine takes it."""

    def __init__(self, statement: Select[Any], dialect: Dialect) -> None:
        spelled = statement.compile(dialect=dialect)
        assert isinstance(spelled, SQLCompiler)
        self.order = spelled.positiontup
        """Of the parameters, where they have places instead of names."""
        self.options = {"binary": True} if self.order is None else {}
        """Of a cursor: psycopg reads bytes and UUIDs twice as fast that are not spelled out."""
        self.list = next((name for name, bound in spelled.binds.items() if bound.expanding), "")
        self.text = spelled.string
        self.text_of_one = self.text
        if self.order is None:
            expanding = f"IN (__[POSTCOMPILE_{self.list}])"
            self.text = spelled.string.replace(expanding, f"= ANY (%({self.list})s)")
            # that one key gives one row, the planner knows of this only
            self.text_of_one = spelled.string.replace(expanding, f"= %({self.list})s")
        self.constants = {name: bound.value for name, bound in spelled.binds.items() if not bound.required}
        types = {name: bound.type.dialect_impl(dialect) for name, bound in spelled.binds.items()}
        binders = {name: type_.bind_processor(dialect) for name, type_ in types.items() if name not in self.constants}
        self.binders = {name: bind for name, bind in binders.items() if bind is not None}
        columns = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        readers = ((place, type_.result_processor(dialect, None)) for place, type_ in enumerate(columns))
        self.readers = [(place, reader) for place, reader in readers if reader is not None]
        self.sized: dict[int, str] = {}
        """The text by the length of the list, where each of its values has its own place."""

    def bound(self, values: dict[str, Any]) -> tuple[str, Any]:
        """Give the text and its parameters as the driver takes them; the values are changed."""
        for name, bind in self.binders.items():
            values[name] = list(map(bind, values[name])) if name == self.list else bind(values[name])
        if self.constants:
            values |= self.constants
        if self.order is None:
            if self.list and len(values[self.list]) == 1:
                return self.text_of_one, {**values, self.list: values[self.list][0]}
            return self.text, values
        if not self.list:
            return self.text, [values[name] for name in self.order]
        items = values[self.list]
        # a power of two, so that there are few texts: those that were prepared are used again
        size = 1 << (len(items) - 1).bit_length() if items else 0
        items += items[-1:] * (size - len(items))
        if size not in self.sized:
            self.sized[size] = self.text.replace(f"__[POSTCOMPILE_{self.list}]", ", ".join("?" * size))
        places = (items if name == self.list else [values[name]] for name in self.order)
        return self.sized[size], [value for place in places for value in place]

    def read(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Give what the driver fetched the types of the columns."""
        if not self.readers:
            return rows
        read = []
        for row in rows:
            values = list(row)
            for place, convert in self.readers:
                values[place] = convert(values[place])
            read.append(tuple(values))
        return read


def compiled(make: Callable[P, Select[Any]]) -> Callable[P, Compiled]:
    """Make a statement once, when it is first asked for."""

    made: dict[Any, Compiled] = {}

    @wraps(make)
    def once(*arguments: P.args, **options: P.kwargs) -> Compiled:
        statement = made.get(arguments)
        if statement is None:
            statement = made[arguments] = Compiled(make(*arguments, **options))
        return statement

    return once


@compiled
def rows_there(*tables: Table) -> Select[Any]:
    """Select whether tables have rows."""
    keys = (next(iter(one.primary_key)) for one in tables)
    return select().add_columns(*(select(key).where(key > 0).exists() for key in keys))


def has_rows(connection: Connection, *tables: Table) -> bool:
    """Whether one of some tables has rows: to spell a list of keys for those that have none takes longer."""
    return any(any(row) for row in rows_there(*tables).rows(connection))
