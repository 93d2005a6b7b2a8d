import pytest

from fitsprov.datalink.terms import core_terms, is_term, parent_terms


@pytest.mark.parametrize("term", ["#this", "#progenitor", "#detached-header", "#coderived"])
def test_core_terms_are_known_with_their_hash(term):
    assert is_term(term)
    assert not is_term(term[1:])


def test_a_foreign_term_is_none_and_has_no_parents():
    assert not is_term("http://example.org/terms#mine")
    assert parent_terms("#mine") == ()


def test_a_narrow_term_gives_its_wider_one():
    assert parent_terms("#detached-header") == ("#documentation",)
    assert parent_terms("#this") == ()


def test_wider_and_narrower_mirror_each_other():
    terms = core_terms()["terms"]
    wider = {(term, above) for term, entry in terms.items() for above in entry["wider"]}
    narrower = {(below, term) for term, entry in terms.items() for below in entry["narrower"]}
    assert wider == narrower
    assert len(wider) == 11


def test_the_copy_says_which_release_it_is():
    assert core_terms()["version"] == "2022-01-27"
    assert len(core_terms()["terms"]) == 22
