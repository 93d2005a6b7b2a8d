"""What stamping a plain file takes from editing files: opening, planning, writing."""

from fitsprov.compiled.cards cimport BLOCK

cdef enum:
    FIRST_READ = 8 * BLOCK


cdef struct Usual:
    int descriptor  # below 0 once it is let go
    long long size, names
    Py_ssize_t length  # of the header, in whole blocks
    Py_ssize_t end  # where END stands
    unsigned char head[FIRST_READ]


cdef struct Plan:
    Py_ssize_t at  # of the separator
    Py_ssize_t size  # of what comes to stand behind it
    unsigned char block[BLOCK]  # from the separator on


cdef bint open_at(str path, Py_ssize_t size, Usual *file)
cdef long long data_size_of(const char *text, Py_ssize_t size, int index) noexcept
cdef bint plan_in(
    const unsigned char *text, Py_ssize_t size, Py_ssize_t end, Py_ssize_t old, bytes tail, Plan *plan
) noexcept
cdef bint write_first(Usual *file, const Plan *plan) except -1
