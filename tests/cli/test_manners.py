"""How the command line behaves towards terminals, pipes, shells and slips of the finger."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from fitsprov.cli import COMMANDS, main, wanted_colour
from fitsprov.cli.common import write_whole
from fitsprov.errors import FileRefused
from tests.cli.conftest import COADD, Fitsprov

PROGRAM = [sys.executable, "-m", "fitsprov"]


@pytest.mark.parametrize(("typed", "meant"), [("stmp", "stamp"), ("reslve", "resolve"), ("verfiy", "verify")])
def test_a_misspelt_command_is_told_the_nearest(fitsprov: Fitsprov, typed: str, meant: str) -> None:
    ran = fitsprov(typed)
    assert ran.code == 2
    assert f"No such command '{typed}'. Did you mean '{meant}'?" in ran.err


def test_a_command_that_resembles_none_is_told_none(fitsprov: Fitsprov) -> None:
    assert "Did you mean" not in fitsprov("xyzzy").err


@pytest.mark.parametrize(
    ("environment", "wanted"),
    [
        ({}, None),
        ({"NO_COLOR": ""}, None),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
    ],
)
def test_the_environment_says_whether_there_are_colours(environment: dict[str, str], wanted: bool | None) -> None:
    assert wanted_colour(environment) is wanted


def test_colours_are_forced_in_the_text_and_in_the_tree(
    survey: Path, fitsprov: Fitsprov, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.delenv("TERM", raising=False)
    heading, *tree = fitsprov(f"resolve {COADD}").out.splitlines()
    assert "\x1b" not in heading + "".join(tree)
    monkeypatch.setenv("FORCE_COLOR", "1")
    coloured, *tree = fitsprov(f"resolve {COADD}").out.splitlines()
    assert coloured != heading
    assert click.unstyle(coloured) == heading
    assert any("\x1b[" in line for line in tree)
    assert "\x1b" not in fitsprov(f"resolve {COADD} --json").out


def test_a_reader_that_goes_ends_it_without_a_word(survey: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([*PROGRAM, "find"], stdout=write, stderr=subprocess.PIPE, env=environment, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("line", ["find", f"links {COADD}", "--help"])
def test_a_full_disk_behind_stdout_is_one_line(survey: Path, line: str) -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*PROGRAM, *line.split()], stdout=full, stderr=subprocess.PIPE, env=environment, check=False, text=True
        )
    assert done.returncode == 3
    assert done.stderr == "fitsprov: stdout: No space left on device; expected a place for what is printed\n"


def completed(words: str, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What bash is told to complete."""
    monkeypatch.setenv("_FITSPROV_COMPLETE", "bash_complete")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(len(words.split(" ")) - 1))
    return CliRunner().invoke(main, prog_name="fitsprov").output.split()


def test_shells_complete_commands_options_and_files(monkeypatch: pytest.MonkeyPatch) -> None:
    assert completed("fitsprov ", monkeypatch) == [f"plain,{name}" for name in COMMANDS]
    assert completed("fitsprov res", monkeypatch) == ["plain,resolve"]
    assert "plain,--depth" in completed("fitsprov resolve --", monkeypatch)
    assert completed("fitsprov resolve --direction ", monkeypatch) == ["plain,up", "plain,down"]
    for name in ("show", "resolve", "fetch", "verify"):
        assert completed(f"fitsprov {name} da", monkeypatch) == ["file,da"]


def test_a_file_is_written_whole_where_a_link_leads(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write_whole(link, [b"new", b"er"])
    assert link.is_symlink()
    assert target.read_bytes() == b"newer"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "target"]


def test_a_pipe_is_written_to_and_stays(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    write_whole(pipe, [b"through"])
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert pipe.is_fifo()


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="expected a file that can be written"):
        write_whole(tmp_path / "absent" / "file", [b"x"])
    (tmp_path / "folder").mkdir()
    with pytest.raises(FileRefused, match="Is a directory"):
        write_whole(tmp_path / "folder", [b"x"])
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_an_interrupt_while_python_imports_is_silent() -> None:
    code = """
import sys
from importlib.abc import MetaPathFinder

class Interrupting(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name == "click":
            raise KeyboardInterrupt

sys.meta_path.insert(0, Interrupting())
from fitsprov.__main__ import run
run()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
