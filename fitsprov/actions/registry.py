"""The registry with its documents: SQL below, run records above."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from fitsprov.actions.causes import parse_cause
from fitsprov.errors import FileRefused, NotFits
from fitsprov.exchange.records.run_record import parse_record
from fitsprov.model.impact import Cause, Impact
from fitsprov.model.record import Record
from fitsprov.registry import Counts
from fitsprov.registry import Registry as SqlRegistry

__all__ = ["Counts", "Registry"]


class Registry(SqlRegistry):
    """A registry that takes provenance documents in by themselves, by path, or as the object that they hold."""

    def record(
        self,
        document: Record | str | Path | Mapping[str, Any],
        *,
        root: Path | None = None,
        strict: bool = False,
        fingerprint: bool = False,
    ) -> Counts:
        """Take a record in, whole or not at all; the same again changes nothing.

        Parameters
        ----------
        document : Record, path or mapping
            A run record; ``-`` is stdin.
        root : Path, optional
            What its file names are relative to; by default the folder of the document, else the current one.
        strict : bool
            Refuse IDs that are used and nowhere described.
        fingerprint : bool
            Compute fingerprints of the data of the FITS files that it names and that are there, so that their datasets
            are found by them.

        Raises
        ------
        InvalidRecord
            Where the document has a wrong key or value, an ID twice, or a cycle.
        Conflict
            Where it contradicts the registry.
        FileRefused
            Where it cannot be read.
        """
        record = document if isinstance(document, Record) else read_record(document, root)
        contents = list(contents_of(record)) if fingerprint else []
        counts = super().record(record, strict=strict)
        return replace(counts, facts=counts.facts + self.note_contents(contents)) if contents else counts

    def impact(self, cause: Cause | UUID | str | None = None, **given: Any) -> Impact:
        """Count what a flaw touched: the datasets that its activities made, and all that was made from these.

        Parameters
        ----------
        cause : Cause, UUID or str, optional
            A dataset, an activity, a run or a job by its ID or name; or a whole cause.
        given
            What else must hold: ``task="isr<v30"``, ``package="numpy>=2.0,<2.1"``, ``config="doFlat=true"``,
            ``container``, ``node``, ``run``, ``job``, ``since``, ``until``.

        Raises
        ------
        DatasetNotFound, ActivityNotFound, UsageError
            Where the cause names what the registry does not know, or cannot be read.
        """
        return super().impact(cause if isinstance(cause, Cause) else parse_cause(self, cause, **given))

    def keep_index(self, *, every: float = 60.0) -> AbstractContextManager[object]:
        """Keep the adjacency file from falling behind, as long as a ``with`` lasts; for programs that run for long.

        What is missing from it is counted every so many seconds. Where that is too much, another process makes the file
        anew, at the lowest priority; nothing waits for it. Where there never was a file, none is made.
        """
        from fitsprov.registry.adjacency.rebuilding import Rebuilder

        return Rebuilder(self._url.render_as_string(hide_password=False), every=every)


def contents_of(record: Record) -> Iterator[tuple[UUID, str, str]]:
    """Fingerprint the data of the FITS files of a record that are there."""
    from fitsprov.actions.recognizing import content_of
    from fitsprov.actions.registering import path_of_uri
    from fitsprov.files.accept import open_source

    for dataset in (*record.datasets, *(dataset for step in record.steps for dataset in step.generated)):
        if dataset.uri is None or not dataset.uri.startswith("file://"):
            continue
        path = path_of_uri(dataset.uri)
        if not path.is_file():
            continue
        try:
            with open_source(path) as source:
                content = content_of(source)
        except NotFits:
            continue
        if content is not None:
            yield dataset.id, dataset.uri, content


def read_record(document: str | Path | Mapping[str, Any], root: Path | None = None) -> Record:
    """Read a run record from a file, from stdin (``-``), or from the object that such a file holds."""
    if isinstance(document, Mapping):
        text, source, folder = json.dumps(document, default=str), "record", Path()
    else:
        path = Path(document)
        try:
            data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
            text, source, folder = data.decode().replace("\r\n", "\n"), str(path), path.parent
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
            raise FileRefused(f"{path}: {reason}; expected a run record") from None
    return parse_record(text, source=source, root=(root or folder).absolute())
