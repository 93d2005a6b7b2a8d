"""Many headers into the registry: found, read in other processes, and taken in by one writer in the order of paths."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from fitsprov.actions.claiming import File, Found, read_claims
from fitsprov.actions.conventions import readable_conventions
from fitsprov.actions.walking import find_files, uri_of
from fitsprov.errors import FileRefused, FitsprovError, WorkerLost
from fitsprov.model.finding import Finding
from fitsprov.registry.harvests.claims import Claim
from fitsprov.registry.records.recording import Counts

if TYPE_CHECKING:
    from fitsprov.actions.registry import Registry
    from fitsprov.registry.harvests.harvesting import Harvester

__all__ = ["Counts", "Harvest", "harvest"]

CHUNK = 64
"""Files that a process reads before it sends what they say."""
BATCH = 500
"""Claims of one transaction."""
NAMED = 50_000
"""Datasets that the claims of one transaction name, from which on it is closed: long lists need memory."""


@dataclass(slots=True, kw_only=True)
class Harvest:
    """What came of a harvest."""

    files: int = 0
    """All that were met."""
    unchanged: int = 0
    """Those that had been harvested as they are."""
    unstamped: int = 0
    """Those whose headers say nothing in any known convention."""
    refused: int = 0
    """What could not be read."""
    conventions: dict[str, Counts] = field(default_factory=dict)
    """What was new, by the convention that said so first; of several in one header, by the one with precedence."""

    @property
    def counts(self) -> Counts:
        """What was new in all."""
        return sum(self.conventions.values(), Counts())


def harvest(
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    registry: Registry,
    *,
    conventions: Sequence[str] = (),
    fingerprint: bool = False,
    again: bool = False,
    jobs: int = 1,
    tell: Callable[[str, FitsprovError | Finding], None] = lambda path, what: None,
) -> Harvest:
    """Read what headers say into a registry; a header never makes it fail.

    The result does not depend on the order of the paths: files are taken in by the order of their absolute paths.
    Files that were harvested and have not changed since are passed over, so that a harvest that was stopped goes on
    where it was.

    Parameters
    ----------
    paths : path, or iterable of path
        Files, folders and globs; of a folder all files below it that are called as FITS or Parquet files are.
    registry : Registry
        What it holds stays; what a header says otherwise is a finding.
    conventions : sequence of str
        Names of the conventions to read, all by default; and paths of TOML files, which are read beside them.
    fingerprint : bool
        Compute the fingerprints of the data, too, by which a file is known that has lost its header.
    again : bool
        Read files, too, that were harvested and have not changed since: by other conventions.
    jobs : int
        With how many processes to read.
    tell : callable
        Called with a path and what is to say of it: an error, after which the others go on, or a finding.

    Returns
    -------
    Harvest
        How many files were met, and what was new, in all and by convention.

    Raises
    ------
    UsageError
        Where a convention is not known, or its file is none.
    RegistryError, WorkerLost
    """
    readable_conventions(conventions)
    done = Harvest()

    def refuse(error: FitsprovError, path: str = "") -> None:
        done.refused += 1
        tell(path, error)

    harvester = registry.harvester()
    listed = [paths] if isinstance(paths, str | os.PathLike) else paths
    found = find_files((os.fspath(path) for path in listed), refuse)
    files = changed_files(found, None if again else harvester, done, refuse, fingerprint)
    read = partial(read_claims, fingerprint=fingerprint, conventions=tuple(conventions))
    claims = claims_of(read_all(files, read, jobs), done, refuse, tell)
    for batch in batches(claims):
        paths_by_uri = {claim.uri: path for path, claim in batch}
        for uri, finding in harvester.take([claim for _, claim in batch]):
            tell(paths_by_uri[uri], finding)
    done.conventions = harvester.totals()
    return done


def changed_files(
    paths: Iterator[str],
    harvester: Harvester | None,
    done: Harvest,
    refuse: Callable[[FitsprovError, str], None],
    fingerprint: bool,
) -> Iterator[File]:
    """Pass over the files that were harvested as they are, where a harvester tells which these are."""
    while chunk := list(islice(paths, BATCH)):
        files = {}
        for path in chunk:
            done.files += 1
            try:
                status = os.stat(path)  # noqa: PTH116 (plain text)
            except OSError as error:
                refuse(FileRefused(f"{path}: {error.strerror}; expected a FITS file"), path)
                continue
            uri = uri_of(path)
            files[uri] = File(path, uri, status.st_size, status.st_mtime_ns)
        states = {uri: (file.size, file.modified) for uri, file in files.items()}
        known = set() if harvester is None else harvester.unchanged(states, fingerprint=fingerprint)
        done.unchanged += len(known)
        yield from (file for uri, file in files.items() if uri not in known)


def read_all(files: Iterator[File], read: Callable[[list[File]], list[Found]], jobs: int) -> Iterator[Found]:
    """Read headers, here or in other processes, in order; no more than a few chunks wait."""
    chunks = iter(lambda: list(islice(files, CHUNK)), [])
    if jobs == 1:
        for chunk in chunks:
            yield from read(chunk)
        return
    from fitsprov.actions.crew import Crew  # who reads here does not pay for it

    yield from read(list(islice(files, 1)))  # what that loads, processes that are forked need not load again
    try:
        with Crew(read, jobs) as crew:
            waiting = deque(map(crew.submit, islice(chunks, 4 * jobs)))
            while waiting:
                found = waiting.popleft().result()
                waiting.extend(map(crew.submit, islice(chunks, 1)))
                yield from found
    except WorkerLost as error:
        raise WorkerLost(f"{error} (the same harvest goes on where this one was)") from None


def claims_of(
    all_found: Iterable[Found],
    done: Harvest,
    refuse: Callable[[FitsprovError, str], None],
    tell: Callable[[str, FitsprovError | Finding], None],
) -> Iterator[tuple[str, Claim]]:
    """Tell what went wrong with each file, and pass its claim on."""
    for path, claim, findings, error in all_found:
        if error is not None:
            refuse(error, path)
        elif claim is None:
            done.unstamped += 1
        else:
            for finding in findings:
                tell(path, finding)
            yield path, claim


def batches(claims: Iterable[tuple[str, Claim]]) -> Iterator[list[tuple[str, Claim]]]:
    """Cut claims into transactions; where the cuts are depends on the claims alone."""
    batch: list[tuple[str, Claim]] = []
    named = 0
    for path, claim in claims:
        batch.append((path, claim))
        named += len(claim.used) + len(claim.raws)
        if len(batch) == BATCH or named >= NAMED:
            yield batch
            batch, named = [], 0
    if batch:
        yield batch
