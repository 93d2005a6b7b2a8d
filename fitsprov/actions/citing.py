"""How a paper names a dataset, and how its reader gets at it."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from fitsprov.model.lineage import Activity, Dataset

__all__ = ["Citation", "cite", "in_words", "label"]

NAMED = {"\\": "textbackslash", "~": "textasciitilde", "^": "textasciicircum"}
TEX = str.maketrans({c: f"\\{c}" for c in "#$%&_{}"} | {c: f"{{\\{name}}}" for c, name in NAMED.items()})
"""What TeX would act on."""
NOTEBOOK = """\
from pyvo.dal.adhoc import DatalinkResults
links = DatalinkResults.from_result_url("{url}")
parents = list(links.bysemantics("#progenitor"))"""


@dataclass(frozen=True, slots=True)
class Citation:
    """Ready to be copied."""

    text: str
    bibtex: str
    resolve: str
    """With the registry at hand."""
    fetch: str
    """From anywhere, with fitsprov; empty where there is no file."""
    curl: str
    """From anywhere, without it."""
    notebook: str


def cite(dataset: Dataset, activity: Activity | None, did: str, base_url: str) -> Citation:
    """Say how to name a dataset and how to get at it.

    Parameters
    ----------
    dataset : Dataset
        With the copy that the registry knows, whose name its download has.
    did : str
        The publisher DID under which it is published.
    base_url : str
        Where the service is met from outside.
    """
    page = f"{base_url}/dataset/{dataset.id}"
    what = in_words(dataset)
    by = None if activity is None or activity.agent is None else activity.agent.name or activity.agent.id
    made = None if activity is None else activity.ended or activity.started
    words = [by or "", f"{made.year}" if made else "", what, f"run {dataset.run}" if dataset.run else "", did, page]
    fields = {
        "author": by and f"{{{tex(by)}}}",
        "title": f"{{{tex(what)}}}",
        "year": f"{made.year}" if made else None,
        "howpublished": f"\\url{{{page}}}",
        "note": tex(", ".join(filter(None, (f"run {dataset.run}" if dataset.run else "", did)))),
    }
    lines = [f"  {name:<12} = {{{value}}}," for name, value in fields.items() if value]
    key = re.sub(r"[^A-Za-z0-9]+", "-", dataset.type or "").strip("-") or "dataset"
    return Citation(
        text=" ".join(", ".join(filter(None, words)).split()),
        bibtex="\n".join([f"@misc{{{key}:{str(dataset.id)[:8]},", *lines, "}"]),
        resolve=f"fitsprov resolve {dataset.id}",
        fetch=fetching(dataset, base_url),
        curl="\n".join(
            filter(
                None,
                (
                    f"curl -OJ {base_url}/files/{dataset.id}" if dataset.uri else "",
                    f"curl '{base_url}/prov?ID={dataset.id}&DEPTH=ALL&RESPONSEFORMAT=TREE'",
                ),
            )
        ),
        notebook=NOTEBOOK.format(url=f"{base_url}/links?ID={quote(did, safe='')}"),
    )


def fetching(dataset: Dataset, base_url: str) -> str:
    """The commands that download a dataset and resolve the file that came."""
    if not dataset.uri:
        return ""
    name = unquote(urlsplit(dataset.uri).path.rpartition("/")[2])
    return f"fitsprov fetch {dataset.id} --service {base_url}\nfitsprov resolve {shlex.quote(name)} --online"


def tex(text: str) -> str:
    """Text that TeX sets as it stands, on one line."""
    return " ".join(text.split()).translate(TEX)


def in_words(dataset: Dataset) -> str:
    """What a dataset is: its type, and what tells it from others of the type."""
    return f"{dataset.type or 'dataset'}, {label(dataset)}"


def label(dataset: Dataset) -> str:
    """Tell a dataset from others of its type: by its dataId, else its name, else its ID."""
    place = ", ".join(f"{key} {value}" for key, value in (dataset.data_id or {}).items())
    return place or dataset.name or str(dataset.id)
