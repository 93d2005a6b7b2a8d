"""How drawings look: the symbols and colours of categories, and the style sheet, light and dark.

The colours are of the palette of Okabe & Ito (2008), which colour-blind people can tell apart.
"""

from __future__ import annotations

from collections.abc import Mapping

from fitsprov.model.lineage import Category

__all__ = ["LIGHT", "RADIUS", "RING", "SYMBOLS", "drawing_style"]

RADIUS = 9.0
"""Pixels: of the corners of cards."""

SYMBOLS = {
    Category.RAW: "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0z",
    Category.CALIBRATION: "M0-6L6 0L0 6L-6 0z",
    Category.REFERENCE: "M0-6.5L1.6-2.1L6.2-2L2.6 .8L3.8 5.3L0 2.7L-3.8 5.3L-2.6 .8L-6.2-2L-1.6-2.1z",
    Category.PRODUCT: "M-5-5h10v10h-10z",
    Category.LOG: "M-5-5h10v2h-10zM-5-1h10v2h-10zM-5 3h7v2h-7z",
    Category.METRIC: "M0-6L6 5H-6z",
}
RING = "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0-10 0zM-3 0a3 3 0 1 1 6 0a3 3 0 1 1-6 0z"
"""One shape for each category, about the origin: colour is not all that tells them apart."""
LIGHT = {"raw": "#a8568a", "calibration": "#c77700", "reference": "#00875f", "product": "#0072b2", "metric": "#3a8fc4"}
DARK = {"raw": "#de9cc4", "calibration": "#f0a83a", "reference": "#35c79b", "product": "#5db4ef", "metric": "#8cd0f5"}
STYLE = """\
.fpv text{font-family:Inter,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;fill:#1c2430}
.fpv .head{font-size:22px;font-weight:650;letter-spacing:-.01em}
.fpv .type{font-size:13.5px;font-weight:620}
.fpv .task{font-size:11.5px;fill:#4a5a70}
.fpv .note{font-size:12px;fill:#5b6675}
.fpv .text,.fpv .sub{font-family:ui-monospace,"SF Mono",SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
.fpv .text{font-size:11px}
.fpv .sub{font-size:13px}
.fpv .key,.fpv .num{fill:#5f6b7b}
.fpv .num{font-size:9.5px;text-anchor:middle}
.fpv .page{fill:#fbfcfd}
.fpv .card{fill:#fff;stroke:#c9d1db}
.fpv .band{fill:#edf2f8}
.fpv .ring{fill:none;stroke:#b6c0cc}
.fpv .edges{opacity:.58}
.fpv .edge{fill:none;stroke-linecap:round}
.fpv .tip{stroke:none}
.fpv .off .card,.fpv .stub .card{stroke-dasharray:4 3}
.fpv .off .type{font-weight:450;fill:#5b6675}
.fpv .focus .card{stroke-width:2.2}
.fpv .none{fill:#8a95a3;stroke:#8a95a3}
.fpv .edge.off{stroke-dasharray:2 5}
.fpv .plus{fill:none;stroke:#4a5a70;stroke-width:1.6}
"""
NIGHT = """\
.fpv text{fill:#e8edf3}
.fpv .task{fill:#a9b9cc}
.fpv .note,.fpv .key,.fpv .num{fill:#94a1b2}
.fpv .page{fill:#10151c}
.fpv .card{fill:#19212b;stroke:#3a4654}
.fpv .band{fill:#222d3a}
.fpv .ring{stroke:#4a5868}
.fpv .edges{opacity:.66}
.fpv .off .type{fill:#94a1b2}
.fpv .none{fill:#7e8a99;stroke:#7e8a99}
.fpv .plus{stroke:#a9b9cc}
"""


def drawing_style() -> str:
    """The style sheet of a drawing, also of one that stands in a page."""
    return f"{STYLE}{colours(LIGHT)}@media screen and (prefers-color-scheme:dark){{\n{NIGHT}{colours(DARK)}}}\n"


def colours(palette: Mapping[str, str]) -> str:
    """The rules that give each category its colour."""
    return "".join(
        f".fpv .{name}{{fill:{colour};stroke:{colour}}}\n.fpv .focus .card.in-{name}{{stroke:{colour}}}\n"
        for name, colour in palette.items()
    )
