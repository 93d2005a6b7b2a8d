"""What others take from spelling a stamp: its rows, ready to be filled, and the seal."""

from cpython.ref cimport PyObject
from libc.stdint cimport uint32_t

cdef enum:
    ROWS = 32  # of a convention


cdef enum Kind:
    TEXT
    UUID_KIND
    ESCAPED
    COUNT
    JSON
    TIME
    LIST


cdef struct Frame:
    const char *head
    const char *remark
    Py_ssize_t remark_size


cdef struct Row:
    Kind kind
    Frame frame
    PyObject *always  # what it says in every stamp
    Py_ssize_t place  # of its value in a stamp, where it says none


cdef class Sheet:
    cdef tuple given
    cdef type kind
    cdef Row rows[ROWS]
    cdef int count
    cdef bytes long_strings, template
    cdef uint32_t own_sum

    cdef Py_ssize_t listed(self, stamp) except -2
    cpdef bytes spell(self, stamp, stamped, bint lists, bint long_strings)


cdef bytes seal_of(bytes stamp, bytes template, uint32_t own_sum)
