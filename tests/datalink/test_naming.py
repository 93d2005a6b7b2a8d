"""Names that a service gives: plain ones, whatever it says."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from fitsprov.datalink.naming import plain_name


def named(disposition: str | None, url: str = "http://host/files/one.fits?x=/y") -> str:
    response = requests.Response()
    response.url = url
    if disposition is not None:
        response.headers["content-disposition"] = disposition
    return plain_name(response)


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        (None, "one.fits"),
        ("attachment", "one.fits"),
        ('attachment; filename="a b.fits"', "a b.fits"),
        ("attachment; filename=plain.fits", "plain.fits"),
        ("attachment; filename*=UTF-8''%C3%A9t%C3%A9.fits", "été.fits"),
        ('attachment; filename="../../etc/passwd"', "passwd"),
        ('attachment; filename="..\\\\..\\\\boot.ini"', "boot.ini"),
        ("attachment; filename*=UTF-8''..%2F..%2F.bashrc", "bashrc"),
        ('attachment; filename="/etc/cron.d/x"', "x"),
        ('attachment; filename=".."', "one.fits"),
        ('attachment; filename="-rf"', "rf"),
        ('attachment; filename="a\x1b[31m.fits"', "a_[31m.fits"),
        ("attachment; filename*=UTF-8''a%00b%0A.fits", "a_b_.fits"),
        ("attachment; filename*=UTF-8''a%E2%80%AEstif.exe", "a_stif.exe"),
        ('attachment; filename=".fitsprov-fetch.jsonl"', "fitsprov-fetch.jsonl"),
        ('attachment; filename="x.part"', "one.fits"),
        ("attachment; filename*=nocharset''%FF", "one.fits"),
        ("attachment; filename=\"_.fits\"; filename*=UTF-8''%C3%A9.fits", "é.fits"),
        (";;;=", "one.fits"),
    ],
)
def test_names_are_those_of_plain_files(disposition: str | None, name: str) -> None:
    assert named(disposition) == name


def test_packed_files_say_so_in_their_names() -> None:
    response = requests.Response()
    response.url = "http://host/one.fits"
    response.headers["content-encoding"] = "gzip"
    assert plain_name(response) == "one.fits.gz"


@given(text=st.text(max_size=300), url=st.text(max_size=300))
def test_any_name_stays_in_its_folder(text: str, url: str) -> None:
    name = named(f'attachment; filename="{text}"', f"http://host/{url.replace('[', '')}")
    assert Path(name).name == name
    assert name not in (".", "..", "")
    assert len(name.encode()) <= 210


@pytest.mark.parametrize(
    ("url", "kind", "name"),
    [
        ("http://host/prov?ID=1", "application/json", "prov.json"),
        ("http://host/prov?ID=1", "text/provenance-notation;charset=utf-8", "prov.provn"),
        ("http://host/files/1", "image/fits", "1.fits"),
        ("http://host/a.fits", "text/plain", "a.fits"),
        ("http://host/a", "application/octet-stream", "a"),
        ("http://host/a", "", "a"),
    ],
)
def test_a_name_without_a_suffix_gets_that_of_its_type(url: str, kind: str, name: str) -> None:
    response = requests.Response()
    response.url = url
    response.headers["content-type"] = kind
    assert plain_name(response) == name
