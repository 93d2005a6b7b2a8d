"""Rubin's Butler stamps what it writes: a mixin for its FITS formatters.

The Butler writes its own cards on ``put``, above 3,000 inputs without the inputs, and no pointer. A formatter with
`Stamped` before its base writes our stamp beside them, with the whole list of inputs and a DATALINK pointer::

    class ImageFormatter(Stamped, FitsImageFormatterBase): ...

It needs nothing of the Butler itself, and lies outside the rooms, because it is named in a Butler's configuration, like
a command on a command line.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from fitsprov.actions.reading import inspect
from fitsprov.actions.stamping import stamp
from fitsprov.model.identifiers import pointers
from fitsprov.model.stamp import Input, Stamp

__all__ = ["Stamped", "stamp_of"]

LONGEST = 3000
"""Inputs above which Rubin's own cards list none (DatasetProvenance.to_flat_dict)."""
POINTERS = frozenset({"base_url", "authority"})


class Stamped:
    """Mixin before a ``FormatterV2``: the file that it has written is stamped before the Butler takes it.

    The write parameters ``base_url`` and ``authority`` of the formatter's configuration say where DATALINK cards and
    publisher DIDs point, as ``fitsprov init`` says it; without them no such cards are written.
    """

    supported_write_parameters: ClassVar[frozenset[str]] = POINTERS

    def __init_subclass__(cls, **options: Any) -> None:
        """Accept our write parameters beside those of the base."""
        super().__init_subclass__(**options)
        accepted = (getattr(base, "supported_write_parameters", None) or () for base in cls.__mro__)
        cls.supported_write_parameters = POINTERS.union(*accepted)

    def add_provenance(self, in_memory_dataset: Any, /, *, provenance: Any = None) -> Any:
        """Let the base add Rubin's cards, and keep what they are made of for the file."""
        self.provenance = provenance
        return super().add_provenance(in_memory_dataset, provenance=provenance)  # type: ignore[misc]  # of the base

    def write_direct(self, *_: Any, **__: Any) -> bool:
        """Go by way of a local file, always: that is what is stamped."""
        return False

    def write_local_file(self, in_memory_dataset: Any, uri: Any) -> None:
        """Let the base write, and stamp the file; Rubin's cards, too, where the base has none.

        A stamp that came with the header of an input gives way: the Butler knows what it writes.
        """
        super().write_local_file(in_memory_dataset, uri)  # type: ignore[misc]  # of the base
        parameters: dict[str, str] = dict(self.write_parameters)  # type: ignore[attr-defined]  # of the base
        ours = stamp_of(self.dataset_ref, self.provenance, **{name: parameters.get(name) for name in POINTERS})  # type: ignore[attr-defined]  # of the base
        theirs = [reading.stamp.id for reading in inspect(uri.ospath).readings if reading.convention == "rubin"]
        if ours.id not in theirs:
            short = (ours.n_parents or 0) > LONGEST
            rubin = replace(ours, parents=None, digests=None) if short else ours
            stamp(uri.ospath, rubin, conventions=("rubin",), force=True)
        stamp(uri.ospath, ours, replace=True)


def stamp_of(ref: Any, provenance: Any = None, *, base_url: str | None = None, authority: str | None = None) -> Stamp:
    """Say what the header of a Butler's dataset should say.

    Parameters
    ----------
    ref : lsst.daf.butler.DatasetRef
    provenance : lsst.daf.butler.DatasetProvenance, optional
        Without it, the inputs are not known.
    base_url, authority : str, optional
        Where DATALINK cards and publisher DIDs point.
    """
    did, datalink = pointers(ref.id, base_url, authority)
    made = Stamp(
        id=ref.id,
        run=ref.run,
        type=ref.datasetType.name,
        data_id=dict(ref.dataId.required) or None,
        publisher_did=did,
        datalink=datalink,
    )
    if provenance is None:
        return made
    inputs = tuple(
        Input(one.id, run=one.run, type=one.datasetType.name, extra=provenance.extras.get(one.id, {}))
        for one in provenance.inputs
    )
    return replace(made, activity_id=provenance.quantum_id, parents=inputs)
