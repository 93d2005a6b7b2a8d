"""The paths of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from starlette.applications import Starlette
from starlette.routing import Route

from fitsprov.actions.serving import Archive
from fitsprov.service.answer import Answer, text
from fitsprov.service.call import Call
from fitsprov.service.endpoint import Endpoint, Failure, fail_in_text
from fitsprov.service.files import answer_file, answer_header
from fitsprov.service.links import answer_links, fail_in_votable
from fitsprov.service.pages import answer_dataset, answer_search
from fitsprov.service.prov import answer_prov, answer_resolve
from fitsprov.service.vosi import answer_availability, answer_capabilities, answer_tables
from fitsprov.settings import Settings

__all__ = ["make_app"]

READ = ("GET", "HEAD")
FORM = ("GET", "HEAD", "POST")


def make_app(settings: Settings) -> Starlette:
    """Make the service of the registry that the settings name; nothing that it offers writes.

    Raises
    ------
    RegistryError
        Where there is no registry, or it is of another version.
    UsageError
        Where nobody says where the service is met from outside.
    """
    archive = Archive.open(settings)

    def route(
        path: str,
        answer: Callable[[Archive, Call], Answer],
        methods: tuple[str, ...] = READ,
        fail: Failure = fail_in_text,
        takes_form: bool = True,
    ) -> Route:
        return Route(path, Endpoint(partial(answer, archive), settings, methods, fail, takes_form))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        archive.close()

    app = Starlette(
        routes=[
            route("/links", answer_links, FORM, fail_in_votable),
            route("/files/{id:path}", answer_file),
            route("/headers/{id:path}", answer_header),
            route("/prov", answer_prov, FORM),
            route("/", answer_search),
            route("/dataset/{id:path}", answer_dataset),
            route("/availability", answer_availability),
            route("/capabilities", answer_capabilities),
            route("/tables", answer_tables),
            route("/resolve", answer_resolve, ("POST",), takes_form=False),
        ],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.router.default = Endpoint(nothing_here, settings, FORM)
    return app


def nothing_here(call: Call) -> Answer:
    """Say that a path is none."""
    return text("NotFoundFault: nothing is here; expected /links, /prov, /files/ID, /dataset/ID …", 404)
