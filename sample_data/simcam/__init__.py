"""SimCam: a make-believe camera, and a real if small pipeline for what it sees.

============  ==========================================================================
`sky`         what is there: stars, galaxies, and the reference catalogue that knows some
`camera`      how it is seen: one detector with all its faults, one exposure at a time
`survey`      what was asked for: two nights of calibration and sky exposures
`tasks`       what is made of it: from raw exposures to coadds, as pure functions
`images`      arithmetic that the tasks share
`layout`      how all of it is laid out in FITS
`ledger`      what is written down: run records, IDs, and the times of a clock that is set by hand
============  ==========================================================================

`sky` and `camera` know the truth. `tasks` never look there: they see headers and pixels only, as in life.
"""

__version__ = "1.0.0"
