"""The adjacency file by itself, of as many edges as memory allows: 10⁸ take 12 GiB while it is made.

python tests/benchmarks/graph_alone.py [EDGES]
"""

from __future__ import annotations

import resource
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import numpy as np
from harness import ROOT, timed
from survey_graph import Survey

sys.path.insert(0, str(ROOT))


def main() -> None:
    """Make it, open it, ask it."""
    from fitsprov.model.lineage import Direction
    from fitsprov.registry.adjacency.build import arrange
    from fitsprov.registry.adjacency.changes import Marks
    from fitsprov.registry.adjacency.file import GraphFile, write_graph
    from fitsprov.registry.adjacency.layers import Layers, Newer
    from fitsprov.registry.graph.reach import Bounds
    from fitsprov.registry.graph.seeds import Having

    survey = Survey.of(int(float(sys.argv[1] if sys.argv[1:] else "1e8")))
    blocks = list(survey.blocks())
    edges = [np.concatenate([block.edges[n] for block in blocks]) for n in (0, 2)]
    shared = np.arange(1, survey.shared + 1)
    first = (shared, np.zeros_like(shared), survey.shared_types(), np.ones_like(shared))
    facts = [np.concatenate([first[i], *(b.entities[n] for b in blocks)]) for i, n in enumerate((0, 3, 1, 2))]
    marks = Marks("alone", int(edges[0].max()), int(facts[0].max()), 0)
    environment = survey.environments // 2
    ran = [np.concatenate([block.activities[n] for block in blocks]) for n in range(3)]
    nothing = np.zeros_like(ran[0])
    words = [ran[0], ran[1], nothing + 2, nothing, ran[2], nothing]
    del blocks
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "alone.graph")
        start = perf_counter()
        about, columns = arrange(marks, edges, facts, words)
        arranged = perf_counter()
        write_graph(path, about, columns)
        say("edges", f"{about.edges:,}")
        say("arranged", f"{arranged - start:.1f} s")
        say("written", f"{perf_counter() - arranged:.1f} s")
        say("size", f"{path.stat().st_size / 2**30:.2f} GiB, {path.stat().st_size / about.edges:.1f} bytes an edge")
        del columns, edges, facts, words, ran
        layers = Layers(GraphFile(path), Newer([], [], []))
        begun = [[Having("software_env_id", [environment])]]
        flat = int(survey.calibration("flat", np.array(survey.exposures // 2), np.array(42)))
        asked: dict[str, Callable[[], int]] = {
            "a coadd's ancestors": lambda: len(layers.follow([marks.entities], Direction.UP, Bounds()).keys),
            "a flat's products": lambda: len(layers.follow([flat], Direction.DOWN, Bounds()).keys),
            "an environment's products": lambda: sum(one.datasets for one in layers.tally(layers.having(begun))),
            "a catalogue's products": lambda: len(layers.follow([1], Direction.DOWN, Bounds()).keys),
        }
        for what, ask in asked.items():
            start = perf_counter()
            number = ask()
            cold = perf_counter() - start
            say(what, f"{number:,} in {timed(ask, rounds=5) * 1e3:.2f} ms, {cold * 1e3:.0f} ms when first checked")
    say("memory", f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB at most")


def say(what: str, value: str) -> None:
    """Print a line."""
    print(f"{what:<28}{value}", flush=True)


if __name__ == "__main__":
    main()
