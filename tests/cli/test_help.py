"""The help of the command line."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from fitsprov.cli import COMMANDS, main

GROUPS = ["", *(name for name in COMMANDS if isinstance(main.get_command(click.Context(main), name), click.Group))]


@pytest.mark.parametrize("group", GROUPS)
def test_each_command_is_summed_up_whole_in_eighty_columns(group: str) -> None:
    printed = CliRunner().invoke(main, [*group.split(), "--help"], terminal_width=80).output
    summaries = printed.partition("\nCommands:\n")[2].splitlines()
    assert summaries
    assert [line for line in summaries if not line.endswith(".") or line.endswith("...")] == []
    assert max(map(len, summaries)) <= 80
