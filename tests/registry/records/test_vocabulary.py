"""The same record gives the same registry, whatever the order in which a process walks through its sets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sqlite3, sys
from fitsprov.registry import Registry
from tests.registry.making import survey

with Registry.create(sys.argv[1]) as registry:
    registry.record(survey())
print(*sqlite3.connect(sys.argv[1]).iterdump(), sep="\\n")
"""


def test_keys_depend_on_the_record_alone(tmp_path: Path) -> None:
    dumps = []
    for seed in ("1", "2", "3"):
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / f"{seed}.db")]
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)}
        done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
        dumps.append([line for line in done.stdout.splitlines() if '"meta"' not in line])
    assert dumps[0] == dumps[1] == dumps[2]
    assert any('INTO "role"' in line for line in dumps[0])
