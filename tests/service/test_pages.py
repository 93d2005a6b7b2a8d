"""``/``, ``/dataset`` and ``/static``: pages that need nothing from elsewhere and let nothing through."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin
from uuid import UUID

import httpx
import pytest
from lxml import html

from fitsprov import Registry
from fitsprov.actions.registering import create_registry
from tests.service.conftest import AUTHORITY, COADD, MANY, UNKNOWN, visit

DATASETS = [f"/dataset/{one}" for one in (COADD, visit(-1), visit(3), UNKNOWN)]
PAGES = ["/", "/?type=raw", "/touched", "/touched?task=isr", *DATASETS]


def words(answer: httpx.Response) -> str:
    """The text of a page."""
    found = html.fromstring(answer.content)
    for element in found.xpath("//style|//script"):
        element.drop_tree()
    return " ".join(" ".join(found.itertext()).split())


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
    assert "Made from 2,000" in words(answer)
    (whole,) = page.xpath("//section[h2[contains(., 'Made from')]]/p/a/@href")
    assert client.get(f"/dataset/{whole}").status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_browser_may_use_what_the_service_gives_and_nothing_else(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    page = html.fromstring(answer.content)
    assert not page.xpath("//style | //script[not(@src)] | //@style | //img | //iframe | //base")
    assert not page.xpath("//@*[starts-with(name(), 'on')]")
    needed = page.xpath("//script/@src | //link[@rel='stylesheet' or @rel='icon']/@href")
    assert needed
    for address in needed:
        assert "//" not in address.removeprefix(str(client.base_url).rstrip("/"))
        assert client.get(urljoin(str(answer.url), address)).status_code == 200


def test_what_pages_are_made_of_is_kept_by_its_content(client: httpx.Client) -> None:
    for address in html.fromstring(client.get(f"/dataset/{COADD}").content).xpath("//script/@src | //link/@href"):
        if "static/" in address:
            answer = client.get(f"/dataset/{address}")
            assert "immutable" in answer.headers["cache-control"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            bare = client.get(f"/dataset/{address.partition('?')[0]}")
            assert bare.headers["cache-control"] == "no-cache"
            again = client.get(str(bare.url), headers={"If-None-Match": bare.headers["etag"]})
            assert again.status_code == 304
    assert client.get("/static/frame.html").status_code == 404
    assert client.get("/static/..%2Fheaders%2Fnative.toml").status_code == 404


def test_style_has_no_address_in_it(client: httpx.Client) -> None:
    style = client.get("/static/page.css").text
    assert "url(" not in style
    assert "@import" not in style
    assert ".fpv .card" in style


@pytest.mark.parametrize("path", PAGES)
def test_page_can_be_read_without_eyes_or_mouse(client: httpx.Client, path: str) -> None:
    page = html.fromstring(client.get(path).content)
    assert page.get("lang") == "en"
    assert len(page.xpath("//h1")) == 1
    assert page.xpath("//a[@class='skip' and @href='#content']")
    assert page.xpath("//main[@id='content']")
    assert not page.xpath("//input[not(ancestor::label) and not(@aria-label)]")
    assert not page.xpath("//div[contains(@class, 'scroll') and not(@tabindex)]")
    assert not page.xpath("//svg[not(@aria-label) and not(@aria-hidden='true')]")
    assert not page.xpath("//button[not(normalize-space()) and not(@aria-label)]")
    identifiers = page.xpath("//@id")
    assert len(identifiers) == len(set(identifiers))
    assert set(page.xpath("//@aria-labelledby")) <= set(identifiers)


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


@pytest.mark.parametrize("asked", [UNKNOWN, "no such name", "a/b/c", "<script>alert(1)</script>"])
def test_unknown_dataset_is_told_on_a_page(client: httpx.Client, asked: str) -> None:
    answer = client.get(f"/dataset/{asked}")
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "text/html;charset=utf-8"
    assert "NotFoundFault" in answer.text
    assert "<script>alert" not in answer.text
    assert asked in words(answer)


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


def test_search_gives_a_hundred_at_a_time_and_each_once(client: httpx.Client) -> None:
    seen, address = list[str](), "/?type=visit&run=wide"
    while address:
        page = html.fromstring(client.get(address).content)
        found = page.xpath("//td/a/@href")
        assert len(found) == 100
        seen += found
        address = "".join(page.xpath("//a[@rel='next']/@href"))
    assert len(set(seen)) == len(seen) == MANY
    assert page.xpath("//h2[@id='found']")[0].text_content() == "Datasets 1,901 to 2,000"
    beyond = client.get("/?type=visit&page=21")
    assert "There are no more" in beyond.text
    assert client.get("/?type=visit&page=x").status_code == 400
    assert client.get("/?type=visit&page=999999").status_code == 200


def test_search_that_cannot_be_understood_says_so(client: httpx.Client) -> None:
    answer = client.get("/", params={"data": "nonsense"})
    assert answer.status_code == 200
    assert html.fromstring(answer.content).xpath("//*[@role='alert']")


def test_page_is_not_sent_again(client: httpx.Client) -> None:
    tag = client.get(f"/dataset/{COADD}").headers["etag"]
    assert client.get(f"/dataset/{COADD}", headers={"If-None-Match": tag}).status_code == 304


@pytest.mark.parametrize("path", ["/dataset/", "/prov?ID=", "/impact?ID="])
def test_what_is_not_there_is_not_unchanged(client: httpx.Client, path: str) -> None:
    any_of_it = {"If-None-Match": "*"}
    missing = client.get(path + UNKNOWN, headers=any_of_it)
    assert missing.status_code == 404
    assert UNKNOWN in missing.text
    assert client.get(f"/dataset/{COADD}", headers=any_of_it).status_code == 304


def drawing(answer: httpx.Response) -> html.HtmlElement:
    """The drawing of a page."""
    (found,) = html.fromstring(answer.content).xpath("//*[@id='lineage']")
    return found


def cards(answer: httpx.Response) -> list[html.HtmlElement]:
    """The cards of the drawing of a page."""
    return drawing(answer).xpath(".//a[@data-key]")


def test_drawing_of_thousands_is_folded_and_unfolds_by_links(client: httpx.Client) -> None:
    address = f"/dataset/{visit(-1)}"
    answer = client.get(address)
    shown = cards(answer)
    assert len(shown) == 2
    opened = []
    while stacks := [card for card in shown if card.get("data-many")]:
        answer = client.get(urljoin(str(answer.url), stacks[-1].get("href")))
        fresh = [card for card in cards(answer) if card.get("data-group") == stacks[-1].get("data-key")]
        assert sum(int(card.get("data-many", 1)) for card in fresh) == int(stacks[-1].get("data-many"))
        assert len(fresh) <= 12
        shown = fresh
        opened.append(stacks[-1].get("data-key"))
    assert len(opened) == 4  # 2000, 167, 14, and a pair at most
    assert shown[-1].get("href") == visit(1999)
    folds = drawing(answer).xpath(".//a[@data-fold]")
    assert [fold.get("data-fold") for fold in folds] == opened
    folded = client.get(urljoin(str(answer.url), folds[0].get("href")))
    assert len(cards(folded)) == 2


def test_every_card_leads_to_a_page(client: httpx.Client) -> None:
    answer = client.get(f"/dataset/{COADD}")
    shown = cards(answer)
    assert len(shown) > 10
    for card in shown:
        assert card.get("aria-label")
        assert client.get(urljoin(str(answer.url), card.get("href"))).status_code == 200
    (here,) = [card for card in shown if card.get("aria-current") == "page"]
    assert here.get("href") == COADD


def test_drawing_goes_both_ways(client: httpx.Client) -> None:
    raw = client.get(f"/dataset/{visit(3)}")
    assert drawing(raw).xpath(".//nav/a[@aria-current]/text()") == ["Made into"]
    assert any(card.get("href") == f"{visit(-1)}?way=into" for card in cards(raw))
    back = client.get(f"/dataset/{visit(3)}?way=from")
    assert drawing(back).xpath(".//nav/a[@aria-current]/text()") == ["Made from"]
    assert len(cards(back)) == 1


@pytest.mark.parametrize(
    "odd", ["999", "0.0.0.0", "x", "'\"><script>", "1" * 5000, ",".join("0123456789" * 50), "\x00"]
)
def test_nonsense_opens_nothing(client: httpx.Client, odd: str) -> None:
    answer = client.get(f"/dataset/{visit(-1)}", params={"open": odd, "way": odd})
    assert answer.status_code == 200
    assert "<script>" not in answer.text.replace("<script src=", "")
    assert len(answer.content) < 400_000


def test_citations_and_commands_are_ready_to_be_copied(client: httpx.Client, base: str) -> None:
    page = html.fromstring(client.get(f"/dataset/{COADD}").content)
    told = {one.get("aria-label"): one.text for one in page.xpath("//div[@class='copy']/pre")}
    assert told["Resolve, with the registry"] == f"fitsprov resolve {COADD}"
    assert told["BibTeX"].startswith("@misc{deep-coadd:01a1f86f,\n")
    assert told["BibTeX"].count("{") == told["BibTeX"].count("}")
    assert "{{deep\\_coadd, " in told["BibTeX"]
    assert f"{AUTHORITY}?{COADD}" in told["Cite"]
    fetch, resolve = told["Download and resolve, from anywhere"].splitlines()
    assert fetch == f"fitsprov fetch {COADD} --service {base}"
    assert resolve == "fitsprov resolve deep_coadd_9813_42_r.fits --online"
    file, tree = told["With curl"].splitlines()
    assert file == f"curl -OJ {base}/files/{COADD}"
    assert client.get(shlex.split(tree)[1]).text.startswith("dataset")
    compile(told["From a notebook"], "notebook", "exec")
    (address,) = re.findall(r'"(http[^"]+)"', told["From a notebook"])
    assert client.get(address).headers["content-type"].endswith("content=datalink")


ABOUT = """
fitsprov: 1
run: night
agent: {id: "org:sim", name: Simulated Survey}
datasets:
  - {id: 0000000a-0000-4000-8000-000000000001, type: raw, data_id: {exposure: 7}}
  - {id: 0000000a-0000-4000-8000-000000000003, type: seeing, run: night}
  - {id: 0000000a-0000-4000-8000-000000000004, type: atlas, members: [0000000a-0000-4000-8000-000000000002]}
activities:
  - task: isr
    started: 2026-11-01T03:00:00Z
    job: {system: slurm, job: "8812345", node: {name: sdf-n17}, status: COMPLETED, resources: {cpu_seconds: 231.5}}
    used: [{id: 0000000a-0000-4000-8000-000000000001}]
    generated: [{id: 0000000a-0000-4000-8000-000000000002, type: image}]
observations:
  - {dataset: 0000000a-0000-4000-8000-000000000001, program: wide, site: Sim, start: 2026-11-01T02:30:00Z,
     end: 2026-11-01T02:31:00Z}
values: [{dataset: 0000000a-0000-4000-8000-000000000003, value: "0.82"}]
metrics: [{dataset: 0000000a-0000-4000-8000-000000000002, name: fwhm, value: 4.5, unit: pix, verdict: pass}]
annotations:
  - {dataset: 0000000a-0000-4000-8000-000000000002, kind: note, text: "a \u202etrail", time: 2026-11-02T00:00:00Z}
events:
  - {component: Sim/dome, kind: maintenance, time: 2026-11-01T02:29:00Z, until: 2026-11-01T02:40:00Z, to: open}
"""


def test_page_tells_what_is_known_around_a_dataset(tmp_path: Path, limited: Callable[..., httpx.Client]) -> None:
    url = f"sqlite:///{tmp_path}/one.db"
    (tmp_path / "about.yaml").write_text(ABOUT)
    with create_registry(url) as made:
        made.record(tmp_path / "about.yaml")
    client = limited(registry=url)
    raw, image, value, atlas = (
        words(client.get(f"/dataset/0000000a-0000-4000-8000-00000000000{n}")) for n in range(1, 5)
    )
    for told in ("Job slurm 8812345 Node sdf-n17 Status COMPLETED cpu_seconds 231.5", "Epoch", "4.5 pix pass"):
        assert told in image
    assert "a \\u202etrail" in image
    assert "Member of 1" in image
    assert "Members 1" in atlas
    assert "Value 0.82" in value
    assert "program wide" in raw
    assert "2026-11-01T02:40:00Z Sim/dome maintenance open" in raw
    rules = tmp_path / "access.toml"
    rules.write_text(RULES.format(others="hidden"))
    hidden = words(limited(registry=url, access=str(rules)).get("/dataset/0000000a-0000-4000-8000-000000000001"))
    assert "program wide" in hidden
    assert "Sim/dome" not in hidden


def test_of_hundreds_of_raws_all_are_told_elsewhere(tmp_path: Path, limited: Callable[..., httpx.Client]) -> None:
    """Links of a dataset list what it was made from at once; its raws stand farther up."""
    raws = [{"id": str(UUID(int=n)), "type": "raw", "data_id": {"exposure": n}} for n in range(1, 511)]
    stack, sum_ = ({"id": str(UUID(int=1000 + n)), "type": "sum"} for n in range(2))
    steps = [
        {"task": "stack", "used": [{"id": one["id"]} for one in raws], "generated": [stack]},
        {"task": "add", "used": [{"id": stack["id"]}], "generated": [sum_]},
    ]
    url = f"sqlite:///{tmp_path}/raws.db"
    with create_registry(url) as made:
        made.record({"fitsprov": 1, "run": "night", "datasets": raws, "activities": steps})
    client = limited(registry=url)
    page = html.document_fromstring(client.get(f"/dataset/{UUID(int=1001)}").content)
    (link,) = page.xpath("//section[@aria-label='Raw observations']/p/a/@href")
    assert "The first 500 are listed" in page.text_content()
    table = client.get(urljoin("/dataset/", link)).text
    assert all(one["id"] in table for one in raws)


def test_open_end_is_told(client: httpx.Client, survey: Path) -> None:
    stub, known = visit(-2), visit(-3)
    with Registry(f"sqlite:///{survey}/fitsprov.db") as registry:
        registry.record(
            {"fitsprov": 1, "activities": [{"used": [{"id": stub}], "generated": [{"id": known, "type": "odd"}]}]}
        )
    page = html.fromstring(client.get(f"/dataset/{known}").content)
    (notice,) = page.xpath("//p[contains(@class, 'notice')]")
    assert "lineage-incomplete" in notice.text_content()
    assert not html.fromstring(client.get(f"/dataset/{COADD}").content).xpath("//p[contains(@class, 'notice')]")


RULES = """
others = "{others}"
[[rule]]
type = "visit_image"
groups = ["survey"]
[[token]]
sha256 = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
groups = ["survey"]
"""


def test_page_offers_no_file_that_is_not_for_who_looks(
    limited: Callable[..., httpx.Client], client: httpx.Client, tmp_path: Path
) -> None:
    (tmp_path / "access.toml").write_text(RULES.format(others="listed"))
    some = limited(access=str(tmp_path / "access.toml"))
    closed = html.fromstring(client.get(f"/dataset/{COADD}").content).xpath(
        "//section[h2[contains(., 'Made from')]]//a"
    )
    path = f"/dataset/{closed[0].get('href')}"
    assert "Download, stamped" in words(client.get(path))
    assert "not for everybody" in words(some.get(path))
    assert "Download, stamped" in words(some.get(path, headers={"Authorization": "Bearer test"}))
    assert "Download, stamped" in words(some.get(f"/dataset/{COADD}"))


def test_page_tells_nothing_of_what_is_hidden(limited: Callable[..., httpx.Client], tmp_path: Path) -> None:
    (tmp_path / "access.toml").write_text(RULES.format(others="hidden"))
    some = limited(access=str(tmp_path / "access.toml"))
    page = some.get(f"/dataset/{COADD}")
    assert "visit_image" not in page.text
    whole = some.get(f"/dataset/{COADD}", headers={"Authorization": "Bearer test"})
    assert "visit_image" in whole.text
    for href in html.fromstring(whole.content).xpath("//section[h2[contains(., 'Made from')]]//a/@href")[:1]:
        assert some.get(f"/dataset/{href}").status_code == 404
    assert "Nothing found" in words(some.get("/?type=visit_image"))


def test_page_tells_what_was_observed_measured_and_said(client: httpx.Client, survey: Path) -> None:
    told, when, end = visit(-4), "2026-03-01T12:00:00Z", "2026-03-01T12:00:30Z"
    seeing = {"name": "seeing", "value": 0.7, "unit": "arcsec", "verdict": "pass"}
    record = {
        "fitsprov": 1,
        "datasets": [{"id": told, "type": "odd", "data_id": {"visit": 1}}],
        "observations": [{"dataset": told, "program": "deep-<survey>", "start": when, "end": end}],
        "metrics": [{"dataset": told, "time": when, **seeing}],
        "annotations": [{"dataset": told, "kind": "remark", "text": "cirrus <b>moving</b> in", "time": when}],
    }
    with Registry(f"sqlite:///{survey}/fitsprov.db") as registry:
        registry.record(record)
    answer = client.get(f"/dataset/{told}")
    assert "<b>moving" not in answer.text
    text = words(answer)
    for part in ("deep-<survey>", "seeing", "0.7 arcsec pass", "remark cirrus <b>moving</b> in", "2026-03-01T12:00:30"):
        assert part in text
    assert "Measured" not in words(client.get(f"/dataset/{visit(3)}"))


def test_impact_is_counted_on_a_page(client: httpx.Client) -> None:
    told = client.get("/impact", params={"TASK": "isr"}).json()
    answer = client.get("/touched", params={"task": "isr"})
    assert f"{told['datasets']} touched" in words(answer)
    links = html.fromstring(answer.content).xpath("//section[@aria-labelledby='hits']//a/@href")
    assert len(links) == min(told["datasets"], 100)
    assert client.get(f"/{links[0]}").status_code == 200
    assert "made with it" in words(answer)
    here = html.fromstring(client.get(f"/dataset/{COADD}").content).xpath("//a[contains(@href, 'touched?')]/@href")
    assert client.get(f"/dataset/{here[0]}").status_code == 200


@pytest.mark.parametrize("odd", [{"package": "no <b>such"}, {"id": UNKNOWN}, {"since": "soon"}, {"config": "x"}])
def test_impact_that_cannot_be_counted_says_why(client: httpx.Client, odd: dict[str, str]) -> None:
    answer = client.get("/touched", params=odd)
    assert answer.status_code == 200
    assert "<b>such" not in answer.text
    (notice,) = html.fromstring(answer.content).xpath("//*[@role='alert']")
    assert notice.text_content().strip()
