"""What the how-to for Rubin's Butler shows, done as it stands there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from astropy.io import fits

import fitsprov

try:
    from lsst.daf.butler import Butler, Config, DatasetProvenance, DatasetRef, DatasetType
except ImportError:
    if os.environ.get("FITSPROV_NEED_BUTLER"):
        raise
    pytest.skip("no Butler: pip install 'fitsprov[butler]'", allow_module_level=True)

ROOT = Path(__file__).parent.parent.parent
BLOCK = re.compile(r"^```\{code-block\} text\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PUT, HAND_OUT = BLOCK.findall((ROOT / "docs" / "howto" / "butler.md").read_text(encoding="utf-8"))
"""Lines of Python, and commands behind ``$``."""
IMAGES = 3


@pytest.fixture
def butler(tmp_path: Path) -> Butler:
    """The repository ``REPO`` of the page, and raws in it."""
    Butler.makeRepo(tmp_path / "REPO", config=Config(Path(__file__).with_name("repository.yaml")))
    made = Butler.from_config(tmp_path / "REPO", writeable=True)
    made.registry.insertDimensionData("instrument", {"name": "SimCam", "class_name": "simcam.SimCam"})
    detectors = [{"instrument": "SimCam", "id": n, "full_name": f"S{n:02}"} for n in range(IMAGES)]
    made.registry.insertDimensionData("detector", *detectors)
    for name in ("raw", "post_isr_image"):
        kind = DatasetType(name, ("instrument", "detector"), "AstropyImage", universe=made.dimensions)
        made.registry.registerDatasetType(kind)
    for run in ("SimCam/raw/all", "RUN"):
        made.collections.register(run)
    return made


def image() -> fits.HDUList:
    return fits.HDUList([fits.PrimaryHDU([[1, 2], [3, 4]])])


def shell(commands: str, folder: Path) -> None:
    """Run lines behind ``$``, with our command and the Butler's."""
    (folder / "bin").mkdir()
    ours = folder / "bin" / "fitsprov"
    ours.write_text(f'#!/bin/sh\nexec {sys.executable} -m fitsprov "$@"\n')
    ours.chmod(0o755)
    path = os.pathsep.join([str(ours.parent), str(Path(sys.executable).parent), os.environ["PATH"]])
    python = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    for command in re.findall(r"^\$ (.*)$", commands, re.MULTILINE):
        subprocess.run(
            ["bash", "-c", command], cwd=folder, env={**os.environ, "PATH": path, "PYTHONPATH": python}, check=True
        )


def test_what_the_page_shows_stamps_and_hands_out(butler: Butler, tmp_path: Path) -> None:
    refs: list[DatasetRef] = []
    for detector in range(IMAGES):
        data_id = {"instrument": "SimCam", "detector": detector}
        inputs = [butler.put(image(), "raw", data_id, run="SimCam/raw/all")]
        names = {"DatasetProvenance": DatasetProvenance, "quantum": uuid4(), "inputs": inputs}
        exec(PUT, {**names, "butler": butler, "image": image(), "data_id": data_id})
        refs += inputs
    shell(HAND_OUT, tmp_path)
    outbox = sorted((tmp_path / "outbox").iterdir())
    stamps = [fitsprov.read(path) for path in outbox]
    assert {item.id for stamp in stamps for item in stamp.parents} == {ref.id for ref in refs}
    assert all(stamp.datalink.startswith("https://archive.example.org/links?ID=") for stamp in stamps)
    with fitsprov.Registry(f"sqlite:///{tmp_path / 'fitsprov.db'}") as registry:
        assert {fitsprov.verdict_of(fitsprov.verify(path, registry)) for path in outbox} == {"ok"}
        assert {fitsprov.resolve(path, registry).status for path in outbox} == {"resolved"}
    assert len(outbox) == IMAGES
