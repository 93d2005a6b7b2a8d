"""A number that tells whether a registry has changed."""

from __future__ import annotations

import pytest

from fitsprov.errors import Conflict
from fitsprov.registry import Registry
from tests.registry.making import dataset, record, survey


def test_it_grows_with_what_is_new_and_only_then(registry: Registry) -> None:
    numbers = [registry.version()]
    registry.record(survey())
    numbers.append(registry.version())
    registry.record(survey())
    numbers.append(registry.version())
    with pytest.raises(Conflict):
        registry.record(record(datasets=(dataset("coadd", "raw"),)))
    numbers.append(registry.version())
    registry.record(record(datasets=(dataset("new"),)))
    numbers.append(registry.version())
    before, first, again, refused, new = numbers
    assert before < first == again == refused < new


def test_it_is_the_same_for_every_process_and_survives_them(registry: Registry, url: str) -> None:
    registry.record(survey())
    with Registry(url) as other:
        assert other.version() == registry.version()
        other.record(record(datasets=(dataset("new"),)))
        assert other.version() == registry.version()
    last = registry.version()
    registry.close()
    with Registry(url) as again:
        assert again.version() == last > 1
