"""Directives that write the reference pages from the sources, so that the two cannot disagree."""

from __future__ import annotations

import inspect
import json
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from translation import THINGS, lost, said

from fitsprov import errors
from fitsprov.conventions.convention import Convention, Keyword
from fitsprov.conventions.values import FIELDS, KINDS
from fitsprov.model.finding import CODES
from fitsprov.templates import read_template, template_names

DATALINK = "datalink-"


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    """A Markdown table."""
    heads = list(heads)
    yield from ("| " + " | ".join(heads) + " |", "|" + "---|" * len(heads))
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"


def code(text: str) -> str:
    """Text as code, where there is any."""
    return f"`{text}`" if text else ""


class FromSources(SphinxDirective):
    """A directive whose Markdown comes from `lines`."""

    def run(self) -> list[nodes.Node]:
        return self.parse_text_to_nodes("\n".join(self.lines()))

    def lines(self) -> Iterator[str]:
        raise NotImplementedError


class Keywords(FromSources):
    """The keywords of one convention, in the order in which they are written."""

    required_arguments = 1

    def lines(self) -> Iterator[str]:
        text = read_template(f"headers/{self.arguments[0]}.toml")
        convention = Convention.parse(text)
        if convention.keywords:
            yield from table(
                ("keyword", "field of the stamp", "spelled as", "comment in the header"),
                ((*self.cells(row), row.comment) for row in convention.keywords),
            )
        for each in convention.tables:
            yield from ("", f"Extension `{each.name}`:", "")
            yield from table(("column", "field of the stamp", "spelled as"), map(self.cells, each.columns))

    def cells(self, row: Keyword) -> tuple[str, str, str]:
        """What is said of a keyword or a column."""
        spelled = f"always {code(repr(row.value))}" if row.value else KINDS[row.kind].meaning
        return code(row.name), code(".".join(row.field)), spelled


class Kinds(FromSources):
    """The kinds of value that a convention file may name."""

    def lines(self) -> Iterator[str]:
        yield from table(("kind", "value"), ((code(name), kind.meaning) for name, kind in KINDS.items()))


class StampFields(FromSources):
    """The fields of a stamp that a convention file may name, with the kinds that fit."""

    def lines(self) -> Iterator[str]:
        yield from table(
            ("field", "kinds"), ((code(name), ", ".join(map(code, kinds))) for name, kinds in FIELDS.items())
        )


class ConventionSources(FromSources):
    """Who specifies each convention, and whether it is written."""

    def lines(self) -> Iterator[str]:
        found = [tomllib.loads(read_template(f"headers/{name}.toml")) for name in template_names("headers", ".toml")]
        yield from table(
            ("name", "convention", "written", "keywords begin with", "specified in"),
            (
                (code(c["name"]), c["title"], "yes" if c["write"] else "no", prefixes(c["prefix"]), c["source"])
                for c in found
            ),
        )


def prefixes(prefix: str | list[str]) -> str:
    """What the keywords of a convention begin with."""
    return ", ".join(code(word.strip()) for word in ([prefix] if isinstance(prefix, str) else prefix))


def conventions() -> list[Convention]:
    """All that ship."""
    names = template_names("headers", ".toml")
    return [Convention.parse(read_template(f"headers/{name}.toml")) for name in names]


class ConventionContents(FromSources):
    """What can be read from each convention."""

    def lines(self) -> Iterator[str]:
        found = conventions()
        yield from table(
            ("", *(code(each.name) for each in found)),
            ((thing, *("✓" if thing in said(each) else "" for each in found)) for thing in THINGS),
        )


class ConventionLosses(FromSources):
    """What is lost where a stamp that was read from one convention is written in another."""

    def lines(self) -> Iterator[str]:
        found = conventions()
        targets = [each for each in found if each.write]
        yield from table(
            ("read from", *(f"written in {code(each.name)}" for each in targets)),
            (
                (code(source.name), *(", ".join(lost(source, target)) or "nothing" for target in targets))
                for source in found
            ),
        )


class FindingCodes(FromSources):
    """Codes with severity and meaning: those of files, or with ``datalink`` those of documents."""

    optional_arguments = 1

    def lines(self) -> Iterator[str]:
        wanted = bool(self.arguments)
        yield from table(
            ("code", "severity", "meaning"),
            (
                (code(name), severity.value, meaning)
                for name, (severity, meaning) in CODES.items()
                if name.startswith(DATALINK) is wanted
            ),
        )


class ErrorClasses(FromSources):
    """The errors, with the builtin that each is too and the exit code that it leads to."""

    def lines(self) -> Iterator[str]:
        classes = [getattr(errors, name) for name in errors.__all__]
        yield from table(
            ("error", "also a", "exit code", "when"),
            (
                (
                    code(c.__name__),
                    ", ".join(code(base.__name__) for base in c.__bases__ if base is not Exception),
                    str(c.exit_code),
                    (inspect.getdoc(c) or "").splitlines()[0],
                )
                for c in classes
            ),
        )


class RunRecordSchema(FromSources):
    """The keys of a run record, object by object."""

    def lines(self) -> Iterator[str]:
        schema = json.loads((files("fitsprov.exchange") / "run_record.schema.json").read_text(encoding="utf-8"))
        self.definitions = schema["definitions"]
        objects = {name: each for name, each in self.definitions.items() if each["type"] == "object"}
        for name, each in {"the record": schema, **objects}.items():
            yield from (f"### {name.capitalize()}", "")
            yield from table(("key", "value", "meaning"), self.rows(each, ""))
            yield ""

    def rows(self, schema: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str, str]]:
        """One row a key; those of objects without a name of their own follow theirs."""
        for key, value in schema["properties"].items():
            needed = ", required" if key in schema.get("required", ()) else ""
            yield code(prefix + key), self.kind(value) + needed, self.meaning(value)
            inner, path = value.get("items", {}), f"{prefix}{key}[]."
            if isinstance(value.get("additionalProperties"), Mapping):
                inner, path = value["additionalProperties"], f"{prefix}{key}.*."
            if "properties" in inner:
                yield from self.rows(inner, path)

    def kind(self, schema: Mapping[str, Any]) -> str:
        """What a value has to be."""
        if "enum" in schema:
            return ", ".join(code(json.dumps(value)) for value in schema["enum"])
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            return f"[{name}](#{name})" if self.definitions[name]["type"] == "object" else name
        if schema["type"] == "array":
            return f"list of {self.kind(schema['items'])}"
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if kinds == ["object"] and isinstance(schema.get("additionalProperties"), Mapping):
            return f"object, each value {self.kind(schema['additionalProperties'])}"
        return " or ".join("text" if kind == "string" else kind for kind in kinds)

    def meaning(self, schema: Mapping[str, Any]) -> str:
        """What a key is for, where it does not say so itself."""
        referred = self.definitions.get(schema.get("$ref", "").rpartition("/")[2], {})
        found: str = schema.get("description") or referred.get("description") or ""
        return found


def setup(app: Sphinx) -> dict[str, bool]:
    for name, directive in (
        ("convention-keywords", Keywords),
        ("convention-sources", ConventionSources),
        ("convention-contents", ConventionContents),
        ("convention-losses", ConventionLosses),
        ("value-kinds", Kinds),
        ("stamp-fields", StampFields),
        ("finding-codes", FindingCodes),
        ("error-classes", ErrorClasses),
        ("run-record-schema", RunRecordSchema),
    ):
        app.add_directive(name, directive)
    return {"parallel_read_safe": True}
