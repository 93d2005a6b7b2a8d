"""What links offer, downloaded from a real service and from others."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import fitsprov
from fitsprov.errors import FileRefused, ServiceError, StampMissing, UsageError
from tests.little import drip, http, little
from tests.online.conftest import ALLOWED, COADD_FILE
from tests.online.test_following import LINKS
from tests.service.conftest import COADD


def fetch(source: Any, folder: Path, **more: Any) -> list[fitsprov.Fetched]:
    return fitsprov.fetch(source, folder, allow_hosts=ALLOWED, **more)


def links(*rows: tuple[str, str, str]) -> bytes:
    """A document of links: access URL, error and content type of each row, all #progenitor."""
    names = ("ID", "access_url", "service_def", "error_message", "semantics", "content_type", "content_length")
    fields = "".join(f'<FIELD name="{name}" datatype="char" arraysize="*"/>' for name in names)
    cells = [(COADD, url, "", error, "#progenitor", kind, "") for url, error, kind in rows]
    body = "".join(f"<TR>{''.join(f'<TD>{cell}</TD>' for cell in row)}</TR>" for row in cells)
    text = (
        '<VOTABLE version="1.4"><RESOURCE type="results"><INFO name="QUERY_STATUS" value="OK"/><TABLE>'
        f"{fields}<DATA><TABLEDATA>{body}</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    return http(text.encode(), Content_Type=LINKS)


def test_a_dataset_is_downloaded_by_its_id(base: str, tmp_path: Path) -> None:
    (got,) = fetch(UUID(COADD), tmp_path / "new/folder", service=base)
    assert (got.status, got.findings) == ("fetched", ())
    assert got.path == tmp_path / "new/folder" / Path(COADD_FILE).name
    stamp = fitsprov.read(got.path)
    assert stamp is not None
    assert str(stamp.id) == COADD
    assert fitsprov.verdict_of(fitsprov.verify(got.path)) is fitsprov.Verdict.OK


def test_a_file_that_is_not_what_its_digest_says_does_not_stay(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fitsprov.service.files.digest_of", lambda delivery: bytes(32))
    (got,) = fetch(UUID(COADD), tmp_path, service=base)
    assert got.status == "failed"
    assert "its digest is not the one that came with it" in got.message
    assert [path.name for path in tmp_path.iterdir()] == [".fitsprov-fetch.jsonl"]


def test_collapsed_progenitors_are_all_downloaded_and_then_there(
    stamped: Callable[..., Path], base: str, tmp_path: Path
) -> None:
    found = fetch(stamped(base), tmp_path / "parents", semantics="#progenitor", jobs=4)
    assert [one.status for one in found] == ["fetched"] * 32
    assert {one.semantics for one in found} == {"#progenitor"}
    assert len({one.path for one in found}) == 32
    ids = {str(stamp.id) for one in found if one.path and (stamp := fitsprov.read(one.path))}
    assert ids == {one.url.rpartition("/")[2] for one in found}
    again = fetch(stamped(base), tmp_path / "parents", semantics="#progenitor")
    assert [one.status for one in again] == ["there"] * 32
    assert [one.path for one in again] == [one.path for one in found]


def test_a_dry_run_leaves_nothing(stamped: Callable[..., Path], base: str, tmp_path: Path) -> None:
    found = fetch(stamped(base), tmp_path / "none", semantics="#progenitor", dry_run=True)
    assert {one.status for one in found} == {"offered"}
    assert all(one.description.startswith("visit_image") for one in found)
    assert not (tmp_path / "none").exists()


def test_several_terms_and_documents_come_too(stamped: Callable[..., Path], base: str, tmp_path: Path) -> None:
    found = fetch(stamped(base), tmp_path / "docs", semantics=["#documentation", "#this"])
    kinds = {one.semantics for one in found if one.status == "fetched"}
    assert kinds == {"#documentation", "#detached-header", "#this"}
    assert len({one.path for one in found}) == len(found)
    assert [one.findings for one in found] == [()] * len(found)
    assert {one.path.suffix for one in found if one.path} == {".json", ".provn", ".vot", ".html", ".txt", ".fits"}


def test_a_damaged_file_is_told_of(tmp_path: Path, base: str, archive: Path) -> None:
    (got,) = fetch(UUID(COADD), tmp_path / "whole", service=base)
    assert got.path is not None
    damaged = bytearray(got.path.read_bytes())
    damaged[-20_000] ^= 1
    with little(lambda path: http(bytes(damaged)) if path == "/f" else links((f"{server.base}/f", "", ""))) as server:
        (got,) = fetch(UUID(COADD), tmp_path / "damaged", service=server.base, semantics="#progenitor")
    assert got.status == "fetched"
    assert {"datasum-stale", "data-changed"} <= {finding.code for finding in got.findings}


@pytest.mark.parametrize(
    ("body", "kind", "codes"),
    [
        (b"<html>please log in</html>", "image/fits", ["service-answer-invalid"]),
        (b"", "application/fits;x=1", ["service-answer-invalid"]),
        (b"\x1f\x8b is packed", "image/fits", []),
        (b"<html>a page</html>", "text/html", []),
        (b"anything", "", []),
    ],
)
def test_what_is_not_of_the_type_that_its_link_tells_is_told_of(
    tmp_path: Path, body: bytes, kind: str, codes: list[str]
) -> None:
    with little(lambda path: http(body) if path == "/f" else links((f"{server.base}/f", "", kind))) as server:
        (got,) = fetch(UUID(COADD), tmp_path, service=server.base, semantics="#progenitor")
    assert (got.status, [finding.code for finding in got.findings]) == ("fetched", codes)


def test_another_dataset_than_the_url_names_is_told_of(
    tmp_path: Path, archive: Path, stamped: Callable[..., Path]
) -> None:
    body, other = stamped("http://x").read_bytes(), f"/files/{UUID(int=9)}"
    with little(lambda path: http(body) if path == other else links((f"{server.base}{other}", "", ""))) as server:
        (got,) = fetch(UUID(COADD), tmp_path / "odd", service=server.base, semantics="#progenitor")
    assert [finding.code for finding in got.findings] == ["service-answers-otherwise"]


def test_what_fails_does_not_keep_the_others_from_coming(tmp_path: Path) -> None:
    def answer(path: str) -> bytes:
        if path.startswith("/links"):
            good, bad, private = f"{server.base}/good.txt", f"{server.base}/bad.txt", "http://localhost/x"
            nothing = ("", "NotFoundFault: no copy", "")
            return links((bad, "", ""), (good, "", ""), (private, "", ""), ("file:///etc/passwd", "", ""), nothing)
        return http(b"good") if path == "/good.txt" else http(b"", "500 Oops")

    with little(answer) as server:
        found = fetch(UUID(COADD), tmp_path, service=server.base, semantics="#progenitor")
    assert [one.status for one in found] == ["failed", "fetched", "failed", "failed", "failed"]
    assert [one.message.split(":")[0] for one in found][2:] == [
        "localhost has the address 127.0.0.1, which is not public; --allow-host localhost goes there",
        "'file",
        "links of 127.0.0.1",
    ]
    assert (tmp_path / "good.txt").read_bytes() == b"good"


def test_links_that_lead_to_links_for_ever_end(tmp_path: Path) -> None:
    with little(lambda path: links((f"{server.base}{path}x", "", LINKS), (f"{server.base}/f", "", ""))) as server:
        found = fetch(UUID(COADD), tmp_path, service=server.base, semantics="#progenitor", dry_run=True)
        assert len(server.requests) == 2
    assert [one.url for one in found] == [f"{server.base}/f"]


def test_a_download_that_stalls_ends_and_the_next_one_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fitsprov.actions.fetching.PATIENCE", 0.4)

    def answer(path: str) -> Any:
        if path.startswith("/links"):
            return links((f"{server.base}/slow", "", ""), (f"{server.base}/fast", "", ""))
        return http(b"fast") if path == "/fast" else drip(http(b"x" * 1000))

    with little(answer) as server:
        began = time.monotonic()
        found = fetch(UUID(COADD), tmp_path, service=server.base, semantics="#progenitor", jobs=1)
        assert time.monotonic() - began < 4
    assert [one.status for one in found] == ["failed", "fetched"]


def test_who_looks_at_the_first_only_does_not_wait_for_the_rest(
    base: str, stamped: Callable[..., Path], tmp_path: Path
) -> None:
    from fitsprov.actions.fetching import fetch_each
    from fitsprov.actions.following import Online

    online = Online(allow_hosts=ALLOWED)
    found = fetch_each(stamped(base), tmp_path / "few", semantics=["#progenitor"], online=online, jobs=1)
    assert next(iter(found)).status == "fetched"
    found.close()  # type: ignore[attr-defined]  # a generator
    came = len(list((tmp_path / "few").glob("*.fits")))
    assert 1 <= came < 32


@pytest.mark.parametrize(
    ("source", "error", "problem"),
    [
        ("no-such.fits", UsageError, "is no file and not a dataset ID"),
        (UUID(COADD), UsageError, "expected --service URL"),
    ],
)
def test_a_source_that_leads_nowhere_is_said_so(
    source: Any, error: type[Exception], problem: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=problem):
        fetch(source, tmp_path)


def test_a_file_without_a_pointer_is_said_so(archive: Path, tmp_path: Path) -> None:
    shutil.copy(archive / "refcat/simref.fits", tmp_path)
    with pytest.raises(StampMissing, match="carries no DATALINK"):
        fetch(tmp_path / "simref.fits", tmp_path)


def test_an_unknown_id_or_term_is_said_so(base: str, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="NotFoundFault"):
        fetch(UUID(int=5), tmp_path, service=base)
    with pytest.raises(ServiceError, match="offer nothing as #cutout"):
        fetch(COADD, tmp_path, service=base, semantics="#cutout")


def test_links_of_another_dataset_are_not_downloaded(tmp_path: Path) -> None:
    with little(lambda path: links((f"{server.base}/f", "", ""))) as server, pytest.raises(ServiceError) as caught:
        fetch(UUID(int=5), tmp_path, service=server.base, semantics="#progenitor")
    assert caught.value.code == "service-answers-otherwise"


def test_a_registry_says_where_its_service_is(registry: fitsprov.Registry, tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match=r"old\.example"):
        fetch(COADD, tmp_path, registry=registry)


def test_a_folder_that_is_a_file_is_said_so(base: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(FileRefused, match="expected a folder to write in"):
        fetch(COADD, tmp_path / "taken", service=base)


@pytest.mark.parametrize("jobs", [0, 9])
def test_few_downloads_run_at_once(base: str, tmp_path: Path, jobs: int) -> None:
    with pytest.raises(UsageError, match="expected 1 to 8"):
        fetch(COADD, tmp_path, service=base, jobs=jobs)
