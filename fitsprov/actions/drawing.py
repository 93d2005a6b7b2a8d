"""Lineages as text and pictures."""

from __future__ import annotations

from fitsprov.model.lineage import Lineage

__all__ = ["FORMATS", "draw"]

FORMATS = ("tree", "table", "dot", "svg")


def draw(lineage: Lineage, format: str, *, colour: bool = False, width: int | None = None) -> str:
    """Draw a lineage.

    Parameters
    ----------
    format : {'tree', 'table', 'dot', 'svg'}
    colour : bool
        Whether a tree is coloured for a terminal.
    width : int, optional
        Columns of the terminal that a tree has to fit.
    """
    if format == "svg":
        from fitsprov.exchange.svg import draw_svg

        return draw_svg(lineage)
    if format == "dot":
        from fitsprov.exchange.dot import draw_dot

        return draw_dot(lineage)
    if format == "table":
        from fitsprov.exchange.table import draw_table

        return draw_table(lineage)
    from fitsprov.exchange.tree import draw_tree

    return draw_tree(lineage, colour=colour, width=width)
