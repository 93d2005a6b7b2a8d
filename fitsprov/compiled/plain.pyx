# cython: language_level=3, embedsignature=False
"""A stamp written from beginning to end: the twins of `fitsprov.actions.plain`."""

from fitsprov.compiled.cards cimport Prefixes
from fitsprov.compiled.files cimport (
    FIRST_READ,
    Plan,
    Usual,
    data_size_of,
    open_at,
    plan_in,
    write_first,
)
from fitsprov.compiled.stamps cimport Sheet

from functools import wraps
from pathlib import Path

from fitsprov.compiled.files import release


cdef class PlainStamper:
    """The twin of `fitsprov.actions.plain.PlainStamper`."""

    cdef Sheet sheet
    cdef Prefixes heeded

    def __init__(self, Sheet sheet, Prefixes heeded not None):
        self.sheet, self.heeded = sheet, heeded

    def stamp(self, path, stamp, list_cards, clock):
        """Stamp a file; False, with nothing done, for what Python has to look at."""
        cdef Usual file
        cdef Py_ssize_t listed
        if type(path) is PATH:
            path = str(path)
        if self.sheet is None or type(path) is not str or "://" in path:
            return False
        listed = self.sheet.listed(stamp)
        if listed < 0 or (listed > 0 and not listed <= list_cards) or not open_at(path, FIRST_READ, &file):
            return False
        try:
            return self.write(&file, stamp, clock)
        finally:
            if file.descriptor >= 0:
                release(file.descriptor)

    cdef bint write(self, Usual *file, stamp, clock) except -1:
        """Write a stamp into an open file, if all is plain there."""
        cdef Plan plan
        cdef bytes tail
        cdef long long size
        if not file.length or file.names != 1 or self.heeded.find_in(file.head, file.end):
            return False
        size = data_size_of(<const char *>file.head, file.length, 0)
        if size < 0 or file.length + size > file.size or (size == 0 and stamp.fingerprint is None):
            return False
        tail = self.sheet.spell(stamp, clock(), True, True)
        return (
            tail is not None
            and plan_in(file.head, file.length, file.end, file.end, tail, &plan)
            and write_first(file, &plan)
        )


cdef object PATH = type(Path())  # what is derived from it may lead elsewhere


cdef class Once:
    """A clock that is looked at once."""

    cdef object clock, time

    def __call__(self):
        if self.time is None:
            self.time = self.clock()
        return self.time


def plainly(stamper, done):
    """The twin of `fitsprov.actions.plain.plainly`."""

    def decorate(pure):
        cdef dict usual = pure.__kwdefaults__
        cdef PlainStamper plain = None

        @wraps(pure)
        def stamp(target, stamp, **options):
            nonlocal plain
            cdef Once once = Once.__new__(Once)
            if plain is None:
                plain = stamper()
            list_cards, once.clock = usual["list_cards"], usual["clock"]
            for name in options:
                if name == "list_cards":
                    list_cards = options[name]
                elif name == "clock":
                    once.clock = options[name]
                elif name not in FOR_OTHERS and (name not in usual or options[name] != usual[name]):
                    return pure(target, stamp, **options)
            if plain.stamp(target, stamp, list_cards, once):
                return done
            if once.time is not None:
                options["clock"] = once
            return pure(target, stamp, **options)

        return stamp

    return decorate


cdef frozenset FOR_OTHERS = frozenset(["replace", "derive", "force", "break_hardlinks", "insert_range"])
"""Options that say what to do with a file that is not plain."""
