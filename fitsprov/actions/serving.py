"""A registry as the service sees it: its answers name neither paths of this machine nor the database."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import quote
from uuid import UUID

from fitsprov.actions.access import Access, Caller, Forbidden, load_access
from fitsprov.actions.registering import open_registry
from fitsprov.actions.viewing import View
from fitsprov.datalink.dataset_rows import Admission, everybody
from fitsprov.datalink.descriptors import Descriptor, make_descriptors
from fitsprov.datalink.descriptors import read_template as read_descriptor
from fitsprov.errors import DatasetNotFound, FitsprovError, RegistryError, UsageError
from fitsprov.model.identifiers import datalink_url, publisher_did
from fitsprov.model.lineage import Dataset, Linked
from fitsprov.model.stamp import Stamp
from fitsprov.registry.engines.deadline import Deadline
from fitsprov.registry.engines.overdue import keep_deadline
from fitsprov.settings import Settings
from fitsprov.templates import read_template, template_names

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry

__all__ = ["Archive", "Deadline", "TooSlow", "base_url_of", "discreet", "keep_deadline", "services_at"]

BASE_URL = re.compile(r"https?://[^\s/?#\"'<>]+(/[^\s?#\"'<>]*)?", re.ASCII)
EXAMPLE = "00000000-0000-0000-0000-00000000000e"
"""Stands for the example in descriptors that are made once."""


class TooSlow(FitsprovError, TimeoutError):
    """A request that asks for more than can be found in its time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"took more than {seconds:g} s; try a smaller part")
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Archive:
    """A registry, where it is met from outside, and what may be asked of it by whom."""

    registry: Registry
    base_url: str
    settings: Settings
    access: Access | None
    """None where everybody may have everything."""
    services: tuple[Descriptor, ...]
    """What the observatory offers for each dataset."""
    descriptors: tuple[Descriptor, ...]
    bare_descriptors: tuple[Descriptor, ...]
    """Without an example."""
    caller: Caller | None = None
    """Who asks, where not everybody may have everything."""

    @classmethod
    def open(cls, settings: Settings) -> Self:
        """Open the registry of the settings.

        Raises
        ------
        RegistryError
            Where there is none.
        UsageError
            Where nobody says where the service is met from outside; where a file of rules or a template is none.
        """
        base = base_url_of(settings)
        if base is None:
            raise UsageError("nobody says where the service is met from outside; expected --base-url http(s)://host")
        access = None if settings.access is None else load_access(Path(settings.access))
        services = services_at(base, settings.descriptors)
        return cls(
            open_registry(settings.need_registry()),
            base,
            settings,
            access,
            services,
            make_descriptors(base, EXAMPLE, services),
            make_descriptors(base, extra=services),
        )

    def seen_by(self, caller: Caller) -> Archive:
        """The archive as one caller sees it."""
        if not caller.access.hidden or caller.may_have_all:
            return replace(self, caller=caller)
        # a view has all of a registry that clients are answered by
        return replace(self, caller=caller, registry=cast("Registry", View(self.registry, caller)))

    def need_all(self) -> None:
        """Go on only where the caller may know of everything.

        Raises
        ------
        Forbidden
        """
        if self.caller is not None and isinstance(self.registry, View):
            raise Forbidden("what may be hidden", known=bool(self.caller.groups))

    def admit(self, dataset: Dataset) -> None:
        """Let the caller have a dataset.

        Raises
        ------
        Forbidden
        """
        if self.caller is not None and not self.caller.may_have(dataset.run, dataset.type):
            raise Forbidden(dataset.id, known=bool(self.caller.groups))

    @property
    def admission(self) -> Admission:
        """What links say of who may follow them."""
        caller = self.caller
        if caller is None:
            return everybody

        def admission(dataset: Linked, data: bool) -> tuple[str, bool | None]:
            public, allowed = caller.decide(dataset.run, dataset.type)
            return ("false", True) if public or not (data or caller.access.hidden) else ("true", allowed)

        return admission

    @property
    def authority(self) -> str | None:
        """The registered part of publisher DIDs."""
        return self.registry.authority

    def close(self) -> None:
        """Close the registry."""
        self.registry.close()

    @property
    def near(self) -> bool:
        """Whether the registry is asked without a network, so that a small question takes no time."""
        url = self.settings.need_registry()
        return url.startswith("sqlite") or "://" not in url

    def version(self) -> int:
        """A number that grows whenever the registry changes."""
        with discreet():
            return self.registry.version()

    def check(self) -> None:
        """Ask the registry something.

        Raises
        ------
        RegistryError
            Where it does not answer.
        """
        with discreet():
            self.registry.datasets([UUID(int=0)])

    def find(self, identifier: str) -> Dataset:
        """Find a dataset by its ID in any spelling, or by its name.

        Raises
        ------
        DatasetNotFound
        """
        with discreet():
            try:
                return self.registry.dataset(identifier)
            except UsageError as error:
                raise DatasetNotFound(identifier) from error

    def file_url(self, dataset: UUID) -> str:
        """Where the service gives a dataset."""
        return f"{self.base_url}/files/{dataset}"

    def did(self, dataset: Dataset) -> str:
        """The ID under which a dataset is published."""
        if dataset.publisher_did is None and self.authority is not None:
            return publisher_did(self.authority, dataset.id)
        return dataset.publisher_did or str(dataset.id)

    def public(self, dataset: Dataset) -> Dataset:
        """A dataset whose copy, if there is one, is the one that the service gives."""
        return dataset if dataset.uri is None else replace(dataset, uri=self.file_url(dataset.id))

    def provenance_link(self, dataset: Dataset) -> bytes:
        """The Link header that leads from a resource to its provenance (W3C PROV-AQ, 3.1)."""
        did = self.did(dataset)
        anchor = quote(did, safe=":/?=&;,@!$'()*+~") if ":" in did else f"urn:uuid:{dataset.id}"
        url = f"{self.base_url}/prov?ID={quote(did, safe='')}&DEPTH=ALL"
        return f'<{url}>; rel="http://www.w3.org/ns/prov#has_provenance"; anchor="{anchor}"'.encode()

    def stamp(self, dataset: Dataset) -> Stamp:
        """What the header of a dataset should say when it leaves through this service."""
        with discreet():
            found = self.registry.stamp(dataset.id)
        return replace(found, datalink=datalink_url(self.base_url, found.publisher_did or str(dataset.id)))

    def example(self, identifier: str) -> tuple[Descriptor, ...]:
        """The service descriptors, with an ID as their example."""
        if not identifier:
            return self.bare_descriptors
        shown = quote(identifier, safe="", errors="surrogatepass")
        return tuple(replace(d, xml=d.xml.replace(EXAMPLE, shown)) if EXAMPLE in d.xml else d for d in self.descriptors)


def base_url_of(settings: Settings) -> str | None:
    """Say where links lead: as the settings say, else the registry; None where neither does.

    Raises
    ------
    RegistryError
        Where there is no registry.
    UsageError
        Where that is no base URL.
    """
    with open_registry(settings.need_registry()) as registry:
        base = settings.base_url or registry.base_url
    if base is not None and not BASE_URL.fullmatch(base):
        raise UsageError(f"base URL '{base}' is not one; expected http(s)://host[/path]")
    return None if base is None else base.rstrip("/")


@contextmanager
def discreet() -> Iterator[None]:
    """Keep from clients where the registry lies."""
    try:
        yield
    except RegistryError as error:
        raise RegistryError("the registry cannot answer now") from error


def services_at(base_url: str, names: Sequence[str]) -> tuple[Descriptor, ...]:
    """Read the descriptors that the observatory adds, templates in ``templates/datalink/`` or files of its own.

    Raises
    ------
    UsageError
        Where there is no such template, or it describes no service.
    """
    known = template_names("datalink", ".xml")
    found = []
    for name in names:
        try:
            text = read_template(f"datalink/{name}.xml") if name in known else Path(name).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            raise UsageError(
                f"no descriptor '{name}'; expected {', '.join(known)}, or a file that can be read"
            ) from None
        found.append(read_descriptor(text, {"base_url": base_url}, name))
    return tuple(found)
