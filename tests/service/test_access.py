"""Who may have what: what is not for everybody leaks nowhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

import fitsprov
from fitsprov.actions.access import Access, Rule, UnknownToken, read_access
from fitsprov.datalink.client import read_links
from fitsprov.datalink.lint import lint
from fitsprov.errors import UsageError
from tests.service.conftest import AUTHORITY, COADD, UNKNOWN, visit

TOKEN = "abracadabra"
MEMBER = {"Authorization": f"Bearer {TOKEN}"}
RULES = f"""
others = "OTHERS"

[[rule]]
run = "SimCam/raw/*"
groups = ["survey", "night"]

[[rule]]
type = "deep_coadd"
groups = ["survey"]

[[token]]
sha256 = "{sha256(TOKEN.encode()).hexdigest()}"
groups = ["survey"]

[[token]]
sha256 = "{sha256(b"other").hexdigest()}"
groups = ["guests"]

[forwarded]
header = "X-Groups"
from = ["127.0.0.1"]
"""


@pytest.fixture(scope="session")
def raws(survey: Path) -> list[str]:
    """The raws behind the coadd."""
    with fitsprov.Registry(survey / "fitsprov.db") as registry:
        return [str(raw.id) for raw in registry.raws(COADD)]


@pytest.fixture(scope="session")
def child(survey: Path) -> str:
    """Something that was made of a raw and is everybody's."""
    with fitsprov.Registry(survey / "fitsprov.db") as registry:
        return str(registry.find(type="post_isr_image", limit=1)[0].id)


@pytest.fixture(scope="session")
def grandchild(survey: Path) -> str:
    """Something of which there is a file."""
    with fitsprov.Registry(survey / "fitsprov.db") as registry:
        return str(registry.find(type="visit_image", limit=1)[0].id)


@pytest.fixture
def guarded(tmp_path: Path, limited: Callable[..., httpx.Client]) -> Iterator[Callable[[str], httpx.Client]]:
    """A service with rules."""

    def start(others: str) -> httpx.Client:
        (tmp_path / "access.toml").write_text(RULES.replace("OTHERS", others))
        return limited(access=str(tmp_path / "access.toml"))

    return start


def admissions(client: httpx.Client, identifier: str, **headers: str) -> dict[str, tuple[str, object]]:
    """Role of a link → who may follow."""
    data = client.get("/links", params={"ID": identifier}, headers=headers).content
    assert lint(data) == []
    return {row["local_semantics"]: (row["link_auth"], row["link_authorized"]) for row in read_links(data)}


def test_listed_file_is_for_those_who_say_who_they_are(guarded: Callable[[str], httpx.Client]) -> None:
    client = guarded("listed")
    for path in (f"/files/{COADD}", f"/headers/{COADD}"):
        stranger = client.get(path)
        assert stranger.status_code == 401
        assert stranger.headers["www-authenticate"].startswith("Bearer")
        assert stranger.text.count("\n") == 1
        assert client.get(path, headers={"Authorization": "Bearer other"}).status_code == 403
        assert client.get(path, headers=MEMBER).status_code == 200
        assert client.get(path, headers={"X-Groups": "guests, survey"}).status_code == 200
        assert client.get(path, headers={"X-Groups": "guests, *"}).status_code == 403


def test_links_say_who_may_follow_them(guarded: Callable[[str], httpx.Client], child: str) -> None:
    client = guarded("listed")
    assert admissions(client, COADD)["deep_coadd"] == ("true", False)
    assert admissions(client, COADD, **MEMBER)["deep_coadd"] == ("true", True)
    assert admissions(client, COADD)["page"] == ("false", True)
    assert admissions(client, child)["post_isr_image"] == ("false", True)
    assert admissions(client, child)["raw"] == ("true", False)
    assert admissions(client, child, **{"X-Groups": "night"})["raw"] == ("true", True)


def test_what_is_listed_is_told(guarded: Callable[[str], httpx.Client]) -> None:
    client = guarded("listed")
    for path in (f"/dataset/{COADD}", f"/prov?ID={COADD}"):
        assert client.get(path).status_code == 200


@pytest.mark.parametrize("identifier", [COADD, f"{AUTHORITY}?{COADD}", COADD.upper()])
def test_hidden_dataset_is_as_one_that_nobody_knows(guarded: Callable[[str], httpx.Client], identifier: str) -> None:
    client = guarded("hidden")
    other = identifier.lower().replace(COADD, UNKNOWN)
    asked = {
        "/links": {"RESPONSEFORMAT": "json"},
        "/prov": {},
        "/prov?RESPONSEFORMAT=json": {},
        f"/files/{COADD}": None,
        f"/headers/{COADD}": None,
        f"/dataset/{COADD}": None,
        "/": {},
    }
    for path, query in asked.items():
        here = {} if query is None else {"params": {**query, "ID": identifier, "q": identifier}}
        there = {} if query is None else {"params": {**query, "ID": other, "q": other}}
        found, unknown = client.get(path, **here), client.get(path.replace(COADD, UNKNOWN), **there)
        spelled = found.text.lower().replace(COADD, UNKNOWN)
        assert (found.status_code, spelled) == (unknown.status_code, unknown.text.lower()), path
        assert client.get(path, **here, headers=MEMBER).text != found.text, path


def test_name_of_a_hidden_dataset_is_as_one_that_nobody_bears(
    guarded: Callable[[str], httpx.Client], survey: Path
) -> None:
    with fitsprov.Registry(survey / "fitsprov.db") as registry:
        name, other = registry.find(type="raw", limit=1)[0].name, "SC_O_19990101_00001"
    assert name is not None
    client = guarded("hidden")
    for path in ("/links?RESPONSEFORMAT=csv&ID=", "/prov?ID=", "/?q="):
        found, unknown = client.get(path + name), client.get(path + other)
        assert (found.status_code, found.text.replace(name, other)) == (unknown.status_code, unknown.text), path
        assert client.get(path + name, headers=MEMBER).text != found.text, path


def test_hidden_datasets_are_missing_wherever_others_lead_to_them(
    guarded: Callable[[str], httpx.Client], raws: list[str], child: str, grandchild: str
) -> None:
    client = guarded("hidden")
    hidden = {COADD, *raws}
    paths = [
        f"/links?ID={child}",
        f"/links?ID={child}&SEMANTICS=%23progenitor&RESPONSEFORMAT=manifest",
        f"/prov?ID={child}&DEPTH=ALL&RESPONSEFORMAT=json",
        f"/prov?ID={child}&DEPTH=ALL",
        f"/prov?ID={child}&DEPTH=ALL&DIRECTION=FORTH&RESPONSEFORMAT=PROV-N",
        f"/prov?ID={child}&DEPTH=ALL&RESPONSEFORMAT=svg",
        f"/dataset/{child}",
        f"/headers/{grandchild}",
        "/?type=raw",
        "/?type=deep_coadd",
        "/?q=*",
    ]
    for path in paths:
        stranger, member = client.get(path), client.get(path, headers=MEMBER)
        assert stranger.status_code == 200, path
        assert not [one for one in hidden if one in stranger.text], path
        assert stranger.text != member.text or path == "/?q=*", path


def test_stamp_that_leaves_names_nothing_hidden(guarded: Callable[[str], httpx.Client], grandchild: str) -> None:
    client = guarded("hidden")
    contents = [client.get(f"/files/{grandchild}", headers=headers).content for headers in ({}, MEMBER)]
    stranger, member = map(fitsprov.read, contents)
    assert stranger.parents == member.parents
    assert len(member.raws) == member.n_raws == 14
    assert (stranger.raws, stranger.n_raws) == (None, None)


def test_resolving_a_header_gives_nothing_hidden_away(guarded: Callable[[str], httpx.Client]) -> None:
    client = guarded("hidden")
    stamped = client.get(f"/files/{COADD}", headers=MEMBER).content
    assert client.post("/resolve", content=stamped).json()["status"] == "unknown"
    assert client.post("/resolve", content=stamped, headers=MEMBER).json()["status"] == "resolved"


@pytest.mark.parametrize("path", ["/links?ID=x", f"/files/{visit(0)}", "/", "/prov", f"/dataset/{COADD}"])
def test_unknown_token_is_told_everywhere(guarded: Callable[[str], httpx.Client], path: str) -> None:
    answer = guarded("listed").get(path, headers={"Authorization": "Bearer guessed"})
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_answers_are_kept_apart_by_caches(guarded: Callable[[str], httpx.Client]) -> None:
    client = guarded("hidden")
    stranger, member = (client.get(f"/links?ID={COADD}", headers=headers) for headers in ({}, MEMBER))
    assert stranger.headers["etag"] != member.headers["etag"]
    for answer in (stranger, member):
        assert "authorization" in answer.headers["vary"].lower()
        assert "private" in answer.headers["cache-control"]


def test_header_of_a_proxy_is_believed_to_the_proxy_alone() -> None:
    access = Access(header=b"x-groups", proxies=frozenset({"10.0.0.1"}))
    headers = {b"x-groups": b"survey"}
    assert access.caller(headers, "10.0.0.1").groups == {"survey"}
    assert access.caller(headers, "10.0.0.2").groups == frozenset()
    assert access.caller(headers, None).groups == frozenset()


def test_header_of_a_proxy_that_is_there_twice_is_believed_to_nobody(
    guarded: Callable[[str], httpx.Client], raws: list[str]
) -> None:
    client, path = guarded("hidden"), f"/prov?ID={raws[0]}"
    assert client.get(path, headers=[("X-Groups", "survey")]).status_code == 200
    assert client.get(path, headers=[("X-Groups", "survey"), ("x-groups", "guests")]).status_code == 404


@pytest.mark.parametrize("said", ["bearer", "BEARER", "Bearer  "])
def test_scheme_of_a_token_has_no_case(guarded: Callable[[str], httpx.Client], raws: list[str], said: str) -> None:
    client, path = guarded("hidden"), f"/prov?ID={raws[0]}"
    assert client.get(path, headers={"Authorization": f"{said} {TOKEN}"}).status_code == 200
    assert client.get(path, headers={"Authorization": f"Basic {TOKEN}"}).status_code == 404
    for odd in (said.strip(), f"{said} {TOKEN.upper()}", f"{said} {TOKEN} {TOKEN}", f"{said} {TOKEN},"):
        assert client.get(path, headers={"Authorization": odd}).status_code == 401


def test_first_rule_that_covers_decides() -> None:
    access = Access((Rule(frozenset({"a"}), type="raw"), Rule(frozenset({"*"}), "open/*"), Rule(frozenset({"b"}))))
    assert access.groups_for("open/1", "raw") == {"a"}
    assert access.groups_for("open/1", "flat") == {"*"}
    assert access.groups_for("closed", None) == {"b"}
    assert access.groups_for(None, None) == {"b"}


def test_token_that_is_not_given_is_no_token() -> None:
    with pytest.raises(UnknownToken):
        Access().caller({b"authorization": b"bearer x"}, None)
    assert Access().caller({b"authorization": b"Basic x"}, None).groups == frozenset()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"others": "nobody"}, "expected one of listed, hidden"),
        ({"rules": []}, "rules; expected one of others, rule, token, forwarded"),
        ({"rule": [{"run": "x"}]}, "rule: no groups"),
        ({"rule": [{"groups": [1]}]}, "expected texts"),
        ({"rule": [{"groups": ["a"], "runs": "x"}]}, "rule: runs = 'x'; expected run (str)"),
        ({"rule": ["x"]}, "expected a table"),
        ({"token": [{"sha256": "abc", "groups": []}]}, "expected 64 hex digits"),
        ({"forwarded": {"header": "X-Groups"}}, "the addresses of who may send it"),
    ],
)
def test_file_that_says_something_else_is_refused(content: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_access(content, "access.toml")
    assert str(caught.value).startswith("access.toml: ")
    assert said in str(caught.value)
