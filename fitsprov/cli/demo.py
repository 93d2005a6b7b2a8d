"""``fitsprov demo``."""

from __future__ import annotations

import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from fitsprov.actions.demonstrating import change_keyword, change_pixel, copy_sample, derive_image
from fitsprov.cli.common import one_line_errors

COADD = "01a1f86f-ec58-7674-bbaf-ebb2d628a976"
COADD_FILE = "drp/deep_coadd/deep_coadd_9813_42_r.fits"


@click.command("demo")
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to work; else a new temporary folder, which stays.",
)
def command(folder: Path | None) -> None:
    """Tell the whole story on sample data.

    It records, stamps, exports, resolves, links, verifies and strips.
    """
    with one_line_errors():
        place = folder or Path(tempfile.mkdtemp(prefix="fitsprov-demo-"))
        place.mkdir(parents=True, exist_ok=True)
        copy_sample(place)
        Demo(place).tell()


class Demo:
    """A folder, and the commands that are run in it as a user would."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def tell(self) -> None:
        """The story, step by step."""
        self.say(f"A small simulated survey lies in {self.folder}: 60 raws, calibrations, 44 visits, 2 coadds.")
        self.fill_registry()
        self.write_stamps()
        self.follow_a_file()
        self.link()
        self.verify()
        self.resolve()

    def fill_registry(self) -> None:
        self.title("A registry, filled from run records")
        self.run("init --base-url http://127.0.0.1:8765 --authority ivo://example.org/simcam")
        self.run("record calib.yaml drp.yaml")
        self.run("registry status")
        self.run("find --type deep_coadd --data-id tract=9813")

    def write_stamps(self) -> None:
        self.title("Stamps in headers")
        self.say("In place; the registry knows the file by the path that its record gave:")
        self.run("stamp raw/SC_O_20260314_00101.fits drp/visit_image/visit_image_2026031400101.fits")
        self.say("With no registry at all, from values:")
        (self.folder / "mine.fits").write_bytes((self.folder / "refcat/simref.fits").read_bytes())
        self.run("stamp mine.fits --new-id --run u/me/test --type catalog --data-id tract=9813 --raw EXP_1 --raw EXP_2")
        self.run("show mine.fits")

    def follow_a_file(self) -> None:
        self.title("A file leaves the archive, and is renamed")
        self.run(f"export {COADD} mailed.fits --convention native --convention rubin")
        (self.folder / "mailed.fits").rename(self.folder / "what_is_this.fits")
        self.say("mailed.fits is now called what_is_this.fits. What does its header say?")
        self.run("show what_is_this.fits")

    def link(self) -> None:
        self.title("The DataLink document that its DATALINK card points to")
        self.run(f"links {COADD} -o links.xml")
        self.say(f"Written to {self.folder / 'links.xml'}: a VOTable that TOPCAT, Aladin or pyvo read. Is it valid?")
        self.run("lint links.xml")

    def verify(self) -> None:
        self.title("Is it still what it says it is?")
        good = self.folder / "what_is_this.fits"
        for name in ("edited", "damaged", "derived"):
            (self.folder / f"{name}.fits").write_bytes(good.read_bytes())
        change_keyword(self.folder / "edited.fits", "FPV_TYPE", "calexp")
        change_pixel(self.folder / "damaged.fits", "SCI", 1000.0)
        (self.folder / "derived.fits").unlink()
        derive_image(good, self.folder / "derived.fits", "SCI")
        self.say("edited.fits: one card changed. damaged.fits: one pixel. derived.fits: all pixels × 2 by a script.")
        self.run("verify what_is_this.fits edited.fits damaged.fits derived.fits", expect=1)
        self.say("The stamp comes off without a trace:")
        self.run("strip mine.fits")
        same = (self.folder / "mine.fits").read_bytes() == (self.folder / "refcat/simref.fits").read_bytes()
        self.say(f"mine.fits is {'byte for byte' if same else 'NOT'} the file that it was before its stamp.")

    def resolve(self) -> None:
        self.title("Where did it come from?")
        self.run("resolve what_is_this.fits --format svg", output="lineage.svg")
        self.run("resolve what_is_this.fits")
        self.say(f"The same as a drawing: open {self.folder / 'lineage.svg'} in a browser. All else lies beside it.")

    def title(self, text: str) -> None:
        """Begin a chapter."""
        click.echo(f"\n{click.style(text, bold=True, fg='cyan')}\n")

    def say(self, text: str) -> None:
        """Explain."""
        click.echo(text)

    def run(self, line: str, *, expect: int = 0, output: str | None = None) -> None:
        """Run one command in the folder, showing it and what it prints."""
        shown = f"$ fitsprov {line}" + (f" > {output}" if output else "")
        click.echo(click.style(shown, bold=True))
        sys.stdout.flush()
        arguments = [sys.executable, "-m", "fitsprov", *shlex.split(line)]
        if output is None:
            code = subprocess.run(arguments, cwd=self.folder, check=False).returncode
        else:
            with (self.folder / output).open("wb") as file:
                code = subprocess.run(arguments, cwd=self.folder, stdout=file, check=False).returncode
        if code != expect:
            raise SystemExit(f"fitsprov {line}: exit code {code}; expected {expect}")
        click.echo()
