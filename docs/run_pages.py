"""Run the pages: every command and every line of Python that they show, and compare what comes with what they say.

    python docs/run_pages.py            # compare
    python docs/run_pages.py --write    # and write what comes into the pages

A page is a session in a folder of its own, a fresh copy of the sample data. In it

``console``
    blocks hold commands behind ``$``, gone on with behind ``>``, and what each prints. A command with nothing below it
    may print anything. Every command exits with 0; where another code belongs to the story, the command says ``||``.
``python``
    blocks share one namespace; what one prints stands in an ``output`` block after it.
``toml``, ``yaml``
    blocks with a caption are files of that name.

A block within an HTML comment is run and not shown. Other blocks are not run. ``[...]`` stands for any text; new IDs,
the time of a stamp and what follows from it may differ.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent
ROOT = DOCS.parent
SHOWN_FOLDER = "/home/you/survey"
"""What the pages call the folder of a session."""
SHOWN_PORT = "127.0.0.1:8765"
"""Where a service on the pages answers; each session has a free port of its own."""

FENCE = re.compile(
    r"^```(?:\{code-block\} )?(?P<kind>console|python|output|toml|yaml)\n"
    r"(?::caption: (?P<caption>\S+)\n)?\n?(?P<body>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
COMMAND = re.compile(r"^\$ (?P<command>.*\n(?:^> .*\n)*)(?P<output>(?:^(?!\$ ).*\n)*)", re.MULTILINE)
ELISION = "[...]"

KNOWN_IDS = {
    found
    for record in (ROOT / "sample_data").glob("*.yaml")
    for found in re.findall(r"\bid: ([0-9a-f-]{36})\b", record.read_text(encoding="utf-8"))
}
VOLATILE: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f-]{21}\b"), lambda m: m[0] if m[0] in KNOWN_IDS else "ID"),
    (re.compile(r"(FPV_DATE= '|stamped\W+)\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d"), r"\1TIME"),
    (re.compile(r"(FPV_SEAL=? ')\w{16}"), r"\1SEAL"),
    (re.compile(r"^(size +)\d+", re.MULTILINE), r"\1SIZE"),
)


def main(*arguments: str) -> int:
    """Run all pages; 1 where one says something else than what comes."""
    wrong = 0
    for page in pages():
        with tempfile.TemporaryDirectory() as folder:
            text = page.read_text(encoding="utf-8")
            fresh = replay(text, Path(folder))
        if fresh != text:
            wrong += 1
            print(f"{page.relative_to(ROOT)}: shows something else than what comes")
            if "--write" in arguments:
                page.write_text(fresh, encoding="utf-8")
    return int(wrong > 0)


def pages() -> list[Path]:
    """The pages that have something to run."""
    every = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
    return [page for page in every if any(m["kind"] in ("console", "python") for m in fences(page))]


def fences(page: Path) -> Iterator[re.Match[str]]:
    """The blocks of a page that mean something here."""
    return FENCE.finditer(page.read_text(encoding="utf-8"))


def replay(text: str, folder: Path) -> str:
    """Run a page in a folder, and give its text with what came in the place of what differs from it."""
    session = Session(folder)
    return FENCE.sub(session.block, text)


class Session:
    """A folder with the sample data, a shell and a Python in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "survey"
        ignored = shutil.ignore_patterns("*.py", "__pycache__", "simcam", "*.md")
        shutil.copytree(ROOT / "sample_data", self.folder, ignore=ignored)
        self.namespace: dict[str, Any] = {"__name__": "__main__"}
        self.printed = ""
        self.environment = environment(folder / "bin")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = f"127.0.0.1:{free.getsockname()[1]}"

    def block(self, match: re.Match[str]) -> str:
        """Run one block; give it as it should read."""
        body = match["body"]
        if match["kind"] == "console":
            body = COMMAND.sub(self.command, body)
        elif match["kind"] == "python":
            self.python(body)
        elif match["kind"] == "output":
            body = settle(body, self.printed)
        elif match["caption"]:
            (self.folder / match["caption"]).write_text(body, encoding="utf-8")
        start, stop = (at - match.start() for at in match.span("body"))
        return match[0][:start] + body + match[0][stop:]

    def command(self, match: re.Match[str]) -> str:
        """Run one command with the shell."""
        line = match["command"].replace("\n> ", "\n").replace(SHOWN_PORT, self.port)
        done = subprocess.run(
            ["bash", "-c", line],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise RuntimeError(f"exit code {done.returncode} of: {line}{done.stdout}")
        output = match["output"]
        return f"$ {match['command']}{settle(output, self.clean(done.stdout)) if output.strip() else output}"

    def python(self, code: str) -> None:
        """Run lines of Python, and keep what they print."""
        printed = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(printed):
            exec(compile(code.replace(SHOWN_PORT, self.port), "page", "exec"), self.namespace)
        self.printed = self.clean(printed.getvalue())

    def clean(self, text: str) -> str:
        """Name folder and port as the pages do, and leave blanks at the ends of lines out."""
        text = text.replace(str(self.folder), SHOWN_FOLDER).replace(self.port, SHOWN_PORT)
        return re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)


def environment(bin_folder: Path) -> dict[str, str]:
    """What the commands find: our own ``fitsprov`` and ``python``, no colour, no registry."""
    bin_folder.mkdir()
    for name, arguments in (("fitsprov", "-m fitsprov"), ("python", "")):
        script = bin_folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FITSPROV", "COV_", "LC_"))}
    path = os.pathsep.join([str(bin_folder), os.environ.get("PATH", os.defpath)])
    return kept | {"PATH": path, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", "LC_ALL": "C.UTF-8", "COLUMNS": "100"}


def settle(shown: str, came: str) -> str:
    """What a page should show: what it shows where that is right, else what came."""
    tail = shown[len(shown.rstrip("\n")) :]
    wanted = re.escape(stable(shown.rstrip("\n"))).replace(re.escape(ELISION), ".*?")
    right = re.fullmatch(wanted, stable(came.rstrip("\n")), re.DOTALL)
    if right or not came.strip():
        return shown if right else ""
    return came.rstrip("\n") + (tail or "\n")


def stable(text: str) -> str:
    """A text without what differs from one time to the next."""
    for pattern, instead in VOLATILE:
        text = pattern.sub(instead, text)
    return text


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
