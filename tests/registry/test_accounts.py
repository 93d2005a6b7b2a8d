"""All about a dataset at once: the same as one question after the other."""

from __future__ import annotations

from uuid import UUID

import pytest

from fitsprov.errors import DatasetNotFound
from fitsprov.model.lineage import Direction
from fitsprov.registry import Registry
from tests.registry.making import dataset, record, survey, uid

URI = "file:///data/coadd.fits"


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("name", ["coadd", "flat", "raw 1"])
def test_an_account_is_what_each_question_alone_gives(registry: Registry, name: str, direction: Direction) -> None:
    registry.record(survey())
    registry.retract(uid("flat"), "light leak")
    registry.annotate(uid("coadd"), "note", "pretty")
    account = registry.account(uid(name), direction=direction)
    assert account.lineage == registry.lineage(uid(name), direction=direction)
    assert account.facts == registry.facts(uid(name))
    assert account.standing == registry.standing(account.lineage.datasets)
    assert set(account.standing) == {uid("flat")} & set(account.lineage.datasets)
    assert account.of_file == ()


def test_an_account_is_found_by_a_name_and_follows_as_far_as_asked(registry: Registry) -> None:
    registry.record(survey())
    account = registry.account("SC_1", direction="down", depth=1)
    assert account.lineage == registry.lineage("SC_1", direction="down", depth=1)
    assert account.lineage.focus == registry.dataset("SC_1").id
    assert account.standing == {}


def test_an_account_tells_of_what_a_file_is_a_copy(registry: Registry) -> None:
    registry.record(record(datasets=(dataset("a", uri=URI), dataset("b", uri=URI), dataset("c"))))
    assert set(registry.account(uid("a"), uri=URI).of_file) == {uid("a"), uid("b")}
    assert set(registry.account(uid("c"), uri=URI).of_file) == {uid("a"), uid("b")}
    assert registry.account(uid("a"), uri="file:///data/other.fits").of_file == ()


@pytest.mark.parametrize("identifier", [uid("nothing"), "nothing", str(uid("nothing"))])
def test_there_is_no_account_of_what_is_unknown(registry: Registry, identifier: UUID | str) -> None:
    with pytest.raises(DatasetNotFound, match=str(identifier)):
        registry.account(identifier, uri=URI)
