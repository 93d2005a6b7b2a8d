"""Build the extensions of `fitsprov.compiled`, which are optional: without a compiler the package is pure Python.

``FITSPROV_NEED_COMPILED=1`` makes an error of what is else one line; ``FITSPROV_PURE=1`` builds none.
"""

from __future__ import annotations

import os
import shlex
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOM = Path("fitsprov", "compiled")


class CompiledHook(BuildHookInterface):
    """Puts the extensions beside their sources, and into the wheel, which then is one of this platform."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build before hatchling looks for files; a source distribution needs none."""
        if self.target_name != "wheel" or os.environ.get("FITSPROV_PURE"):
            return
        try:
            extensions = build(Path(self.root))
        except BaseException as error:  # whatever a compiler, or who calls it, may raise
            if os.environ.get("FITSPROV_NEED_COMPILED") or isinstance(error, KeyboardInterrupt):
                raise
            for stale in Path(self.root, ROOM).glob(f"*{sysconfig.get_config_var('EXT_SUFFIX')}"):
                stale.unlink()
            reason = str(error).partition("\n")[0][:200]
            self.app.display_warning(f"fitsprov goes without its C extensions, slower: {reason}")
            return
        build_data["artifacts"] += [f"/{path.as_posix()}" for path in extensions]
        build_data.update(pure_python=False, infer_tag=True)


def build(root: Path) -> list[Path]:
    """Compile each ``.pyx`` of the room; give the extensions, relative to the root."""
    from Cython.Build import cythonize
    from setuptools import Distribution, Extension
    from setuptools.command.build_ext import build_ext

    # small, because it runs between others' code, and nobody debugs it
    direct = ["-fno-plt"] if sys.platform == "linux" else []
    flags = ["-g0", "-O2", *direct, *shlex.split(os.environ.get("FITSPROV_CFLAGS", ""))]
    before = Path.cwd()
    os.chdir(root)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            sources = sorted(ROOM.glob("*.pyx"))
            extensions = [
                Extension(".".join(path.with_suffix("").parts), [str(path)], extra_compile_args=flags)
                for path in sources
            ]
            made = cythonize(extensions, build_dir=scratch, force=True, quiet=True)
            command = build_ext(Distribution({"name": "fitsprov", "ext_modules": made}))
            command.build_temp = command.build_lib = scratch
            command.inplace = False
            command.ensure_finalized()
            command.run()
            return [place(Path(output), root) for output in command.get_outputs()]
    finally:
        os.chdir(before)


def place(output: Path, root: Path) -> Path:
    """Move an extension beside its source, by a rename: a process that uses the old one keeps it."""
    target = ROOM / output.name
    waiting = root / ROOM / f"{output.name}.new"
    waiting.write_bytes(output.read_bytes())
    waiting.replace(root / target)
    return target
