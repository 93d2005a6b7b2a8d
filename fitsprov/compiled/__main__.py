"""Say whether the extensions are there and in use: ``python -m fitsprov.compiled``."""

from __future__ import annotations

from fitsprov.compiled import COMPILED

if __name__ == "__main__":
    print("fitsprov uses its C extensions" if COMPILED else "fitsprov goes without its C extensions: it is slower")
