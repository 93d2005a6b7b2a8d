"""``fitsprov`` and ``python -m fitsprov``: who is interrupted while Python still imports ends in silence, too."""

from __future__ import annotations

import signal

__all__ = ["run"]


def run() -> None:
    """Run the command line."""
    try:
        from fitsprov.cli import main
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
    main(prog_name="fitsprov")


if __name__ == "__main__":
    run()
