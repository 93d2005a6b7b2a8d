"""Bytes on disk: FITS files read and edited, standard library only on the fast path.

Two mechanisms change a header, and no third. A *flip* writes a stamp into the free space of END's block, where each
moment shows the old header, the new one, or the one without a stamp (`flip`). A *copy* goes to a temporary file that
takes the target's place when it is whole (`copy`). Where the cards come to stand is decided without a file (`layout`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fitsprov.files.copy import export_file, stream
    from fitsprov.files.edit import Outcome, edit_file, read_unit
    from fitsprov.files.layout import Edit
    from fitsprov.files.pieces import Decide
    from fitsprov.files.units import HeaderUnit

__all__ = ["Decide", "Edit", "HeaderUnit", "Outcome", "edit_file", "export_file", "read_unit", "stream"]

HOMES = {
    "copy": ("export_file", "stream"),
    "edit": ("Outcome", "edit_file", "read_unit"),
    "layout": ("Edit",),
    "pieces": ("Decide",),
    "units": ("HeaderUnit",),
}


def __getattr__(name: str) -> Any:
    """Load a name on first use: who only reads need not load what writes."""
    for module, names in HOMES.items():
        if name in names:
            value = globals()[name] = getattr(import_module(f"{__name__}.{module}"), name)
            return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
