"""The page of a dataset; the HTML is in ``templates/pages/``."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from jinja2 import Environment, FunctionLoader, StrictUndefined

from fitsprov.actions import drawing
from fitsprov.actions.assets import asset_path
from fitsprov.actions.citing import cite, in_words, label
from fitsprov.actions.fact_objects import facts_object
from fitsprov.actions.json_objects import activity_object, iso
from fitsprov.actions.serving import Archive, discreet, keep_deadline
from fitsprov.actions.tracing import FORMATS, trace
from fitsprov.actions.viewing import View
from fitsprov.exchange.drawings.fold import Stack
from fitsprov.exchange.drawings.labels import printable
from fitsprov.exchange.drawings.svg_walk import draw_to_walk
from fitsprov.model.config import leaves
from fitsprov.model.facts import DatasetFacts, Happening
from fitsprov.model.lineage import Dataset, Lineage
from fitsprov.templates import read_template

__all__ = ["dataset_page", "described", "missing_page", "render"]

FIRST, MOST = 12, 500
"""Of one kind of dataset: those that are shown at once, those that are listed at all."""
SETTINGS = 24
"""Parameters of a configuration that are shown at once."""
OPENED = 40
"""Stacks of a drawing that may be open at once."""
FORTH = "4"
"""Generations of products that are drawn; of ancestors, all."""
KEY = re.compile(r"[0-9]{1,6}(\.[0-9]{1,2}){0,12}")
"""How the stacks of a drawing are called."""


class Listed(NamedTuple):
    """Some of many things."""

    all: int
    first: Sequence[Any]
    more: Sequence[Any]

    @property
    def cut(self) -> int:
        """How many are not listed."""
        return self.all - len(self.first) - len(self.more)


@cache
def environment() -> Environment:
    """The templates; everything is escaped unless it is said to be safe."""
    made = Environment(
        loader=FunctionLoader(lambda name: read_template(f"pages/{name}")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=shown,
    )
    made.globals["asset"] = asset_path
    made.filters["iso"] = iso
    return made


def shown(value: Any) -> Any:
    """Text of which no character turns or hides what stands beside it; its lines stay lines."""
    return "\n".join(map(printable, value.split("\n"))) if type(value) is str else value


def render(template: str, **values: Any) -> str:
    """Fill in a template."""
    return environment().get_template(template).render(**values)


def dataset_page(archive: Archive, dataset: Dataset, *, way: str = "", opened: Sequence[str] = ()) -> str:
    """Tell all about a dataset.

    Parameters
    ----------
    way : str
        Draw what it was made ``from``, which is the default, or what was made with it, ``into``.
    opened : sequence of str
        The keys of stacks of the drawing that are shown as their parts; what is no key is passed over.
    """
    found = trace(archive, str(dataset.id), depth="ALL")
    assert found.lineage is not None
    lineage, dataset = found.lineage, found.lineage.dataset
    with discreet():
        near = archive.registry.neighbourhoods([dataset.id])[dataset.id]
        facts = archive.registry.facts(dataset.id)
        happened = happenings(archive, dataset.id)
        gathered = {
            title: datasets_of(archive, some)
            for title, some in (
                ("Derived from", facts.derived_from),
                ("Members", facts.members),
                ("Member of", facts.collections),
            )
        }
    ancestors, raws = list(lineage.ancestors()), lineage.raws()
    way = way if way in ("from", "into") else "into" if near.products and not ancestors else "from"
    did = archive.did(dataset)
    activity = activity_object(found.activity)
    return render(
        "dataset.html",
        root="..",
        did=did,
        title=in_words(dataset),
        dataset=described(dataset) | {"run": dataset.run, "size": near.dataset.size, "uri": near.dataset.uri},
        external=dataset.origin == "external",
        value=facts.value,
        responsible=facts.responsible,
        data_id=dataset.data_id or {},
        name=dataset.name,
        publisher_did=dataset.publisher_did,
        admitted=archive.caller is None or archive.caller.may_have(dataset.run, dataset.type),
        citation=cite(near.dataset, found.activity, did, archive.base_url),
        findings=found.findings,
        observation=observed(facts),
        metrics=listed(facts.metrics, FIRST),
        annotations=listed(facts.annotations, FIRST),
        happened=listed(happened, FIRST),
        activity=activity,
        config=listed(parameters(activity["config"]), SETTINGS) if activity and activity["config"] else None,
        way=way,
        picture=picture(archive, lineage, way, opened),
        formats=FORMATS,
        n_ancestors=len(ancestors),
        parents=listed_datasets([(one, usage.role) for one, usage in lineage.parents()]),
        raws=listed_datasets([(one, None) for one in raws]),
        products=listed_datasets([(one, None) for one in near.products]),
        siblings=listed_datasets([(one, None) for one in near.siblings]),
        gathered=gathered,
    )


def observed(facts: DatasetFacts) -> dict[str, Any]:
    """What is known of the observation that a dataset is of; empty where nothing is."""
    told = (facts_object(facts) or {}).get("observation") or {}
    return {name.replace("_", " "): value for name, value in told.items() if value is not None} | dict(facts.telemetry)


def happenings(archive: Archive, dataset: UUID) -> list[Happening]:
    """Which changes and incidents are around a dataset; nothing, where some might be hidden."""
    if isinstance(archive.registry, View):
        return []
    return [one for one in archive.registry.events(dataset) if one.source in ("event", "incident")]


def datasets_of(archive: Archive, ids: Iterable[UUID]) -> Listed:
    """Choose what of some datasets is shown, in their order."""
    found = archive.registry.datasets(ids)
    return listed_datasets([(found[one], None) for one in ids if one in found])


def picture(archive: Archive, lineage: Lineage, way: str, opened: Sequence[str]) -> dict[str, Any]:
    """Draw a lineage, or what was made with its focus, so that it can be walked and unfolded."""
    if way == "into":
        forth = trace(archive, str(lineage.focus), depth=FORTH, direction="FORTH").lineage
        assert forth is not None
        lineage = forth
    keys = [key for key in dict.fromkeys(opened) if KEY.fullmatch(key)][-OPENED:]

    def href(stack: Stack) -> str:
        if len(stack.datasets) > 1:
            return where(way, [*keys, stack.key])
        return str(stack.datasets[0].id) + ("?way=into" if way == "into" else "")

    drawn = draw_to_walk(lineage, href, fold=drawing.FOLD, opened=frozenset(keys), check=keep_deadline)
    folding = {
        key: where(way, [other for other in keys if not f"{other}.".startswith(f"{key}.")]) for key in drawn.opened
    }
    return {
        "drawn": drawn,
        "folds": [(key, words, folding[key]) for key, words in drawn.opened.items()],
        "folded": where(way, []),
        "ways": {way: where(way, []) for way in ("from", "into")},
    }


def where(way: str, opened: Sequence[str]) -> str:
    """The address of a drawing, from the page that it stands in."""
    return f"?way={way}" + (f"&open={','.join(opened)}" if opened else "") + "#lineage"


def listed(items: Sequence[Any], first: int) -> Listed:
    """Choose what of a list is shown, and what at once."""
    shown = items[:MOST]
    at_once = len(shown) if len(shown) <= first + 3 else first
    return Listed(len(items), shown[:at_once], shown[at_once:])


def listed_datasets(items: Sequence[tuple[Dataset, str | None]]) -> Listed:
    """Choose what of many datasets is shown, each with its role."""
    found = listed(items, FIRST)
    first, more = ([described(one) | {"role": role} for one, role in part] for part in (found.first, found.more))
    return Listed(found.all, first, more)


def described(dataset: Dataset) -> dict[str, Any]:
    """What a line of a list says of a dataset."""
    category = None if dataset.category is None else dataset.category.value
    name = dataset.name if dataset.data_id else None  # else it is the label
    return {"id": str(dataset.id), "type": dataset.type, "category": category, "label": label(dataset), "name": name}


def parameters(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The parameters of a configuration, their values as JSON."""
    return [(name, json.dumps(value, ensure_ascii=False)) for name, value in leaves(config)]


def missing_page(archive: Archive, asked: str) -> str:
    """Say that there is no dataset of that ID."""
    return render("missing.html", root=archive.base_url, asked=asked)
