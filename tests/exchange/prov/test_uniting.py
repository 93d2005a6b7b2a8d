"""Several documents as one."""

from __future__ import annotations

from fitsprov.exchange.prov.prov import Document, Name, Statement
from fitsprov.exchange.prov.uniting import unite

ONE = Document(
    {"uuid": "urn:uuid:", "did": "ivo://a/b?"},
    [
        Statement("entity", "did:1", (), [("prov:label", "one"), ("fitsprov:complete", True)]),
        Statement("activity", "uuid:2", (None, None), []),
        Statement("wasGeneratedBy", None, ("did:1", "uuid:2", None), []),
    ],
)
OTHER = Document(
    {"uuid": "urn:uuid:", "did": "ivo://c/d?", "did-1": "ivo://a/b?"},
    [
        Statement("entity", "did-1:1", (), [("prov:label", "one")]),
        Statement("entity", "did:1", (), [("prov:type", Name("uuid:5"))]),
        Statement("activity", "uuid:2", (None, None), [("prov:label", "made")]),
        Statement("wasGeneratedBy", None, ("did-1:1", "uuid:2", None), []),
        Statement("used", None, ("uuid:2", "did:1", None), []),
    ],
)


def test_one_document_stays_as_it_is() -> None:
    assert unite([ONE]) is ONE


def test_each_thing_is_told_once_with_all_that_is_said_of_it() -> None:
    united = unite([ONE, OTHER])
    assert united.statements == [
        Statement("entity", "did:1", (), [("prov:label", "one"), ("fitsprov:complete", True)]),
        Statement("activity", "uuid:2", (None, None), [("prov:label", "made")]),
        Statement("entity", "did-2:1", (), [("prov:type", Name("uuid:5"))]),
        Statement("wasGeneratedBy", None, ("did:1", "uuid:2", None), []),
        Statement("used", None, ("uuid:2", "did-2:1", None), []),
    ]


def test_a_prefix_stands_for_one_namespace() -> None:
    assert unite([ONE, OTHER]).namespaces == {"uuid": "urn:uuid:", "did": "ivo://a/b?", "did-2": "ivo://c/d?"}


def test_what_one_name_says_stands_together_and_that_of_prov_first() -> None:
    def told(*attributes: tuple[str, str]) -> Document:
        return Document({"uuid": "urn:uuid:"}, [Statement("entity", "uuid:1", (), list(attributes))])

    one = told(("prov:type", "a"), ("fitsprov:z", "1"), ("fitsprov:b", "2"))
    other = told(("prov:label", "l"), ("prov:type", "b"), ("fitsprov:z", "3"), ("fitsprov:b", "2"))
    assert unite([one, other]).statements[0].attributes == [
        ("prov:label", "l"),
        ("prov:type", "a"),
        ("prov:type", "b"),
        ("fitsprov:z", "1"),
        ("fitsprov:z", "3"),
        ("fitsprov:b", "2"),
    ]
