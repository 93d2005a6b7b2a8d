"""Send clients to object stores: a URL that the store takes for a while, from whoever has it."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any
from urllib.parse import unquote

from fitsprov.actions.serving import Archive
from fitsprov.errors import FitsprovError, MissingExtra
from fitsprov.model.lineage import Dataset

__all__ = ["signed_url"]

VALID = timedelta(minutes=15)


def signed_url(archive: Archive, dataset: Dataset) -> str | None:
    """Sign a URL of the copy of a dataset; None where the settings send nobody there.

    The store and who answers for it are found as its own tools find them, as by ``AWS_ACCESS_KEY_ID``.

    Raises
    ------
    MissingExtra
        Where what speaks to object stores is not installed.
    FitsprovError
        Where nothing can be signed.
    """
    uri = dataset.uri or ""
    if not any(uri.startswith(prefix) for prefix in archive.settings.signed):
        return None
    scheme, _, rest = uri.partition("://")
    bucket, _, path = rest.partition("/")
    try:
        from obstore import sign
    except ImportError as error:
        raise MissingExtra(f"to sign URLs of {scheme}://{bucket}", "cloud") from error
    try:
        return str(sign(store(f"{scheme}://{bucket}"), "GET", unquote(path), VALID))
    except Exception as error:  # obstore's errors have no parent but this
        raise FitsprovError(f"{uri}: cannot be signed: {error}") from error


@cache
def store(url: str) -> Any:
    """A bucket; there are few."""
    from obstore.store import from_url

    return from_url(url)
