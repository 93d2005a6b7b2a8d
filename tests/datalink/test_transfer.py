"""Downloads: resumed, checked, named safely; from a server that does as the test wants."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from fitsprov.datalink.guard import GuardedSession
from fitsprov.datalink.journal import Journal
from fitsprov.datalink.transfer import Got, Transfer, alone, hold
from fitsprov.errors import FileRefused, ServiceError
from tests.little import Answer, http, little

BODY = bytes(range(256)) * 1000
TAG = '"v1"'


class Server:
    """A file that can be had in parts, and what it was asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.body = BODY
        self.headers: dict[str, str] = {"ETag": TAG, "Content_Disposition": 'attachment; filename="raw.fits"'}
        self.cut: int | None = None
        self.status = ""
        self.asked: list[dict[str, str]] = []
        self.base = ""
        self.requests: list[bytes] = []

    def answer(self, path: str) -> Answer:
        lines = self.requests[-1].decode().split("\r\n")[1:]
        head = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines) if name}
        self.asked.append(head)
        tag = self.headers.get("ETag")
        if tag and head.get("if-none-match") == tag:
            return http(b"", "304 Not Modified", **self.headers)
        start = int(head["range"].removeprefix("bytes=").rstrip("-")) if "range" in head else 0
        if start and head.get("if-range") == tag:
            if start >= len(self.body):
                return http(b"", "416 Range Not Satisfiable", Content_Range=f"bytes */{len(self.body)}")
            told = f"bytes {start}-{len(self.body) - 1}/{len(self.body)}"
            return self.send(self.body[start:], "206 Partial Content", Content_Range=told)
        return self.send(self.body, "200 OK")

    def send(self, body: bytes, status: str, **more: str) -> bytes:
        headers = {**self.headers, **more, "Content_Length": str(len(body))}
        return http(body if self.cut is None else body[: self.cut], self.status or status, **headers)

    def get(self, path: str = "/files/1", **more: Any) -> Got:
        transfer = Transfer(folder=self.folder, journal=Journal(self.folder), stopping=Event(), **more)
        with GuardedSession(lambda host: True, ("127.0.0.1",), most=None) as session:
            return transfer.get(session, f"{self.base}{path}")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path)
    with little(lambda path: found.answer(path)) as running:
        found.base, found.requests = running.base, running.requests
        yield found


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir() if not path.name.startswith(".fitsprov")}


def test_a_file_comes_under_the_name_that_its_sender_gives(server: Server, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    got = server.get(progress=lambda came, expected: seen.append((came, expected)))
    assert got == Got(tmp_path / "raw.fits", len(BODY), fresh=True)
    assert got.path.read_bytes() == BODY
    assert names(tmp_path) == {"raw.fits"}
    assert sum(came for came, _ in seen) == sum(expected for _, expected in seen) == len(BODY)


def test_a_whole_file_is_not_sent_again(server: Server) -> None:
    server.get()
    assert not server.get().fresh
    assert server.asked[-1]["if-none-match"] == TAG


def test_a_whole_file_without_an_etag_is_known_by_its_length(server: Server) -> None:
    del server.headers["ETag"]
    server.get()
    assert not server.get().fresh


def test_a_file_that_came_otherwise_is_taken_for_what_it_is(server: Server, tmp_path: Path) -> None:
    (tmp_path / "raw.fits").write_bytes(BODY)
    assert not server.get().fresh


def test_what_was_cut_is_gone_on_with(server: Server, tmp_path: Path) -> None:
    server.cut = 200_000
    with pytest.raises(ServiceError, match="breaks off"):
        server.get()
    begun = (tmp_path / "raw.fits.part").stat().st_size
    assert 0 < begun <= 200_000
    assert names(tmp_path) == {"raw.fits.part"}
    server.cut = None
    assert server.get().path.read_bytes() == BODY
    assert (server.asked[-1]["range"], server.asked[-1]["if-range"]) == (f"bytes={begun}-", TAG)
    assert names(tmp_path) == {"raw.fits"}


@pytest.mark.parametrize("tag", ['"v2"', None, 'W/"v1"'])
def test_what_changed_meanwhile_is_begun_anew(server: Server, tag: str | None) -> None:
    server.cut = 200_000
    with pytest.raises(ServiceError):
        server.get()
    server.cut, server.body = None, BODY[::-1]
    if tag is None:
        del server.headers["ETag"]
    else:
        server.headers["ETag"] = tag
    assert server.get().path.read_bytes() == BODY[::-1]


def test_a_part_that_is_whole_already_is_fetched_anew(server: Server, tmp_path: Path) -> None:
    server.cut = 200_000
    with pytest.raises(ServiceError):
        server.get()
    (tmp_path / "raw.fits.part").write_bytes(BODY + b"more")
    server.cut = None
    assert server.get().path.read_bytes() == BODY


def test_of_a_part_that_is_whole_and_was_not_checked_one_byte_is_asked_for(server: Server, tmp_path: Path) -> None:
    server.cut = 200_000
    with pytest.raises(ServiceError):
        server.get()
    (tmp_path / "raw.fits.part").write_bytes(BODY)
    server.cut = None
    assert server.get().path.read_bytes() == BODY
    assert server.asked[-1]["range"] == f"bytes={len(BODY) - 1}-"


@pytest.mark.parametrize("told", ["bytes 0-9/10", "bytes 5-9/10", "items 1-2/3", ""])
def test_a_part_that_does_not_fit_is_refused(server: Server, told: str, tmp_path: Path) -> None:
    server.cut = 200_000
    with pytest.raises(ServiceError):
        server.get()
    server.cut, server.status, server.headers["Content_Range"] = None, "206 Partial Content", told
    server.headers["ETag"] = '"v2"'
    with pytest.raises(ServiceError, match="begins anew"):
        server.get()
    assert not (tmp_path / "raw.fits").exists()
    assert not (tmp_path / "raw.fits.part").exists()


def digest(algorithm: str) -> str:
    return base64.b64encode(hashlib.new(algorithm, BODY).digest()).decode()


@pytest.mark.parametrize(
    "headers",
    [
        {"Repr_Digest": f"sha-256=:{digest('sha256')}:"},
        {"Repr_Digest": f"md5=:AAAA:, sha-512=:{digest('sha512')}:, unixsum=1"},
        {"Digest": f"SHA-256={digest('sha256')},MD5=AAAA"},
        {"Digest": f"md5={digest('md5')}"},
        {"Digest": "crc32c=1"},
        {"Repr_Digest": "sha-256=:no base64:"},
    ],
)
def test_a_digest_that_agrees_is_well(server: Server, headers: dict[str, str]) -> None:
    server.headers |= headers
    assert server.get().fresh
    assert not server.get().fresh


@pytest.mark.parametrize(
    "headers",
    [{"Repr_Digest": f"sha-256=:{'A' * 43}=:"}, {"Digest": f"sha-256={'A' * 43}="}, {"Digest": f"md5={'A' * 22}=="}],
)
def test_a_digest_that_does_not_agree_leaves_no_file(server: Server, headers: dict[str, str], tmp_path: Path) -> None:
    server.headers |= headers
    with pytest.raises(ServiceError, match="digest is not the one"):
        server.get()
    assert names(tmp_path) == set()


def test_another_file_in_its_place_is_not_touched_unless_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "raw.fits").write_bytes(b"mine")
    with pytest.raises(FileRefused, match="expected none or --overwrite"):
        server.get()
    assert (tmp_path / "raw.fits").read_bytes() == b"mine"
    assert server.get(overwrite=True).path.read_bytes() == BODY


def test_a_file_that_the_service_changed_is_not_replaced_unless_told(server: Server) -> None:
    server.get()
    server.body, server.headers["ETag"] = BODY[::-1], '"v2"'
    with pytest.raises(FileRefused, match="is not what the service has"):
        server.get()
    assert server.get(overwrite=True).path.read_bytes() == BODY[::-1]


def test_another_file_of_the_same_length_is_told_by_its_bytes(server: Server, tmp_path: Path) -> None:
    del server.headers["ETag"]
    (tmp_path / "raw.fits").write_bytes(BODY[::-1])
    with pytest.raises(FileRefused, match="is not what the service has"):
        server.get()
    assert (tmp_path / "raw.fits").read_bytes() == BODY[::-1]
    (tmp_path / "raw.fits").write_bytes(BODY)
    assert not server.get().fresh
    assert names(tmp_path) == {"raw.fits"}


def test_a_whole_file_of_which_nobody_says_anything_is_there(server: Server, tmp_path: Path) -> None:
    def answer(path: str) -> bytes:
        head = b'HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Disposition: attachment; filename="raw.fits"\r\n\r\n'
        return head + server.body

    with little(answer) as bare:
        server.base = bare.base
        assert server.get().fresh
        assert not server.get().fresh
        server.body = BODY + b"more"
        with pytest.raises(FileRefused, match="is not what the service has; expected none"):
            server.get()


def test_of_two_downloads_of_one_file_one_is_refused(server: Server, tmp_path: Path) -> None:
    part = tmp_path / "raw.fits.part"
    with hold(part, 0) as other:
        other.write(b"begun")
        other.flush()
        with pytest.raises(FileRefused, match="another download writes it"):
            server.get()
        assert part.read_bytes() == b"begun"
    assert server.get().path.read_bytes() == BODY


def test_a_file_that_another_download_has_just_finished_is_not_cut(tmp_path: Path) -> None:
    part, path = tmp_path / "a.part", tmp_path / "a"
    part.write_bytes(BODY)
    with part.open("rb") as late:
        part.replace(path)
        assert not alone(late, part)
    assert path.read_bytes() == BODY


def test_a_file_that_comes_from_elsewhere_meanwhile_is_left_alone(server: Server, tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="has come from elsewhere meanwhile"):
        server.get(progress=lambda came, expected: (tmp_path / "raw.fits").write_bytes(b"mine"))
    assert (tmp_path / "raw.fits").read_bytes() == b"mine"


def test_two_files_of_one_name_stand_beside_each_other(server: Server) -> None:
    first, second = server.get("/a"), server.get("/b")
    assert first.path.name == "raw.fits"
    assert second.path.name.startswith("raw-")
    assert second.path.name.endswith(".fits")
    assert [server.get("/b").path, server.get("/a").path] == [second.path, first.path]
    assert not server.get("/b").fresh


def test_a_journal_that_was_cut_is_read_as_far_as_it_goes(server: Server, tmp_path: Path) -> None:
    server.get()
    with (tmp_path / ".fitsprov-fetch.jsonl").open("a") as file:
        file.write(json.dumps({"url": "x", "odd": 1}) + "\n" + '{"url": "y", "na')
    assert not server.get().fresh


def test_a_note_behind_one_that_was_cut_is_kept(server: Server, tmp_path: Path) -> None:
    (tmp_path / ".fitsprov-fetch.jsonl").write_text('{"url": "y", "na')
    server.get("/a")
    assert Journal(tmp_path).get(f"{server.base}/a") is not None


@pytest.mark.parametrize("name", ["../stolen", "/tmp/stolen", "..", "a/b", "", None, 7])
def test_a_journal_names_nothing_outside_its_folder(server: Server, tmp_path: Path, name: object) -> None:
    note = {"url": f"{server.base}/a", "name": name, "validator": TAG, "size": 5, "whole": True}
    (tmp_path / ".fitsprov-fetch.jsonl").write_text(json.dumps(note) + "\n")
    assert server.get("/a").path == tmp_path / "raw.fits"


def test_an_interrupt_leaves_a_part(server: Server, tmp_path: Path) -> None:
    stopping = Event()
    stopping.set()
    transfer = Transfer(folder=tmp_path, journal=Journal(tmp_path), stopping=stopping)
    with (
        GuardedSession(lambda host: True, ("127.0.0.1",), most=None) as session,
        pytest.raises(ServiceError, match="interrupted"),
    ):
        transfer.get(session, f"{server.base}/files/1")
    assert server.get().path.read_bytes() == BODY
    assert "range" in server.asked[-1]


@pytest.mark.parametrize("status", ["404 Not Found", "403 Forbidden", "500 Oops", "204 No Content"])
def test_an_error_is_no_file(server: Server, status: str, tmp_path: Path) -> None:
    server.status = status
    with pytest.raises(ServiceError, match=f"HTTP {status[:3]}"):
        server.get()
    assert names(tmp_path) == set()


def test_a_folder_that_cannot_be_written_in_is_said_so(server: Server, tmp_path: Path) -> None:
    (tmp_path / "raw.fits.part").mkdir()
    with pytest.raises(FileRefused, match="Is a directory"):
        server.get()
