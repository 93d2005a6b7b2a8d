"""The settings: one frozen value, built once by the command line or the service and handed down."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fitsprov.errors import RegistryError

__all__ = ["Settings"]

DEFAULT_REGISTRY = Path("fitsprov.db")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a user or an operator decides outside the arguments of one command."""

    registry: str | None = None
    """SQLAlchemy URL of the registry; none where there is none."""
    list_cards: int = 100
    """Parents and raws in all that ``lists="auto"`` still writes as cards."""
    collapse: int = 25
    """Rows of one kind in a {links} document before they collapse."""
    base_url: str | None = None
    """Where the service is met from outside, in place of what the registry says."""
    descriptors: tuple[str, ...] = ()
    """Service descriptors that {links} documents offer: names of templates, or files."""
    access: str | None = None
    """A file that says who may have what; without one everybody may have everything."""
    signed: tuple[str, ...] = ()
    """Beginnings of URIs of object stores, to which the service sends clients with a signed URL."""
    max_ids: int = 100_000
    """IDs in one request to the service; what is more is left out of the answer, which says so."""
    max_traced: int = 100
    """Datasets whose provenance one request may ask for."""
    max_rows: int = 1_000_000
    """Rows, or datasets, of one answer of the service; what is more is left out, which it says."""
    max_body: int = 8 * 2**20
    """Bytes of a request to the service."""
    max_depth: int = 1_000
    """Generations that a request may ask for by number."""
    max_seconds: float = 30.0
    """How long the service works on one request."""
    keep_index: bool = True
    """Whether the service has the adjacency file made anew when too much is newer."""

    @classmethod
    def build(cls, registry: str | None = None, environment: Mapping[str, str] = os.environ) -> Settings:
        """Take the registry from the argument, else ``FITSPROV_REGISTRY``, else ``fitsprov.db`` where it exists."""
        found = registry or environment.get("FITSPROV_REGISTRY")
        if not found and DEFAULT_REGISTRY.is_file():
            found = f"sqlite:///{DEFAULT_REGISTRY}"
        return cls(registry=found or None)

    def need_registry(self) -> str:
        """Give the registry's URL, or say how to name one."""
        if self.registry is None:
            raise RegistryError(
                f"no registry: no {DEFAULT_REGISTRY} in this folder; expected --registry URL or FITSPROV_REGISTRY"
                " (fitsprov init makes one)"
            )
        return self.registry
