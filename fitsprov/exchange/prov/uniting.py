"""Documents as one: each thing is told once, with all that any of them says of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fitsprov.exchange.prov.prov import Document, Name, Statement, Told, Value

__all__ = ["unite"]


def unite(documents: Sequence[Document]) -> Document:
    """Make one document of some.

    A prefix that stands for different namespaces in them is numbered on.
    """
    if len(documents) == 1:
        return documents[0]
    prefixes: dict[str, str] = {}  # URI → prefix
    told: dict[object, Statement] = {}
    for document in documents:
        renamed = {prefix: prefix_for(uri, prefix, prefixes) for prefix, uri in document.namespaces.items()}
        for statement in document.statements:
            if any(old != new for old, new in renamed.items()):
                statement = rename(statement, renamed)
            key = statement.id or (statement.kind, statement.arguments, tuple(statement.attributes))
            known = told.setdefault(key, statement)
            if known is not statement and known.attributes != statement.attributes:
                told[key] = known._replace(attributes=join(known.attributes, statement.attributes))
    # things stand before what ties them
    statements = sorted(told.values(), key=lambda statement: statement.id is None)
    return Document({prefix: uri for uri, prefix in prefixes.items()}, statements)


def join(known: Sequence[tuple[str, Value]], others: Sequence[tuple[str, Value]]) -> Told:
    """Say all of both, in the order that `Statement` wants: those of PROV are in that of the alphabet."""
    pairs = [*known, *(pair for pair in others if pair not in known)]
    places = {name: place for place, (name, _) in reversed(list(enumerate(pairs)))}
    return sorted(pairs, key=lambda pair: (0, pair[0], 0) if pair[0].startswith("prov:") else (1, "", places[pair[0]]))


def prefix_for(uri: str, wanted: str, prefixes: dict[str, str]) -> str:
    """Find the prefix of a namespace, or take a new one."""
    if uri not in prefixes:
        taken, name, number = set(prefixes.values()), wanted, 2
        while name in taken:
            name, number = f"{wanted}-{number}", number + 1
        prefixes[uri] = name
    return prefixes[uri]


def rename(statement: Statement, renamed: Mapping[str, str]) -> Statement:
    """Give the names in a statement other prefixes."""

    def name(text: str) -> str:
        prefix, colon, local = text.partition(":")
        return f"{renamed.get(prefix, prefix)}{colon}{local}"

    def value(given: Value) -> Value:
        return Name(name(given)) if isinstance(given, Name) else given

    names = statement.kind not in ("entity", "activity", "agent")  # the arguments of these are times
    return statement._replace(
        id=None if statement.id is None else name(statement.id),
        arguments=tuple(name(each) if each and names else each for each in statement.arguments),
        attributes=[(key, value(given)) for key, given in statement.attributes],
    )
