"""``/files`` and ``/headers``: what leaves is stamped, and what stays is as it was."""

from __future__ import annotations

import gzip
import io
import json
import re
import shutil
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import fitsprov
from fitsprov.actions import delivering
from fitsprov.actions.registering import create_registry
from fitsprov.actions.stamping import export
from fitsprov.service.files import RANGE
from tests.service.conftest import AUTHORITY, COADD, UNKNOWN, visit

FILE = "drp/deep_coadd/deep_coadd_9813_42_r.fits"


@pytest.fixture(scope="session")
def whole(client: httpx.Client) -> bytes:
    answer = client.get(f"/files/{COADD}")
    assert answer.status_code == 200
    return answer.content


def test_what_leaves_is_stamped_for_this_service(client: httpx.Client, base: str, whole: bytes) -> None:
    stamp = fitsprov.read(whole)
    assert stamp is not None
    assert stamp.id == UUID(COADD)
    assert stamp.n_parents == 32
    assert stamp.n_raws == 45
    assert stamp.datalink is not None
    assert stamp.datalink.startswith(f"{base}/links?ID=ivo%3A%2F%2F")
    with fits.open(io.BytesIO(whole), checksum=True) as hdus:
        hdus.verify("exception")


def test_card_leads_to_links_that_lead_to_the_file(client: httpx.Client, whole: bytes) -> None:
    stamp = fitsprov.read(whole)
    assert stamp is not None
    rows = client.get(f"{stamp.datalink}&RESPONSEFORMAT=json").json()["links"]
    (url,) = [row["access_url"] for row in rows if row["semantics"] == "#this"]
    assert client.get(url).content == whole


def test_data_are_those_of_the_file_and_the_file_stays(survey: Path, whole: bytes) -> None:
    before = (survey / FILE).read_bytes()
    assert fitsprov.read(before) is None
    with fits.open(survey / FILE) as ours, fits.open(io.BytesIO(whole)) as theirs:
        assert [hdu.name for hdu in ours] == [hdu.name for hdu in theirs]
        for one, other in zip(ours, theirs, strict=True):
            assert one.data is None or one.data.tobytes() == other.data.tobytes()


def test_each_request_gets_the_same_bytes(client: httpx.Client, whole: bytes) -> None:
    first, again = client.get(f"/files/{COADD}"), client.get(f"/files/{COADD}")
    assert again.content == whole
    assert first.headers["etag"] == again.headers["etag"]
    kept = client.get(f"/files/{COADD}", headers={"If-None-Match": first.headers["etag"]})
    assert kept.status_code == 304
    assert kept.content == b""


def test_head_tells_what_get_gives(client: httpx.Client, whole: bytes) -> None:
    head = client.head(f"/files/{COADD}")
    assert head.status_code == 200
    assert head.content == b""
    assert int(head.headers["content-length"]) == len(whole)
    assert head.headers["content-type"] == "image/fits"
    assert head.headers["content-disposition"] == f'attachment; filename="{Path(FILE).name}"'
    assert 'rel="http://www.w3.org/ns/prov#has_provenance"' in head.headers["link"]
    assert f'anchor="{AUTHORITY}?{COADD}"' in head.headers["link"]


def test_digest_is_told_to_who_wants_it_whatever_part_is_asked_for(client: httpx.Client, whole: bytes) -> None:
    want = {"Want-Repr-Digest": "sha-512=10, sha-256=1"}
    told = f"sha-256=:{b64encode(sha256(whole).digest()).decode()}:"
    assert client.get(f"/files/{COADD}", headers=want).headers["repr-digest"] == told
    assert client.head(f"/files/{COADD}", headers=want).headers["repr-digest"] == told
    part = client.get(f"/files/{COADD}", headers={**want, "Range": "bytes=9-12"})
    assert (part.content, part.headers["repr-digest"]) == (whole[9:13], told)


def test_digest_of_what_is_too_large_to_be_read_twice_is_not_told(
    client: httpx.Client, whole: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fitsprov.actions.digesting.LARGEST", len(whole) - 1)
    assert "repr-digest" not in client.get(f"/files/{COADD}", headers={"Want-Repr-Digest": "sha-256=1"}).headers


@pytest.mark.parametrize("want", [None, "sha-256=0", "sha-512=1", "sha-2560=1", "sha-256"])
def test_no_digest_is_made_for_who_wants_none(client: httpx.Client, want: str | None) -> None:
    headers = {} if want is None else {"Want-Repr-Digest": want}
    assert "repr-digest" not in client.get(f"/files/{COADD}", headers=headers).headers


@pytest.mark.parametrize("spelled", [f"ivo%3A%2F%2Fexample.org%2Fsimcam%3F{COADD}", COADD.upper()])
def test_any_spelling_of_an_id_will_do(client: httpx.Client, whole: bytes, spelled: str) -> None:
    assert client.get(f"/files/{spelled}").content == whole


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_part_is_a_part_of_the_whole(client: httpx.Client, whole: bytes, data: st.DataObject) -> None:
    near = st.sampled_from([0, 1, 2879, 2880, 5760, 8640, len(whole) - 1])
    first = data.draw(near | st.integers(0, len(whole) - 1))
    last = data.draw(st.integers(first, len(whole) + 10))
    answer = client.get(f"/files/{COADD}", headers={"Range": f"bytes={first}-{last}"})
    stop = min(last + 1, len(whole))
    assert answer.content == whole[first:stop]
    if stop - first < len(whole):
        assert answer.status_code == 206
        assert answer.headers["content-range"] == f"bytes {first}-{stop - 1}/{len(whole)}"


def test_odd_ranges(client: httpx.Client, whole: bytes) -> None:
    def ask(range_: str, **headers: str) -> httpx.Response:
        return client.get(f"/files/{COADD}", headers={"Range": range_, **headers})

    assert ask("bytes=-100").content == whole[-100:]
    assert ask("bytes=100-").content == whole[100:]
    assert ask(f"bytes=-{10 * len(whole)}").content == whole
    for ignored in ("bytes=5-2", "lines=1-2", "bytes=0-1,4-5", "bytes=", "bytes=--1"):
        assert ask(ignored).content == whole
    for beyond in (f"bytes={len(whole)}-", "bytes=-0"):
        answer = ask(beyond)
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{len(whole)}"
    assert ask("bytes=0-9", **{"If-Range": '"another"'}).content == whole
    tag = client.head(f"/files/{COADD}").headers["etag"]
    assert ask("bytes=0-9", **{"If-Range": tag}).content == whole[:10]


def test_range_full_of_blanks_is_read_in_no_time(client: httpx.Client, whole: bytes) -> None:
    """While an expression is matched nobody else is answered: it must not go back and forth over what it has read."""
    assert rb"\s*" not in RANGE.pattern
    assert client.get(f"/files/{COADD}", headers={"Range": f"bytes=1-{' ' * 9_000}x"}).content == whole


def test_tags_decide_what_is_sent(client: httpx.Client, whole: bytes) -> None:
    def status(**headers: str) -> int:
        return client.get(f"/files/{COADD}", headers={k.replace("_", "-"): v for k, v in headers.items()}).status_code

    tag = client.head(f"/files/{COADD}").headers["etag"]
    assert [status(if_none_match=asked) for asked in (tag, f'"x", {tag}', f"W/{tag}", "*")] == [304] * 4
    assert [status(if_none_match=asked) for asked in ('"x"', tag.strip('"'), '"' * 9_000, "W/")] == [200] * 4
    assert [status(if_match=asked) for asked in (tag, f'"x",{tag}', "*")] == [200] * 3
    assert [status(if_match=asked) for asked in ('"x"', "x", "")] == [412] * 3
    for odd in ("garbage", "Sat, 99 Foo 2026", "0", "Thu, 01 Jan 1970 00:00:00 GMT"):
        assert {status(if_modified_since=odd), status(if_unmodified_since=odd), status(if_range=odd)} == {200}


@pytest.mark.parametrize("path", ["files", "headers"])
@pytest.mark.parametrize("identifier", [UNKNOWN, "nonsense", "..%2F..%2Fetc%2Fpasswd", visit(3)])
def test_what_is_not_to_be_had_is_said_in_a_line(
    client: httpx.Client, survey: Path, path: str, identifier: str
) -> None:
    answer = client.get(f"/{path}/{identifier}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/plain;charset=utf-8"
    assert answer.text.startswith("NotFoundFault: ")
    assert answer.text.count("\n") == 1
    assert str(survey) not in answer.text


def test_header_is_that_of_the_file_that_leaves(client: httpx.Client, whole: bytes) -> None:
    answer = client.get(f"/headers/{COADD}")
    assert answer.headers["content-type"] == "text/plain;charset=utf-8"
    header = fits.Header.fromstring(answer.text.rstrip("\n"), sep="\n")
    assert header == fits.getheader(io.BytesIO(whole))
    assert header["FPV_ID"] == COADD
    assert answer.text.endswith("\nEND\n")


@contextmanager
def archive_of(folder: Path, name: str, content: bytes, type: str = "image") -> Iterator[str]:
    """A registry of one dataset with this file."""
    (folder / name).write_bytes(content)
    record = {"fitsprov": 1, "run": "r", "datasets": [{"id": visit(0), "type": type, "file": name}]}
    (folder / "record.json").write_text(json.dumps(record))
    url = f"sqlite:///{folder}/one.db"
    with create_registry(url) as made:
        made.record(folder / "record.json")
        yield url


def test_gzipped_file_stays_gzipped(survey: Path, tmp_path: Path, limited: Callable[..., httpx.Client]) -> None:
    with archive_of(tmp_path, "image.fits.gz", gzip.compress((survey / FILE).read_bytes())) as url:
        answer = limited(registry=url).get(f"/files/{visit(0)}", headers={"Want-Repr-Digest": "sha-256=1"})
    assert answer.headers["content-type"] == "application/gzip"
    assert answer.headers["repr-digest"] == f"sha-256=:{b64encode(sha256(answer.content).digest()).decode()}:"
    assert "content-encoding" not in answer.headers
    stamp = fitsprov.read(gzip.decompress(answer.content))
    assert stamp is not None
    assert stamp.id == UUID(visit(0))


def test_gzipped_file_is_packed_for_nobody_who_does_not_get_it(
    survey: Path, tmp_path: Path, limited: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    packed: list[object] = []
    monkeypatch.setattr(delivering, "export", lambda *given, **named: packed.append(given) or export(*given, **named))
    with archive_of(tmp_path, "image.fits.gz", gzip.compress((survey / FILE).read_bytes())) as url:
        client = limited(registry=url)
        head = client.head(f"/files/{visit(0)}")
        known = client.get(f"/files/{visit(0)}", headers={"If-None-Match": head.headers["etag"]})
        assert (head.status_code, known.status_code, packed) == (200, 304, [])
        whole = client.get(f"/files/{visit(0)}")
    assert len(packed) == 1
    assert whole.headers["etag"] == head.headers["etag"]
    assert len(whole.content) == int(whole.headers["content-length"])


def test_gzipped_table_goes_as_it_is(tmp_path: Path, limited: Callable[..., httpx.Client]) -> None:
    packed = gzip.compress(b"a,b\n1,2\n" * 1000)
    with archive_of(tmp_path, "catalogue.csv.gz", packed) as url:
        assert limited(registry=url).get(f"/files/{visit(0)}").content == packed


def test_table_of_text_goes_as_it_is(tmp_path: Path, limited: Callable[..., httpx.Client]) -> None:
    with archive_of(tmp_path, "catalogue.csv", b"a,b\n1,2\n") as url:
        client = limited(registry=url)
        answer = client.get(f"/files/{visit(0)}", headers={"Range": "bytes=4-6"})
        assert client.get(f"/headers/{visit(0)}").status_code == 404
    assert answer.content == b"1,2"
    assert answer.headers["content-type"] == "text/csv"


def test_file_of_no_known_kind_does_not_leave(tmp_path: Path, limited: Callable[..., httpx.Client]) -> None:
    with archive_of(tmp_path, "shadow", b"root:secret") as url:
        answer = limited(registry=url).get(f"/files/{visit(0)}")
    assert answer.status_code == 404
    assert "secret" not in answer.text


def test_file_that_is_cut_off_is_an_error_and_not_half_a_file(
    survey: Path, tmp_path: Path, limited: Callable[..., httpx.Client]
) -> None:
    content = (survey / FILE).read_bytes()
    with archive_of(tmp_path, "cut.fits", content[: len(content) // 2]) as url:
        answer = limited(registry=url).get(f"/files/{visit(0)}")
    assert answer.status_code == 500
    assert answer.text.startswith("FatalFault: ")
    assert str(tmp_path) not in answer.text


def test_name_that_is_no_ascii_is_given_twice(
    survey: Path, tmp_path: Path, limited: Callable[..., httpx.Client]
) -> None:
    shutil.copy(survey / FILE, tmp_path / "x.fits")
    with archive_of(tmp_path, 'üb"er.fits', (survey / FILE).read_bytes()) as url:
        answer = limited(registry=url).head(f"/files/{visit(0)}")
    assert (
        answer.headers["content-disposition"]
        == "attachment; filename=\"_b_er.fits\"; filename*=UTF-8''%C3%BCb%22er.fits"
    )


def test_no_file_stays_open(client: httpx.Client, whole: bytes) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(30):
        client.head(f"/files/{COADD}")
        client.get(f"/files/{COADD}", headers={"Range": "bytes=0-10"})
        client.get(f"/files/{COADD}", headers={"Range": "bytes=999999999-"})
    assert len(list(Path("/proc/self/fd").iterdir())) < before + 10


def test_client_is_sent_to_an_object_store_with_a_signed_url(
    tmp_path: Path, limited: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("obstore")
    for name, value in {"ACCESS_KEY_ID": "key", "SECRET_ACCESS_KEY": "secret", "REGION": "eu-central-1"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    url = f"sqlite:///{tmp_path}/one.db"
    with create_registry(url) as made:
        for number, store in enumerate(("survey", "other")):
            dataset = {"id": visit(number), "type": "image", "file": f"s3://{store}/drp/a%20b.fits"}
            made.record({"fitsprov": 1, "run": "r", "datasets": [dataset]})
    client = limited(registry=url, signed=("s3://survey/",))
    answer = client.get(f"/files/{visit(0)}")
    assert answer.status_code == 302
    assert re.match(r"https://[^?]*/drp/a%20b\.fits\?X-Amz-", answer.headers["location"])
    assert "secret" not in answer.headers["location"]
    assert answer.headers["cache-control"] == "no-store"
    assert client.get(f"/files/{visit(1)}").status_code == 404
