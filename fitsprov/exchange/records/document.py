"""YAML and JSON texts as plain values, told apart by what an author means.

YAML is read by libyaml's parser, and bare words by YAML 1.2's core schema: ``no`` and ``2025-12-29`` are text. What
loses something as a number stays text, too: ``08`` and ``0o17``, and ``3139500e5``, which may be a hash (``1e-5`` and
``1.5e3`` are numbers). Outside the free parts of a document (a dataId, a configuration) every bare number is taken by
its text, so that version 1.10 is not 1.1 and firmware 31395008 is a string. JSON has types of its own.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any, Never

import yaml

from fitsprov.errors import InvalidRecord

__all__ = ["read_document"]

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
MOST_COPIED = 10_000_000
"""Nodes by which aliases may make a document grow."""

# YAML 1.2.2, 10.3.2: tag resolution of the core schema
NULL = re.compile(r"~|null|Null|NULL|")
BOOLEAN = re.compile(r"true|True|TRUE|(false|False|FALSE)")
INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]*)|(0x[0-9a-fA-F]+)")
FLOAT = re.compile(r"[-+]?(?:(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+][0-9]+)")
NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
TEXT_TAG = "tag:yaml.org,2002:str"


def read_document(text: str, *, source: str, free: frozenset[str], typed: frozenset[str]) -> Any:
    """Read a YAML or JSON text.

    Parameters
    ----------
    source : str
        What the text is called in messages.
    free : frozenset of str
        Keys whose values may be anything, with numbers and booleans.
    typed : frozenset of str
        Keys outside of those whose values may be numbers or booleans, too.

    Raises
    ------
    InvalidRecord
        Where it is neither, has a key twice, or a number that is not finite.
    """
    try:
        if text.lstrip().startswith("{"):
            try:
                return read_json(text, source)
            except json.JSONDecodeError as error:
                if source.endswith(".json"):
                    raise InvalidRecord(f"{source}: line {error.lineno}: {error.msg}; expected JSON") from None
        return Builder(text, source, free, typed).document()
    except yaml.MarkedYAMLError as error:
        line = "" if error.problem_mark is None else f"line {error.problem_mark.line + 1}: "
        raise InvalidRecord(f"{source}: {line}{error.problem}; expected YAML or JSON") from None
    except yaml.YAMLError as error:
        raise InvalidRecord(f"{source}: {' '.join(str(error).split())}; expected YAML or JSON") from None
    except UnicodeEncodeError as error:
        raise InvalidRecord(f"{source}: {error.object[error.start]!r}; expected Unicode text") from None
    except RecursionError:
        raise InvalidRecord(f"{source}: nested too deep; expected a record") from None


def read_json(text: str, source: str) -> Any:
    """Read JSON; a key stands once, and numbers are finite (RFC 8259, 4 and 6)."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            keys = [key for key, _ in pairs]
            twice = next(key for key in keys if keys.count(key) > 1)
            raise InvalidRecord(f"{source}: key '{twice}' twice in one object; expected it once")
        return found

    try:
        found = json.loads(text, object_pairs_hook=unique, parse_constant=finite, parse_float=finite)
    except (json.JSONDecodeError, InvalidRecord):
        raise
    except ValueError as error:
        raise InvalidRecord(f"{source}: number {str(error)[:80]}; expected finite numbers") from None
    if re.search(r"\\u[dD][89a-fA-F]", text):  # may be half of a pair (RFC 8259, 8.2)
        json.dumps(found, ensure_ascii=False).encode()
    return found


class Builder:
    """Builds values from the events of a YAML parser."""

    def __init__(self, text: str, source: str, free: frozenset[str], typed: frozenset[str]) -> None:
        self.events: Iterator[Any] = yaml.parse(text, Loader=LOADER)
        self.source = source
        self.free = free
        self.typed = typed
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.nodes = self.copied = 0

    def refuse(self, event: Any, problem: str) -> Never:
        """Refuse a document at an event."""
        raise InvalidRecord(f"{self.source}: line {event.start_mark.line + 1}: {problem}")

    def document(self) -> Any:
        """Build the one document of a text."""
        found = None
        for number, event in enumerate(self.events):
            if isinstance(event, yaml.DocumentStartEvent):
                if number > 1:
                    self.refuse(event, "a second document; expected one")
                found = self.value(next(self.events), free=False, typed=False)
        return found

    def value(self, event: Any, *, free: bool, typed: bool) -> Any:
        """Build what begins with an event."""
        self.nodes += 1
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event)
        before = self.nodes
        if isinstance(event, yaml.ScalarEvent):
            built = self.scalar(event, free or typed)
        elif isinstance(event, yaml.MappingStartEvent):
            built = self.mapping(event, free)
        else:
            built = self.sequence(free)
        if event.anchor is not None:
            self.anchors[event.anchor] = built, self.nodes - before
        return built

    def alias(self, event: Any) -> Any:
        """Give what an alias stands for; counted, because aliases of aliases grow without bound."""
        if event.anchor not in self.anchors:
            self.refuse(event, f"alias *{event.anchor}; expected an anchor before it")
        built, size = self.anchors[event.anchor]
        self.nodes += size
        self.copied += size
        if self.copied > MOST_COPIED:
            self.refuse(event, f"alias *{event.anchor} makes the document too large; expected fewer aliases")
        return built

    def sequence(self, free: bool) -> list[Any]:
        """Build a list."""
        built = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            built.append(self.value(event, free=free, typed=False))
        return built

    def mapping(self, start: Any, free: bool) -> dict[str, Any]:
        """Build an object; its keys are text."""
        built: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                self.refuse(event, "a key that is no text; expected a name")
            key = event.value
            if key in built:
                self.refuse(event, f"key '{key}' twice in one mapping; expected it once")
            built[key] = self.value(next(self.events), free=free or key in self.free, typed=key in self.typed)
        return built

    def scalar(self, event: Any, numbers: bool) -> Any:
        """Read a scalar: bare ones by the core schema, quoted ones as text."""
        if event.tag not in (None, "!", TEXT_TAG):
            self.refuse(event, f"tag {event.tag}; expected plain YAML")
        text: str = event.value
        if event.style or event.tag is not None:
            return text
        if NULL.fullmatch(text):
            return None
        if not numbers:
            return text
        if match := BOOLEAN.fullmatch(text):
            return match[1] is None
        try:
            return number(text)
        except ValueError:
            self.refuse(event, f"number {text[:40]}; expected one that is finite, or text in quotes")


def number(text: str) -> int | float | str:
    """Read a number, where a text is one.

    Raises
    ------
    ValueError
        Where it is not finite, or has more digits than Python reads.
    """
    if NOT_FINITE.fullmatch(text):
        raise ValueError(text)
    if match := INTEGER.fullmatch(text):
        return int(text) if match[1] is None else int(text, 16)
    return finite(text) if FLOAT.fullmatch(text) else text


def finite(text: str) -> float:
    """Read a float that is not infinite."""
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value
