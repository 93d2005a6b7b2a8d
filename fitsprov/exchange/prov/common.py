"""What many statements have in common, put into words once: kinds, tasks, uses, configurations, descriptions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from fitsprov.exchange.prov.prov import Name, Told, json_text
from fitsprov.exchange.prov.prov_json import spell_attributes
from fitsprov.exchange.prov.saying import Sayings, attributes, texts
from fitsprov.exchange.prov.shown import content_id, described, description_id, environment_object
from fitsprov.exchange.prov.words import DESCRIPTIONS, USAGE_TYPES, Model, Wanted
from fitsprov.model.lineage import Environment

__all__ = ["Common", "Parts"]

T = TypeVar("T")


class Parts(dict[Any, T]):
    """What many say alike, put into words when it is first met."""

    def __init__(self, make: Callable[..., T]) -> None:
        self.make = make

    def __missing__(self, key: Any) -> T:
        """Make it."""
        self[key] = made = self.make(*key)
        return made


class Common:
    """Descriptions, configurations and environments, and what refers to them."""

    def __init__(self, wanted: Wanted, sayings: Sayings) -> None:
        self.wanted = wanted
        self.sayings = sayings
        self.ivoa = wanted.model is Model.IVOA
        self.setups: dict[tuple[int, int], list[tuple[str, str]]] = {}
        self.contents: dict[str, str] = {}
        """Configurations and environments."""
        self.descriptions: dict[str, dict[str, str]] = {kind: {} for kind in DESCRIPTIONS}

    def description(self, kind: str, name: str, version: str | None = None) -> Name:
        """What many entities, activities or uses have in common (ProvenanceDM 1.0, 2.5)."""
        found = f"uuid:{description_id(kind, name, version)}"
        if found not in self.descriptions[kind]:
            told: Told = [("prov:label", described(name, version)), ("prov:type", Name(f"voprov:{kind}"))]
            more: Told = []
            for one, class_ in DESCRIPTIONS[kind].items():
                content = self.sayings.descriptions.get((one, name))
                if content is not None:
                    told += [("prov:type", Name(f"voprov:{class_}"))] if class_ != kind else []
                    more += attributes(content, "version" if version else "")
            role = name.rpartition(".")[2] if kind in ("UsageDescription", "GenerationDescription") else None
            told += texts(("voprov:name", name), ("voprov:version", version), ("voprov:role", role))
            self.descriptions[kind][found] = f'"{found}":{{{spell_attributes(told + unique(more))}}}'
        return Name(found)

    def describes(self, kind: str) -> bool:
        """Whether anything of a kind is described, and that is wanted."""
        known = self.sayings.descriptions
        return self.ivoa and self.wanted.descriptions and any(one == kind for one, _ in known)

    def setup(self, config: Mapping[str, Any] | None, environment: Environment | None) -> list[tuple[str, str]]:
        """Roles and names of the configuration and the environment of an activity, where they are known."""
        both = (id(config), id(environment))
        known = self.setups.get(both)
        if known is None:
            given = (("configuration", config), ("environment", environment)) if self.wanted.setup else ()
            told = [(role, self.content(role, value)) for role, value in given if value is not None]
            known = self.setups[both] = told
        return known

    def content(self, role: str, value: Mapping[str, Any] | Environment) -> str:
        """Name a value by its content, and tell it: the same content is the same thing, whoever used it."""
        text = json_text(environment_object(value) if isinstance(value, Environment) else value)
        name = f"uuid:{content_id(role, text)}"
        told: Told = [("prov:label", role), ("prov:type", Name(f"fitsprov:{role.capitalize()}"))]
        told += [("prov:type", Name("voprov:ValueEntity"))] if self.ivoa else []
        told.append(("prov:value", text))
        if self.ivoa:
            told.append(("voprov:name", role))
        if role == "configuration" and self.describes("parameter") and isinstance(value, Mapping):
            known = [key for key in sorted(value) if ("parameter", key) in self.sayings.descriptions]
            told += [("voprov:parameterDescription", self.description("ParameterDescription", key)) for key in known]
        self.contents[name] = f'"{name}":{{{spell_attributes(told)}}}'
        return name

    def part(self, role: str | None, actual: bool | None, category: str | None, task: str | None) -> str:
        """Which part a used dataset played; the task is told where uses are described."""
        told = texts(("prov:role", role))
        if self.ivoa and category in USAGE_TYPES:
            told.append(("prov:type", Name(f"voprov:{USAGE_TYPES[category]}")))
        if (described := ("usage", f"{task}.{role}")) in self.sayings.descriptions and task and role:
            told.append(("voprov:usageDescription", self.description("UsageDescription", described[1])))
        if actual:
            told.append(("fitsprov:actual", True))
        return f",{spell_attributes(told)}" if told else ""

    def way(self, task: str | None, type_: str | None) -> str:
        """How a task makes datasets of a type, where that is described."""
        name = f"{task}.{type_}"
        if ("generation", name) not in self.sayings.descriptions:
            return ""
        return (
            f",{spell_attributes([('voprov:generationDescription', self.description('GenerationDescription', name))])}"
        )

    def extras(self) -> Iterator[str]:
        """Configurations, environments and descriptions: all that has been met meanwhile."""
        for told in (self.contents, *self.descriptions.values()):
            yield from told.values()


def unique(told: Told) -> Told:
    """The first of what one name says."""
    return list({name: (name, value) for name, value in reversed(told)}.values())[::-1]
