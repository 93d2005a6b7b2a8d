"""``python -m fitsprov``."""

from fitsprov.cli import main

main(prog_name="fitsprov")
