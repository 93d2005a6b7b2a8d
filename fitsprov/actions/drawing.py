"""Lineages as text, pictures and provenance documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from fitsprov.errors import UsageError
from fitsprov.exchange.drawings.walk import go_on
from fitsprov.model.lineage import Lineage
from fitsprov.model.said import NOTHING, Said
from fitsprov.model.traced import Traced

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["BARE", "DOCUMENTS", "FORMATS", "draw", "said_of", "traced", "write_documents"]

DOCUMENTS = ("prov-json", "prov-n", "prov-xml", "votable")
"""Provenance documents that other programs read."""
BARE = ("dot", "svg", *DOCUMENTS)
"""What stands alone: programs read it, and nothing may stand around it."""
FOLD = 4
"""Members of a group that a drawing still shows side by side."""
FORMATS = ("tree", "table", *BARE)


def draw(
    lineage: Lineage,
    format: str,
    *,
    colour: bool = False,
    width: int | None = None,
    authority: str | None = None,
    said: Said = NOTHING,
    check: Callable[[], None] = go_on,
) -> str:
    """Draw a lineage.

    Parameters
    ----------
    format : {'tree', 'table', 'dot', 'svg', 'prov-json', 'prov-n', 'prov-xml', 'votable'}
    colour : bool
        Whether a tree is coloured for a terminal.
    width : int, optional
        Columns of the terminal that a tree has to fit.
    authority : str, optional
        The IVOID under which a provenance document names datasets that have no publisher DID.
    said : Said
        What such a document tells beside the lineage.
    check : callable
        Called again and again while a picture is drawn; raises where nobody waits for it any more.
    """
    if format in DOCUMENTS:
        return "".join(write_documents([traced(lineage, said)], format, authority=authority))
    if format == "svg":
        from fitsprov.exchange.drawings.svg import draw_svg

        return draw_svg(lineage, fold=FOLD, check=check)
    if format == "dot":
        from fitsprov.exchange.drawings.dot import draw_dot

        return draw_dot(lineage, check=check)
    if format == "table":
        from fitsprov.exchange.drawings.table import draw_table

        return draw_table(lineage, check=check)
    from fitsprov.exchange.drawings.tree import draw_tree

    return draw_tree(lineage, colour=colour, width=width, check=check)


def said_of(registry: Registry, lineage: Lineage) -> Said:
    """Ask a registry what it says of all that a document tells of."""
    listed = (raw.id for raws in lineage.listed_raws.values() for raw in raws)
    return registry.said(dict.fromkeys([*lineage.datasets, *listed]), lineage.activities)


def traced(lineage: Lineage, said: Said = NOTHING) -> Traced:
    """Give a lineage as the rows of which documents are written."""
    from fitsprov.exchange.prov.shown import traced

    return traced(lineage, said)


def write_documents(
    lineages: Sequence[Traced],
    format: str,
    *,
    model: str = "IVOA",
    authority: str | None = None,
    agents: bool = True,
    setup: bool = True,
    descriptions: bool = True,
    members: bool = False,
    steps: bool = False,
    overflow: bool = False,
    check: Callable[[], None] = go_on,
) -> Iterable[str]:
    """Write lineages as one provenance document, in pieces.

    Parameters
    ----------
    format : {'prov-json', 'prov-n', 'prov-xml', 'votable'}
    model : {'IVOA', 'W3C'}
        Whether the words of IVOA ProvenanceDM are used, or those of W3C PROV alone.
    authority : str, optional
        The IVOID under which datasets are named that have no publisher DID.
    agents, setup, descriptions : bool
        Whether it is told who is responsible; configurations and environments; ProvenanceDM's descriptions of kinds of
        entities and activities.
    members, steps : bool
        Whether runs are told as collections of datasets, and jobs as activities of which others are steps.
    overflow : bool
        Whether a VOTable says that something was left out because it was too much.
    check : callable
        Called between pieces and steps; raises where nobody waits for the document any more.

    Raises
    ------
    UsageError
        Where the model is neither, or is W3C for a VOTable, which is made of the classes of the IVOA.
    """
    from fitsprov.exchange.prov.telling import tell_json
    from fitsprov.exchange.prov.words import Model, Wanted

    if model not in list(Model):
        raise UsageError(f"model {model!r} is none; expected IVOA or W3C")
    if format == "votable" and model != Model.IVOA:
        raise UsageError(f"model {model} in a VOTable; expected IVOA, or one of the PROV formats")
    wanted = Wanted(
        model=Model(model), agents=agents, setup=setup, descriptions=descriptions, members=members, steps=steps
    )
    told = [checked(tell_json(one, wanted, authority=authority), check) for one in lineages]
    if format == "prov-json" and len(told) == 1:
        return told[0]
    from fitsprov.exchange.prov.prov_json import read_document, write_prov_json
    from fitsprov.exchange.prov.uniting import unite

    document = unite([read_document("".join(pieces)) for pieces in told])
    check()
    if format == "votable":
        from fitsprov.exchange.prov.provdm import write_votable

        return [write_votable(document, overflow=overflow)]
    if format == "prov-xml":
        from fitsprov.exchange.prov.prov_xml import write_prov_xml

        return [write_prov_xml(document)]
    if format == "prov-n":
        from fitsprov.exchange.prov.prov_n import write_prov_n

        return [write_prov_n(document)]
    return [write_prov_json(document)]


def checked(pieces: Iterable[str], check: Callable[[], None]) -> Iterator[str]:
    """Check before each piece whether to go on."""
    for piece in pieces:
        check()
        yield piece
