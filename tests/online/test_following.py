"""From a file alone to its provenance: through a real service, and through others that lie or die."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import fitsprov
from fitsprov.actions.following import Online
from fitsprov.actions.hearsay import read_hearsay
from fitsprov.actions.resolving import resolve_any
from fitsprov.exchange.drawings.tree import draw_tree
from fitsprov.settings import Settings
from tests.little import Answer, drip, http, little
from tests.online.conftest import ALLOWED
from tests.service.conftest import COADD, serving


def comparable(found: fitsprov.Resolution) -> dict[str, Any]:
    """What an archive says about a dataset wherever it is asked; where copies are depends on that.

    Facts beside the lineage are in no provenance document.
    """
    said = found.to_json()
    del said["source"], said["file"]
    said.pop("facts", None)
    for one in (*said["parents"], *said["raws"]):
        del one["uri"]
    return said


@pytest.mark.parametrize("more", [{}, {"depth": 2}, {"direction": "down"}, {"direction": "down", "depth": 1}])
def test_the_service_tells_what_the_archive_itself_does(
    base: str, stamped: Callable[..., Path], registry: fitsprov.Registry, more: dict[str, Any]
) -> None:
    path = stamped(base)
    mine = fitsprov.resolve(path, online=True, allow_hosts=ALLOWED, **more)
    theirs = fitsprov.resolve(path, registry, **more)
    assert (mine.source, theirs.source) == ("service", "registry")
    assert comparable(mine) == comparable(theirs)
    assert draw_tree(mine.lineage) == draw_tree(theirs.lineage)
    assert mine.status is fitsprov.Status.RESOLVED


def test_a_product_in_the_middle_tells_the_same_downward(
    base: str, archive: Path, registry: fitsprov.Registry, tmp_path: Path
) -> None:
    target = tmp_path / "flat.fits"
    (flat, *_) = registry.find(type="flat")
    fitsprov.export(next((archive / "calib").rglob("*flat*.fits")), target, registry.stamp(flat.id))
    fitsprov.stamp(target, replace(registry.stamp(flat.id), datalink=f"{base}/links?ID={flat.id}"))
    mine = fitsprov.resolve(target, online=True, allow_hosts=ALLOWED, direction="down")
    theirs = fitsprov.resolve(target, registry, direction="down")
    assert draw_tree(mine.lineage) == draw_tree(theirs.lineage)
    assert comparable(mine) == comparable(theirs)


def test_the_registry_is_asked_first(base: str, stamped: Callable[..., Path], registry: fitsprov.Registry) -> None:
    with little(lambda path: http(b"")) as server:
        assert fitsprov.resolve(stamped(server.base), registry, online=True, allow_hosts=ALLOWED).source == "registry"
        assert server.requests == []


def test_nothing_is_asked_unless_told_to(stamped: Callable[..., Path]) -> None:
    with little(lambda path: http(b"")) as server:
        found = fitsprov.resolve(stamped(server.base))
        assert server.requests == []
    assert [finding.code for finding in found.findings] == ["dataset-unknown"]


def test_a_private_host_is_not_asked_unless_allowed(base: str, stamped: Callable[..., Path]) -> None:
    found = fitsprov.resolve(stamped(base), online=True)
    assert [finding.code for finding in found.findings] == ["service-refused", "dataset-unknown"]
    assert (found.source, found.status) == ("header", fitsprov.Status.UNKNOWN)


@pytest.mark.parametrize(
    ("stated", "code", "keyword"),
    [
        ({"run": "other/run"}, "differs-from-service", "FPV_RUN"),
        ({"type": "visit_image"}, "differs-from-service", "FPV_TYPE"),
        ({"activity_id": UUID(int=5)}, "differs-from-service", "FPV_ACT"),
        ({"parents": (), "n_parents": None, "digests": None}, "service-stale", "FPV_NPAR"),
        ({"raws": None, "n_raws": 7, "digests": None}, "service-stale", "FPV_NRAW"),
        ({"digests": f"{'0' * 32}:{'1' * 32}"}, "service-stale", "FPV_SUM"),
    ],
)
def test_what_the_service_says_is_held_against_the_stamp(
    base: str, stamped: Callable[..., Path], stated: dict[str, Any], code: str, keyword: str
) -> None:
    found = fitsprov.resolve(stamped(base, **stated), online=True, allow_hosts=ALLOWED)
    assert (code, keyword) in [(finding.code, finding.keyword) for finding in found.findings]
    assert found.source == "service"
    assert found.status is (fitsprov.Status.CONFLICT if "differs" in code else fitsprov.Status.RESOLVED)


def test_the_lists_of_a_whole_stamp_agree(base: str, stamped: Callable[..., Path]) -> None:
    found = fitsprov.resolve(stamped(base), online=True, allow_hosts=ALLOWED)
    assert found.stamp is not None
    assert found.stamp.digests
    assert found.findings == ()


def test_what_was_retracted_since_is_told(archive: Path, stamped: Callable[..., Path], tmp_path: Path) -> None:
    shutil.copy(archive / "fitsprov.db", tmp_path / "later.db")
    url = f"sqlite:///{tmp_path}/later.db"
    with fitsprov.Registry(url) as later:
        (flat, *_) = [dataset for dataset in later.lineage(UUID(COADD)).ancestors() if dataset.type == "flat"]
        later.retract(flat.id, "scattered light\x1b[31m", by="org:simcam")
        later.retract(COADD, "made with it", by="org:simcam")
        with serving(Settings(registry=url)) as base:
            path = stamped(base)
            mine = fitsprov.resolve(path, online=True, allow_hosts=ALLOWED)
            theirs = fitsprov.resolve(path, later)
    codes = [finding.code for finding in mine.findings]
    assert codes == [finding.code for finding in theirs.findings] == ["dataset-retracted", "ancestor-retracted"]
    assert "made with it" in mine.findings[0].message
    assert all(finding.message.isprintable() for finding in mine.findings)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"[",
        b"[" * 10**5,
        b"{}",
        b"[{}]",
        b"[[]]",
        b'[{"dataset": {"id": "00000000-0000-0000-0000-000000000005"}, "findings": 7}]',
        b'[{"dataset": {"id": "00000000-0000-0000-0000-000000000005"}, "findings": [{"code": [], "message": "y"}]}]',
        b'[{"dataset": {"id": "00000000-0000-0000-0000-000000000005"}, "findings": [{"code": "dataset-retracted"}]}]',
        b'[{"dataset": {"id": "00000000-0000-0000-0000-000000000005"}, "findings": [{"code": "x", "message": "y"}]}]',
        b'[{"dataset": {"id": "other"}, "findings": [{"code": "dataset-retracted", "message": "y"}]}]',
    ],
)
def test_what_else_a_service_says_is_passed_over(said: bytes) -> None:
    assert read_hearsay(said, UUID(int=5)) == ([], None)


LINKS = "application/x-votable+xml;content=datalink"


def links(base: str, *rows: str, descriptor: str = "") -> bytes:
    """A document of links with some rows of our own."""
    names = ("ID", "access_url", "service_def", "error_message", "semantics", "content_type", "local_semantics")
    fields = "".join(f'<FIELD name="{name}" ID="{name}" datatype="char" arraysize="*"/>' for name in names)
    return http(
        f'<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">'
        f'<INFO name="QUERY_STATUS" value="OK"/><TABLE>{fields}<DATA><TABLEDATA>{"".join(rows)}</TABLEDATA></DATA>'
        f"</TABLE></RESOURCE>{descriptor.format(base=base)}</VOTABLE>".encode(),
        Content_Type=LINKS,
    )


def row(url: str = "", service: str = "", error: str = "", identifier: str = COADD) -> str:
    cells = (identifier, url, service, error, "#this" if error else "#documentation", "application/json", "provenance")
    return f"<TR>{''.join(f'<TD>{cell}</TD>' for cell in cells)}</TR>"


SERVICE = (
    '<RESOURCE type="meta" utype="adhoc:service" ID="p">{{}}<GROUP name="inputParams">'
    '<PARAM name="ID" datatype="char" arraysize="*" ref="ID" value=""/></GROUP></RESOURCE>'
)
ACCESS = '<PARAM name="accessURL" datatype="char" arraysize="*" value="{}"/>'


def service(access: str) -> str:
    return SERVICE.replace("{{}}", ACCESS.replace("{}", access) if access else "")


def prov(body: bytes, **headers: str) -> bytes:
    return http(body, **({"Content_Type": "application/json"} | headers))


@pytest.fixture(scope="module")
def honest(base: str) -> dict[str, bytes]:
    """What the real service answers."""
    import httpx

    url = f"{base}/prov?DEPTH=ALL&RESPONSEFORMAT=PROV-JSON&ID="
    other = json.loads(httpx.get(f"{base}/prov?ID={COADD}&RESPONSEFORMAT=JSON").content)[0]["parents"][0]["id"]
    return {
        "prov": httpx.get(f"{url}{COADD}").content,
        "other": httpx.get(f"{url}{other}").content,
        "forth": httpx.get(f"{url}{COADD}&DIRECTION=FORTH").content,
        "links": httpx.get(f"{base}/links?ID={other}").content,
    }


LIES: dict[str, tuple[Callable[[str, dict[str, bytes]], Callable[[str], Answer]], str]] = {
    "page": (lambda base, real: lambda path: http(b"<html>log in</html>", Content_Type="text/html"), "answer-invalid"),
    "missing": (lambda base, real: lambda path: http(b"gone", "404 Not Found"), "unknown"),
    "broken": (lambda base, real: lambda path: http(b"oops", "500 Oops"), "unreachable"),
    "json": (lambda base, real: lambda path: http(b"{}", Content_Type=LINKS), "answer-invalid"),
    "empty": (lambda base, real: lambda path: links(base), "unknown"),
    "no-columns": (
        lambda base, real: lambda path: http(b"<VOTABLE><RESOURCE type='results'/></VOTABLE>", Content_Type=LINKS),
        "answer-invalid",
    ),
    "file": (
        lambda base, real: (
            lambda path: http(
                b"<VOTABLE><RESOURCE type='results'><TABLE><FIELD name='ID' datatype='char'/><DATA><BINARY>"
                b"<STREAM href='file:///etc/passwd'/></BINARY></DATA></TABLE></RESOURCE></VOTABLE>",
                Content_Type=LINKS,
            )
        ),
        "answer-invalid",
    ),
    "wrong-id": (
        lambda base, real: lambda path: links(base, row(f"{base}/p", identifier=str(UUID(int=4)))),
        "otherwise",
    ),
    "others-links": (lambda base, real: lambda path: http(real["links"], Content_Type=LINKS), "otherwise"),
    "not-found": (lambda base, real: lambda path: links(base, row(error="NotFoundFault: never heard")), "unknown"),
    "fault": (
        lambda base, real: lambda path: links(base, row(error="FatalFault: too bad")),
        "unreachable",
    ),
    "no-service": (lambda base, real: lambda path: links(base, row(service="p")), "answer-invalid"),
    "no-access": (
        lambda base, real: lambda path: links(base, row(service="p"), descriptor=service("")),
        "answer-invalid",
    ),
    "to-a-file": (
        lambda base, real: lambda path: links(base, row(service="p"), descriptor=service("file:///etc/passwd")),
        "refused",
    ),
    "to-metadata": (lambda base, real: lambda path: links(base, row("http://169.254.169.254/latest")), "refused"),
    "to-localhost": (lambda base, real: lambda path: links(base, row("http://localhost/")), "refused"),
    "prov-page": (
        lambda base, real: (
            lambda path: http(b"<html>", Content_Type="text/html") if path == "/p" else links(base, row(f"{base}/p"))
        ),
        "answer-invalid",
    ),
    "prov-of-another": (
        lambda base, real: lambda path: prov(real["other"]) if path == "/p" else links(base, row(f"{base}/p")),
        "otherwise",
    ),
    "prov-the-other-way": (
        lambda base, real: lambda path: prov(real["forth"]) if path == "/p" else links(base, row(f"{base}/p")),
        "otherwise",
    ),
    "prov-deep": (
        lambda base, real: lambda path: prov(b"[" * 10**6) if path == "/p" else links(base, row(f"{base}/p")),
        "answer-invalid",
    ),
    "prov-cut": (
        lambda base, real: lambda path: prov(real["prov"][:5000]) if path == "/p" else links(base, row(f"{base}/p")),
        "answer-invalid",
    ),
    "prov-huge": (
        lambda base, real: (
            lambda path: prov(b"", Content_Length=str(10**10)) if path == "/p" else links(base, row(f"{base}/p"))
        ),
        "answer-invalid",
    ),
    "drip": (lambda base, real: lambda path: drip(b"HTTP/1.1 200 OK\r\n" + b"x" * 100), "unreachable"),
    "loop": (lambda base, real: lambda path: http(b"", "302 Found", Location=path), "unreachable"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_service_that_lies_or_dies_leaves_what_the_header_says(
    lie: str, stamped: Callable[..., Path], honest: dict[str, bytes]
) -> None:
    make, code = LIES[lie]
    holder: dict[str, Callable[[str], Answer]] = {}
    with little(lambda path: holder["answer"](path)) as server:
        holder["answer"] = make(server.base, honest)
        path = stamped(server.base)
        alone = fitsprov.resolve(path)
        began = time.monotonic()
        found = fitsprov.resolve(path, online=Online(allow_hosts=ALLOWED, seconds=1.5))
        assert time.monotonic() - began < 5
    finding, *rest = found.findings
    assert finding.code.startswith("service-")
    assert finding.code.endswith(code)
    assert finding.keyword == "DATALINK"
    assert finding.message.isprintable()
    assert len(finding.message) < 500
    assert [finding.code for finding in rest] == [finding.code for finding in alone.findings]
    assert replace(found, findings=()) == replace(alone, findings=())


def test_through_a_row_without_a_service_the_same_comes(stamped: Callable[..., Path], honest: dict[str, bytes]) -> None:
    with little(lambda path: prov(honest["prov"]) if path == "/p" else links("", row(f"{server.base}/p"))) as server:
        found = fitsprov.resolve(stamped(server.base), online=True, allow_hosts=ALLOWED)
    assert found.source == "service"
    assert len(found.raws) == 45


def test_hosts_are_agreed_to_once_and_silent_ones_not_asked_again(stamped: Callable[..., Path]) -> None:
    asked: list[str] = []
    online = Online(lambda host: asked.append(host) is not None, ALLOWED)
    path = stamped("http://127.0.0.1:1")
    first = fitsprov.resolve(path, online=online)
    assert first.findings == fitsprov.resolve(path, online=online).findings
    assert asked == ["127.0.0.1"]
    assert "nobody agreed" in first.findings[0].message


def test_a_host_that_answered_about_one_file_is_asked_about_the_next(stamped: Callable[..., Path]) -> None:
    online = Online(allow_hosts=ALLOWED)
    with little(lambda path: http(b"gone", "404 Not Found")) as server:
        path = stamped(server.base)
        for _ in range(2):
            assert resolve_any(str(path), None, online=online).findings[0].code == "service-unknown"
        assert len(server.requests) == 2


@pytest.mark.parametrize("url", ["ftp://archive.example.org/links", "links?ID=1", "http://[", "http://a@b/", "x" * 60])
def test_a_pointer_that_is_none_is_a_finding(stamped: Callable[..., Path], url: str) -> None:
    found = fitsprov.resolve(stamped("http://x", datalink=url), online=True)
    assert [finding.code for finding in found.findings] == ["service-refused", "dataset-unknown"]
