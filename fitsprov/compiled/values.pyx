# cython: language_level=3, embedsignature=False
"""Many values made of columns: the twins of functions in `fitsprov.model.building`."""

from cpython.object cimport PyObject_GenericSetAttr, PyTypeObject
from libc.stdint cimport uint64_t

from uuid import UUID, SafeUUID

cdef object new_object = object.__new__
cdef object UNKNOWN = SafeUUID.unknown

cdef enum:
    SIZE = 16  # bytes of a UUID


def built(kind, Py_ssize_t number, **columns):
    """The twin of `fitsprov.model.building.built`."""
    cdef list made = [new_object(kind) for _ in range(number)]
    cdef Py_ssize_t at
    for name, values in columns.items():
        slot = getattr(kind, name)
        of_slot = type(slot)
        put = (<PyTypeObject *>of_slot).tp_descr_set
        if put is NULL:
            raise TypeError(f"{name} of {kind.__name__} is no slot")
        at = 0
        if number:
            for value in values:
                put(slot, made[at], value)
                at += 1
                if at == number:
                    break
    return made


def uuids_of(bytes octets):
    """The twin of `fitsprov.model.building.uuids_of`."""
    cdef const unsigned char *start
    cdef uint64_t high, low
    cdef Py_ssize_t at, place
    cdef list made = []
    if octets is None:
        return made
    if len(octets) % SIZE:
        raise ValueError(f"{len(octets)} bytes; expected {SIZE} for each UUID")
    start = octets
    for at in range(0, len(octets), SIZE):
        high = low = 0
        for place in range(8):
            high = high << 8 | start[at + place]
            low = low << 8 | start[at + 8 + place]
        value = new_object(UUID)
        PyObject_GenericSetAttr(value, "int", (<object>high << 64) | low)
        PyObject_GenericSetAttr(value, "is_safe", UNKNOWN)
        made.append(value)
    return made
