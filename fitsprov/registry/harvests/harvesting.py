"""Taking headers in: what each file's header claims, merged into the registry in batches.

Unlike a record, a harvest never fails as a whole: of two statements that contradict each other one is kept, and the
other becomes a finding. Which one does not depend on the order in which files are named:

- what the registry holds stays, and of the files of one harvest the first by path counts;
- but what a dataset's own header says of it replaces what only others said, and a run that is whole one that was
  shortened;
- an activity whose ID is stated takes the place of one whose ID was derived.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import URL, Connection, Engine

from fitsprov.model.finding import Finding
from fitsprov.registry.engines.engine import reading, transact
from fitsprov.registry.harvests.batch import Batch
from fitsprov.registry.harvests.batch_rows import write
from fitsprov.registry.harvests.bulk import select_by, uncollected
from fitsprov.registry.harvests.claims import Claim
from fitsprov.registry.records.recording import Counts
from fitsprov.registry.records.vocabulary import next_key
from fitsprov.registry.schema import artifact, entity

__all__ = ["Harvester"]


COPY = ("size", "modified", "fingerprint")


class Harvester:
    """One harvest: claims go in, counts by convention come out.

    Its batches are transactions. A harvest that was killed stands at the end of one of them, and the next one, over the
    same files, goes on from there to the same result.
    """

    def __init__(self, engine: Engine, url: URL) -> None:
        self.engine = engine
        self.url = url
        self.counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
        with reading(engine, url) as connection:
            self.first_key = next_key(connection, entity)
        self.conventions: list[str] = []
        self.namers = bytearray()
        """Of each dataset that this harvest added, who named it first, as a place in `conventions`."""

    def unchanged(self, files: Mapping[str, tuple[int, int]], *, fingerprint: bool = False) -> set[str]:
        """Find the files that were harvested as they are.

        Parameters
        ----------
        files : mapping
            URI → size in bytes, and time of the last change in nanoseconds since 1970.
        fingerprint : bool
            Only those of which a fingerprint is known.
        """
        found = set()
        with reading(self.engine, self.url) as connection:
            for uri, size, modified, known in select_by(connection, artifact, "uri", COPY, files):
                if files[uri] == (size, modified) and (known is not None or not fingerprint):
                    found.add(uri)
        return found

    def take(self, claims: Sequence[Claim]) -> list[tuple[str, Finding]]:
        """Take claims in, whole or not at all; give what contradicts what is known, each with the URI of its file.

        Parameters
        ----------
        claims : sequence of Claim
            In the order of their paths, also from one call to the next.
        """

        def take_in(connection: Connection) -> Batch:
            batch = Batch(connection, claims)
            batch.apply()
            write(connection, batch)
            return batch

        with uncollected():
            batch = transact(self.engine, self.url, take_in)
        self.count(batch)
        return list(batch.findings)

    def count(self, batch: Batch) -> None:
        """Count what a batch has added; a stub of this harvest whose own file came later is none."""
        for convention, files in Counter(claim.convention for claim in batch.claims).items():
            self.counts[convention]["files"] += files
        for claim in batch.claims:
            if claim.findings:
                self.counts[claim.convention]["findings"] += claim.findings
        for convention, gained in batch.gains.items():
            self.counts[convention].update(gained)
        fresh = [node for node in batch.loaded.nodes.values() if node.fresh and node.namer]
        places = {namer: self.place_of(namer) for namer in {node.namer for node in fresh}}
        last = max((node.key for node in fresh), default=0)
        self.namers.extend(bytes(max(0, last - self.first_key + 1 - len(self.namers))))
        for node in fresh:
            self.namers[node.key - self.first_key] = places[node.namer]
        for key in batch.described:
            if key >= self.first_key:
                self.counts[self.conventions[self.namers[key - self.first_key]]]["stubs"] -= 1

    def place_of(self, convention: str) -> int:
        """Number a convention."""
        if convention not in self.conventions:
            self.conventions.append(convention)
        return self.conventions.index(convention)

    def totals(self) -> dict[str, Counts]:
        """What was new, by the convention that said so first."""
        return {name: Counts(**counts) for name, counts in sorted(self.counts.items())}
