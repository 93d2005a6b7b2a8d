"""What a command costs from start to end, and a lineage inside one process."""

from __future__ import annotations

from collections.abc import Iterator

from harness import Row, paired, process, sample_survey, timed

COADD = "01a1f86f-ec58-7674-bbaf-ebb2d628a976"


def measure() -> Iterator[Row]:
    """Start-up against a bare interpreter, `show` against astropy, `resolve` against the clock."""
    import fitsprov

    bare = process("-c", "pass")
    version = process("-m", "fitsprov", "--version")
    yield Row("`fitsprov --version`, whole process", paired(version, bare), 5, notes="`python -c pass`")

    with sample_survey() as survey, fitsprov.Registry(survey / "fitsprov.db") as registry:
        coadd = survey / "coadd.fits"
        stamp = registry.stamp(registry.dataset(COADD).id)
        fitsprov.export(survey / "drp/deep_coadd/deep_coadd_9813_42_r.fits", coadd, stamp)

        ours = process("-m", "fitsprov", "show", str(coadd))
        theirs = process("-c", f"from astropy.io import fits; fits.getheader({str(coadd)!r})")
        yield Row("`fitsprov show`, whole process", paired(ours, theirs), 0.35, notes="`astropy.io.fits.getheader`")

        seconds = timed(lambda: fitsprov.resolve(coadd, registry))
        found = fitsprov.resolve(coadd, registry).lineage
        known = 0 if found is None else len(found.datasets)
        yield Row(
            "`fitsprov.resolve` of the coadd, in one process",
            seconds * 1e3,
            5,
            "ms",
            f"a time: {known} datasets, SQLite",
        )
