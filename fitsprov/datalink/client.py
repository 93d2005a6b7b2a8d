"""Reading {links} documents as pyvo does, without a network for the vocabulary.

pyvo fetches the vocabulary into astropy's cache on the first ``bysemantics``. Here its loader is replaced for a moment
by one that answers with the copy that ships with us, so that nothing is fetched and no cache is touched.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from threading import RLock
from typing import Any

from astropy.io.votable import parse
from astropy.io.votable.exceptions import VOWarning
from pyvo.dal import DALQueryError
from pyvo.dal.adhoc import DatalinkRecord, DatalinkResults
from pyvo.utils import vocabularies

from fitsprov.datalink.terms import core_terms

__all__ = ["DALQueryError", "LinksResults", "offline_vocabulary", "read_links"]

LOCK = RLock()


@contextmanager
def offline_vocabulary() -> Iterator[None]:
    """Let pyvo take datalink/core from the copy that ships with us; other vocabularies load as ever.

    ``bysemantics`` is a generator: consume it inside. Other threads that want the same wait for the end.
    """

    def get_vocabulary(name: str, force_update: bool = False) -> Any:
        return core_terms() if name == "datalink/core" else load(name, force_update)

    with LOCK:
        load, vocabularies.get_vocabulary = vocabularies.get_vocabulary, get_vocabulary
        try:
            yield
        finally:
            vocabularies.get_vocabulary = load


class LinksResults(DatalinkResults):  # type: ignore[misc]  # pyvo is untyped
    """pyvo's links, whose ``bysemantics`` needs no network."""

    def bysemantics(self, semantics: str | list[str], *, include_narrower: bool = True) -> Iterator[DatalinkRecord]:
        """Give the records of a term, and of those narrower than it."""
        with offline_vocabulary():
            found: Iterable[DatalinkRecord] = list(super().bysemantics(semantics, include_narrower=include_narrower))
        return iter(found)


def read_links(data: bytes) -> LinksResults:
    """Read a {links} document.

    Raises
    ------
    pyvo.dal.DALQueryError
        Where the document says that the request failed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VOWarning)
        return LinksResults(parse(BytesIO(data)))
