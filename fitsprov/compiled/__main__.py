"""Say whether the extensions are there and in use: ``python -m fitsprov.compiled``."""

from __future__ import annotations

from fitsprov.compiled import COMPILED, LATER, load

if __name__ == "__main__":
    complete = COMPILED and None not in map(load, LATER)
    print("fitsprov uses its C extensions" if complete else "fitsprov goes without its C extensions: it is slower")
