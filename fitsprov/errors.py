"""What can go wrong, each error also a builtin.

The text of an error is one line that names the file, the value seen and what was expected; the values stand as
attributes too. The command line prints the text and exits with the error's ``exit_code``.
"""

from __future__ import annotations

import copyreg

__all__ = [
    "ActivityNotFound",
    "Conflict",
    "DatasetNotFound",
    "FileRefused",
    "FitsprovError",
    "IncidentNotFound",
    "InvalidRecord",
    "MalformedID",
    "MissingExtra",
    "NotFits",
    "RegistryError",
    "ServiceError",
    "StampMissing",
    "StampRefused",
    "TruncatedFits",
    "UnwritableValue",
    "UsageError",
    "WorkerLost",
]


def printable(character: str) -> str:
    """Escape a character that would break a line or a terminal."""
    return character if character.isprintable() else character.encode("unicode_escape").decode()


class FitsprovError(Exception):
    """The parent of every error that fitsprov raises on purpose."""

    exit_code = 3

    def __str__(self) -> str:
        """One line, whatever the values in it were."""
        text = super().__str__()
        return text if text.isprintable() else "".join(map(printable, text))

    def __reduce__(self) -> tuple[object, ...]:
        """Cross to another process as it is, whatever the arguments it was made of."""
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]  # no stub has it


class UsageError(FitsprovError, ValueError):
    """Arguments that contradict each other or name nothing."""

    exit_code = 2


class MalformedID(UsageError):
    """A text that should be a dataset ID and is none."""

    def __init__(self, text: str) -> None:
        super().__init__(
            f"'{text}' is not a dataset ID; expected a UUID, an ivo:// DID or a butler:// URI that ends in one"
        )
        self.text = text


class NotFits(FitsprovError, ValueError):
    """Bytes that are no FITS file (FITS 4.0, 3.2: the first card is SIMPLE)."""


class TruncatedFits(NotFits):
    """A FITS file that ends before its header or its data do."""


class FileRefused(FitsprovError, OSError):
    """A file that fitsprov will not touch: read-only, hard-linked, not a regular file, in use."""


class StampRefused(FitsprovError, ValueError):
    """A stamp that may not be written here, because the header names another dataset or has too little room."""


class StampMissing(FitsprovError, LookupError):
    """A header without the stamp, or the part of one, that is needed."""

    exit_code = 1


class UnwritableValue(FitsprovError, ValueError):
    """A value that no FITS card can hold (FITS 4.0, 4.2)."""


class InvalidRecord(FitsprovError, ValueError):
    """A provenance document with a wrong key, a wrong value or a cycle."""


class Conflict(FitsprovError, ValueError):
    """A statement that contradicts what the registry holds."""


class RegistryError(FitsprovError, RuntimeError):
    """A registry that is absent, of another version, or not a registry."""


class DatasetNotFound(FitsprovError, LookupError):
    """A dataset ID that the registry does not know."""

    exit_code = 1

    def __init__(self, identifier: object) -> None:
        super().__init__(f"{identifier}: no such dataset in the registry")
        self.identifier = identifier


class ActivityNotFound(FitsprovError, LookupError):
    """An activity ID that the registry does not know."""

    exit_code = 1

    def __init__(self, identifier: object) -> None:
        super().__init__(f"{identifier}: no such activity in the registry")
        self.identifier = identifier


class ServiceError(FitsprovError, ConnectionError):
    """A service that may not be asked, does not answer, or gives an answer that is none.

    Its ``code`` is that of the finding that tells of it.
    """

    def __init__(self, message: str, *, code: str = "service-unreachable") -> None:
        super().__init__(message)
        self.code = code


class WorkerLost(FitsprovError, RuntimeError):
    """A process that worked for another and was ended from outside, as where memory ran out."""


class IncidentNotFound(FitsprovError, LookupError):
    """An incident ID that the registry does not know."""

    exit_code = 1

    def __init__(self, identifier: object) -> None:
        super().__init__(f"{identifier}: no such incident in the registry")
        self.identifier = identifier


class MissingExtra(FitsprovError, ImportError):
    """An optional part that is not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs an optional part: pip install 'fitsprov[{extra}]'")
        self.extra = extra
