"""Faults in the writes of a whole process, whatever language they are made in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

__all__ = ["make_library", "run_with"]

FAULT = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>

typedef ssize_t (*writer)(int, const void *, size_t, off_t);

static ssize_t faulty(const char *name, int file, const void *bytes, size_t size, off_t at) {
    static int calls;
    const char *fault = getenv("FAULT");
    writer real = (writer)dlsym(RTLD_NEXT, name);
    int here = ++calls == atoi(fault + 1);
    if (fault[0] == 's') return real(file, bytes, size > 7 ? 7 : size, at);
    if (here && fault[0] == 'k') kill(getpid(), SIGKILL);
    if (here && fault[0] == 't') { real(file, bytes, size / 2, at); kill(getpid(), SIGKILL); }
    if (here && fault[0] == 'h') { real(file, bytes, size / 2, at); errno = EIO; return -1; }
    if ((here && fault[0] == 'f') || (fault[0] == 'F' && calls >= atoi(fault + 1))) { errno = ENOSPC; return -1; }
    return real(file, bytes, size, at);
}
ssize_t pwrite(int f, const void *b, size_t n, off_t at) { return faulty("pwrite", f, b, n, at); }
ssize_t pwrite64(int f, const void *b, size_t n, off_t at) { return faulty("pwrite64", f, b, n, at); }
"""
"""Writes that kill their process before (k) or half-way (t), or fail at once (f), half-way (h) or from then on (F); or
that take little at a time (s)."""


def make_library(folder: Path) -> Path:
    """Make the library that a process is to find before others."""
    compiler = shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler, and Linux to put a library before others")
    library = folder / "faults.so"
    source = library.with_suffix(".c")
    source.write_text(FAULT)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
    return library


def run_with(fault: str, faults: Path, code: str) -> int:
    """Run Python in a process of its own; give its exit code."""
    environment = {**os.environ, "LD_PRELOAD": str(faults), "FAULT": fault}
    return subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=False).returncode
