"""``/`` and ``/dataset``: pages that need nothing from elsewhere and let nothing through."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser

import httpx
import pytest
from lxml import html

from tests.service.conftest import AUTHORITY, COADD, UNKNOWN, visit

PAGES = ["/", "/?type=raw", f"/dataset/{COADD}", f"/dataset/{visit(-1)}", f"/dataset/{visit(3)}"]


def words(answer: httpx.Response) -> str:
    """The text of a page."""
    found = html.fromstring(answer.content)
    for element in found.xpath("//style|//script"):
        element.drop_tree()
    return " ".join(found.text_content().split())


def test_page_tells_what_it_is_and_how_it_was_made(client: httpx.Client) -> None:
    answer = client.get(f"/dataset/{COADD}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html;charset=utf-8"
    text = words(answer)
    for told in ("deep_coadd", "tract 9813", "assembleCoadd", "45 among 113 ancestors", f"{AUTHORITY}?{COADD}"):
        assert told in text
    assert "<svg" in answer.text
    assert 'rel="http://www.w3.org/ns/prov#has_provenance"' in answer.headers["link"]


def test_parents_can_be_walked_to(client: httpx.Client) -> None:
    page = html.fromstring(client.get(f"/dataset/{COADD}").content)
    links = page.xpath("//section[h2[contains(., 'Made from')]]//a/@href")
    assert len(links) == 32
    parent = client.get(f"/dataset/{links[0]}")
    assert parent.status_code == 200
    assert f'href="{COADD}"' in parent.text


def test_page_of_thousands_of_parents_stays_readable(client: httpx.Client) -> None:
    answer = client.get(f"/dataset/{visit(-1)}")
    assert len(answer.content) < 400_000
    page = html.fromstring(answer.content)
    assert "Made from 2000" in words(answer)
    (whole,) = page.xpath("//section[h2[contains(., 'Made from')]]/p/a/@href")
    assert client.get(f"/dataset/{whole}").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_browser_may_use_what_stands_in_the_page_and_nothing_else(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    inline = re.findall(r"<(?:style|script)>(.*?)</(?:style|script)>", answer.text, re.DOTALL)
    assert inline
    for content in inline:
        assert f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'" in policy
    page = html.fromstring(answer.content)
    assert not page.xpath("//@style | //@onclick | //@onload | //script[@src] | //img | //link[@rel='stylesheet']")


@pytest.mark.parametrize("path", PAGES)
def test_page_can_be_read_without_eyes_or_mouse(client: httpx.Client, path: str) -> None:
    page = html.fromstring(client.get(path).content)
    assert page.get("lang") == "en"
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("//a[@class='skip' and @href='#content']")
    assert page.xpath("//main[@id='content']")
    assert not page.xpath("//input[not(ancestor::label) and not(@aria-label)]")
    assert not page.xpath("//div[contains(@class, 'scroll') and not(@tabindex)]")
    assert not page.xpath("//svg[not(*[local-name()='title'])]")


class Balance(HTMLParser):
    """Whether tags are closed in the order in which they were opened."""

    void = frozenset({"meta", "link", "input"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("path", PAGES)
def test_html_is_well_formed(client: httpx.Client, path: str) -> None:
    balance = Balance()
    balance.feed(client.get(path).text)
    assert balance.open == []


def test_what_others_wrote_stays_text(client: httpx.Client) -> None:
    answer = client.get(f"/dataset/{visit(-1)}")
    assert "<script>alert" not in answer.text
    assert "wide<coadd>" not in answer.text
    assert "<script>alert(1)</script>" in words(answer)
    for odd in ('"><script>alert(1)</script>', "' onfocus='x", "{{ 7*7 }}", "\x00\ud7ff"):
        found = client.get("/", params={"q": odd, "type": odd, "run": odd})
        assert found.status_code == 200
        assert "<script>alert" not in found.text
        assert "49" not in words(found)
        assert html.fromstring(found.content).xpath("//input[@name='type']/@value")[0].strip() in (
            odd,
            odd.strip("\x00"),
            "�\ud7ff",
        )


def test_id_of_another_spelling_leads_to_the_page(client: httpx.Client, base: str) -> None:
    answer = client.get(f"/dataset/ivo%3A%2F%2Fexample.org%2Fsimcam%3F{COADD}")
    assert answer.status_code == 303
    assert answer.headers["location"] == f"{base}/dataset/{COADD}"


def test_unknown_dataset_has_no_page(client: httpx.Client) -> None:
    answer = client.get(f"/dataset/{UNKNOWN}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/plain;charset=utf-8"


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ({"q": COADD}, 1),
        ({"q": f"{AUTHORITY}?{COADD}"}, 1),
        ({"type": "deep_coadd"}, 2),
        ({"type": "deep_coadd", "data": "band=r tract=9813"}, 1),
        ({"run": "wide", "type": "visit"}, 100),
        ({"q": "*", "run": "wide", "type": "wide<coadd>"}, 1),
        ({"q": UNKNOWN}, 0),
    ],
)
def test_search_finds(client: httpx.Client, query: dict[str, str], count: int) -> None:
    page = html.fromstring(client.get("/", params=query).content)
    assert len(page.xpath("//tbody/tr")) == count
    for href in page.xpath("//tbody/tr/td/a/@href")[:1]:
        assert client.get(f"/{href}").status_code == 200


def test_search_that_cannot_be_understood_says_so(client: httpx.Client) -> None:
    answer = client.get("/", params={"data": "nonsense"})
    assert answer.status_code == 200
    assert html.fromstring(answer.content).xpath("//*[@role='alert']")


def test_page_is_not_sent_again(client: httpx.Client) -> None:
    tag = client.get(f"/dataset/{COADD}").headers["etag"]
    assert client.get(f"/dataset/{COADD}", headers={"If-None-Match": tag}).status_code == 304
