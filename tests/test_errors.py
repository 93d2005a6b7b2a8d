"""Errors: each is ours and a builtin, with the exit code of its kind."""

from __future__ import annotations

import pickle

import pytest

from fitsprov import errors
from fitsprov.errors import DatasetNotFound, FitsprovError, MalformedID, MissingExtra, UsageError

KINDS = [getattr(errors, name) for name in errors.__all__ if name != "FitsprovError"]


def test_the_list_of_names_is_complete() -> None:
    own = {
        name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__
    }
    assert own == set(errors.__all__)
    assert errors.__all__ == sorted(errors.__all__)


@pytest.mark.parametrize("kind", KINDS)
def test_each_is_ours_and_a_builtin(kind: type[FitsprovError]) -> None:
    assert issubclass(kind, FitsprovError)
    builtins = [base for base in kind.__mro__ if base.__module__ == "builtins"]
    assert set(builtins) - {Exception, BaseException, object}
    assert kind.__doc__


@pytest.mark.parametrize("kind", KINDS)
def test_exit_codes_are_those_of_the_commands(kind: type[FitsprovError]) -> None:
    expected = 2 if issubclass(kind, UsageError) else 1 if issubclass(kind, LookupError) else 3
    assert kind.exit_code == expected


@pytest.mark.parametrize(
    ("error", "attribute", "value", "builtin"),
    [
        (MalformedID("raw.fits"), "text", "raw.fits", ValueError),
        (DatasetNotFound("ivo://x"), "identifier", "ivo://x", LookupError),
        (MissingExtra("fitsprov serve", "serve"), "extra", "serve", ImportError),
    ],
)
def test_values_stand_as_attributes_and_in_the_text(
    error: FitsprovError, attribute: str, value: str, builtin: type[Exception]
) -> None:
    assert getattr(error, attribute) == value
    assert value in str(error)
    assert "\n" not in str(error)
    with pytest.raises(builtin):
        raise error


def test_a_missing_extra_says_what_mends_it() -> None:
    assert "pip install 'fitsprov[butler]'" in str(MissingExtra("reading a Butler", "butler"))


@pytest.mark.parametrize(
    "error",
    [UsageError("a text"), MalformedID("raw.fits"), DatasetNotFound("ivo://x"), MissingExtra("serving", "serve")],
)
def test_errors_cross_processes_unchanged(error: FitsprovError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.__dict__) == (type(error), str(error), error.__dict__)
