"""Who may have what: rules on runs and dataset types, and the groups that vouch for who asks.

An operator writes them as TOML::

    others = "listed"                   # what all others see: its links but not the file; or "hidden": nothing

    [[rule]]                            # the first that covers a dataset decides; what none covers is everybody's
    run = "LSSTCam/runs/DRP/*"          # * stands for any text, ? for one character
    type = "deep_coadd"
    groups = ["survey"]                 # "*" is everybody

    [[token]]                           # of who sends Authorization: Bearer …
    sha256 = "9f86d081884c7d659a2f…"    # of the token: printf %s TOKEN | sha256sum
    groups = ["survey"]

    [forwarded]                         # of who was let in by a proxy
    header = "X-Auth-Request-Groups"    # with their groups, separated by commas
    from = ["127.0.0.1"]                # addresses of the proxy; what others send in that header is nothing

Without a file everybody may have everything.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fitsprov.errors import FitsprovError, UsageError

__all__ = ["Access", "Caller", "Forbidden", "Rule", "UnknownToken", "load_access", "read_access"]

EVERYBODY = "*"
OTHERS = ("listed", "hidden")
SHA256 = re.compile(r"[0-9a-f]{64}")
KINDS: Mapping[str, Mapping[str, type]] = {
    "rule": {"run": str, "type": str, "groups": list},
    "token": {"sha256": str, "groups": list},
    "forwarded": {"header": str, "from": list},
}
"""Table of the file → its keys and their types."""


class Forbidden(FitsprovError, PermissionError):
    """A dataset that is not for who asks; ``known`` tells whether they said who they are."""

    def __init__(self, dataset: object, *, known: bool) -> None:
        super().__init__(f"{dataset}: is not for everybody; expected {'another group' if known else 'a bearer token'}")
        self.known = known


class UnknownToken(FitsprovError, PermissionError):
    """A bearer token that no one was given."""

    def __init__(self) -> None:
        super().__init__("the bearer token is unknown; expected a valid one, or none")


@dataclass(frozen=True, slots=True)
class Rule:
    """The datasets of some runs and types are for some groups."""

    groups: frozenset[str]
    run: str = "*"
    type: str = "*"

    def covers(self, run: str | None, type: str | None) -> bool:
        """Whether it speaks of a dataset."""
        return matches(self.run, run or "") and matches(self.type, type or "")


def matches(pattern: str, text: str) -> bool:
    """Whether a text is as a pattern says."""
    return pattern == "*" or compiled(pattern).fullmatch(text) is not None


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern of an operator; there are few."""
    return re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)


@dataclass(frozen=True, slots=True)
class Access:
    """The rules, and how a caller is known."""

    rules: tuple[Rule, ...] = ()
    hidden: bool = False
    """Whether others see nothing of what is not for them; else they see it and may not fetch it."""
    tokens: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """SHA-256 of a token → groups."""
    header: bytes | None = None
    """In which a proxy says groups, in lower case."""
    proxies: frozenset[str] = frozenset()

    def groups_for(self, run: str | None, type: str | None) -> frozenset[str]:
        """Whom a dataset is for."""
        return next((rule.groups for rule in self.rules if rule.covers(run, type)), frozenset({EVERYBODY}))

    def caller(self, headers: Mapping[bytes, bytes], peer: str | None) -> Caller:
        """Tell who asks.

        Parameters
        ----------
        headers : mapping
            Of the request, by lower-case name.
        peer : str or None
            The address that the request came from.

        Raises
        ------
        UnknownToken
        """
        groups: set[str] = set()
        scheme, _, token = headers.get(b"authorization", b"").strip().partition(b" ")
        if scheme.lower() == b"bearer":
            given = self.tokens.get(sha256(token.strip()).hexdigest())
            if given is None:
                raise UnknownToken
            groups |= given
        if self.header is not None and peer in self.proxies:
            told = headers.get(self.header, b"").decode("latin-1").split(",")
            groups |= {name for item in told if (name := item.strip()) and name != EVERYBODY}
        return Caller(self, frozenset(groups))


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, by the groups that they are of."""

    access: Access
    groups: frozenset[str] = frozenset()
    decided: dict[tuple[str | None, str | None], tuple[bool, bool]] = field(default_factory=dict, compare=False)

    def decide(self, run: str | None, type: str | None) -> tuple[bool, bool]:
        """Whether a dataset is everybody's, and whether the caller may have it."""
        key = (run, type)
        if key not in self.decided:
            groups = self.access.groups_for(run, type)
            public = EVERYBODY in groups
            self.decided[key] = public, public or not groups.isdisjoint(self.groups)
        return self.decided[key]

    @property
    def may_have_all(self) -> bool:
        """Whether there is nothing that the caller may not have."""
        return all(EVERYBODY in rule.groups or not rule.groups.isdisjoint(self.groups) for rule in self.access.rules)

    def may_have(self, run: str | None, type: str | None) -> bool:
        """Whether the caller may have a dataset."""
        return self.decide(run, type)[1]


def load_access(path: Path) -> Access:
    """Read the rules from a file.

    Raises
    ------
    UsageError
        Where it cannot be read, or says something else.
    """
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}; expected a file that says who may have what") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: {error}; expected TOML") from None
    return read_access(content, str(path))


def read_access(content: Mapping[str, Any], source: str) -> Access:
    """Read the rules from the object that a file of them holds.

    Raises
    ------
    UsageError
        Where a key is unknown or a value of the wrong kind; the message names the source.
    """
    for key in content.keys() - {"others", *KINDS}:
        raise UsageError(f"{source}: {key}; expected one of others, {', '.join(KINDS)}")
    others = content.get("others", OTHERS[0])
    if others not in OTHERS:
        raise UsageError(f"{source}: others = {others!r}; expected one of {', '.join(OTHERS)}")
    rules = [checked("rule", each, source) for each in content.get("rule", ())]
    tokens = [checked("token", each, source) for each in content.get("token", ())]
    forwarded = checked("forwarded", content["forwarded"], source) if "forwarded" in content else None
    for each in tokens:
        if not SHA256.fullmatch(each.get("sha256", "")):
            raise UsageError(f"{source}: token: sha256 = '{each.get('sha256', '')[:80]}'; expected 64 hex digits")
    if forwarded and not (forwarded.get("header") and forwarded.get("from")):
        raise UsageError(f"{source}: forwarded: expected the header, and from, the addresses of who may send it")
    return Access(
        tuple(Rule(each["groups"], each.get("run", "*"), each.get("type", "*")) for each in rules),
        others == "hidden",
        {each["sha256"]: each["groups"] for each in tokens},
        forwarded["header"].lower().encode() if forwarded else None,
        forwarded["from"] if forwarded else frozenset(),
    )


def checked(kind: str, table: Any, source: str) -> dict[str, Any]:
    """Check a table of the file; its lists become sets."""
    keys = KINDS[kind]
    if not isinstance(table, Mapping):
        raise UsageError(f"{source}: {kind} = {table!r}; expected a table")
    for key, value in table.items():
        if key not in keys or not isinstance(value, keys[key]):
            told = ", ".join(f"{name} ({each.__name__})" for name, each in keys.items())
            raise UsageError(f"{source}: {kind}: {key} = {value!r}; expected {told}")
        if isinstance(value, list) and not all(isinstance(item, str) for item in value):
            raise UsageError(f"{source}: {kind}: {key} = {value!r}; expected texts")
    if "groups" in keys and "groups" not in table:
        raise UsageError(f"{source}: {kind}: no groups; expected those whom it is for")
    return {key: frozenset(value) if isinstance(value, list) else value for key, value in table.items()}
