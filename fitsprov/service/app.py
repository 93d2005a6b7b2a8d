"""The paths of the service."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST
from starlette.applications import Starlette
from starlette.routing import Route

from fitsprov.actions.serving import Archive
from fitsprov.service.answer import Answer, document, text
from fitsprov.service.call import Call
from fitsprov.service.endpoint import Endpoint, House
from fitsprov.service.files import answer_file, answer_header
from fitsprov.service.impact import answer_impact
from fitsprov.service.keeping import Kept
from fitsprov.service.links import answer_links, fail_in_votable
from fitsprov.service.pages import answer_asset, answer_dataset, answer_search, answer_touched
from fitsprov.service.prov import answer_prov, answer_resolve
from fitsprov.service.vosi import answer_availability, answer_capabilities, answer_tables
from fitsprov.service.watching import Watch
from fitsprov.settings import Settings

__all__ = ["make_app"]

FORM = ("GET", "HEAD", "POST")
WALKERS = 4
"""Lineages that one worker follows at the same time."""


def make_app(settings: Settings, *, access_log: bool = False, edition: str = "") -> Starlette:
    """Make the service of the registry that the settings name; nothing that it offers writes.

    Parameters
    ----------
    edition : str
        What tells this service from one that was started otherwise; the time by default.

    Raises
    ------
    RegistryError
        Where there is no registry, or it is of another version.
    UsageError
        Where nobody says where the service is met from outside.
    """
    archive = Archive.open(settings)
    watch = Watch(access_log=access_log)
    walkers = ThreadPoolExecutor(WALKERS, "fitsprov-walker")
    house = House(archive, watch, Kept(), edition or datetime.now(UTC).isoformat(), walkers)

    def route(path: str, answer: Callable[[Archive, Call], Answer], **options: Any) -> Route:
        return Route(path, Endpoint(house, path.partition("{")[0], answer, **options))

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        walkers.shutdown(wait=False, cancel_futures=True)
        archive.close()

    app = Starlette(
        routes=[
            route("/links", answer_links, methods=FORM, fail=fail_in_votable, follows=True),
            route("/files/{id:path}", answer_file),
            route("/headers/{id:path}", answer_header),
            route("/prov", answer_prov, methods=FORM, follows=True, walks=True),
            route("/impact", answer_impact, methods=FORM, follows=True, walks=True),
            route("/", answer_search, follows=True),
            route("/dataset/{id:path}", answer_dataset, follows=True, walks=True),
            route("/touched", answer_touched, follows=True, walks=True),
            route("/static/{name}", answer_asset),
            route("/availability", answer_availability),
            route("/capabilities", answer_capabilities),
            route("/tables", answer_tables),
            route("/tables/{name}", answer_tables),
            route("/resolve", answer_resolve, methods=("POST",), takes_form=False, walks=True),
            route("/metrics", partial(answer_metrics, watch)),
            route("/openapi.json", answer_openapi),
        ],
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.router.default = Endpoint(house, "other", nothing_here, FORM)
    return app


def answer_metrics(watch: Watch, archive: Archive, call: Call) -> Answer:
    """Give the numbers that Prometheus asks for."""
    return Answer(watch.report(), CONTENT_TYPE_LATEST)


def answer_openapi(archive: Archive, call: Call) -> Answer:
    """Describe the paths for programs."""
    return document(call, [files("fitsprov.service").joinpath("openapi.json").read_bytes()], "application/json")


def nothing_here(archive: Archive, call: Call) -> Answer:
    """Say that a path is none."""
    return text("NotFoundFault: nothing is here; expected /links, /prov, /files/ID, /dataset/ID …", 404)
