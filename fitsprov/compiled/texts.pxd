"""What stamps are made, spelled and read with: slots, and IDs, dataIds and integers in text."""

from cpython.ref cimport PyObject

cdef enum:
    UUID_SIZE = 36
    NUMBER = 32  # bytes that an integer takes in text, at most
    JSON_SIZE = 2048
    FIELDS = 32  # of a stamp

cdef enum Check:
    NONE
    ID
    DATA_ID
    LIST


cdef struct Slot:
    PyObject *name
    PyObject *absent  # what it holds where nothing is given; NULL for a dictionary of its own
    Py_ssize_t place
    Check check


cdef class Filler:
    cdef type kind
    cdef list known
    cdef Slot slots[FIELDS]
    cdef Py_ssize_t count
    cdef bint settles
    """Whether all is settled where each value is usual."""

    cdef bint fill(self, made, dict given) except -1


cdef extern from *:
    """
    #include <structmember.h>
    /* Where a slot of a class lies in its objects; 0 for what is no slot. */
    static inline Py_ssize_t fitsprov_place(PyObject *slot) {
        return Py_IS_TYPE(slot, &PyMemberDescr_Type) ? ((PyMemberDescrObject *)slot)->d_member->offset : 0;
    }
    /* What lies in a slot; None where it was never set. */
    static inline PyObject *fitsprov_held(PyObject *value, Py_ssize_t place) {
        PyObject *held = *(PyObject **)((char *)value + place);
        return Py_NewRef(held == NULL ? Py_None : held);
    }
    static inline void fitsprov_hold(PyObject *value, Py_ssize_t place, PyObject *given) {
        PyObject **slot = (PyObject **)((char *)value + place), *before = *slot;
        *slot = Py_NewRef(given);
        Py_XDECREF(before);
    }
    """
    Py_ssize_t place_of "fitsprov_place"(object slot)
    object held "fitsprov_held"(object value, Py_ssize_t place)
    void hold "fitsprov_hold"(object value, Py_ssize_t place, object given)
    bint is_ascii "PyUnicode_IS_ASCII"(object text)
    bint is_of "PyObject_TypeCheck"(object value, type kind)  # whatever a value says of its class

cdef int write_integer(value, char *into) except -1
cdef int write_uuid(value, char *into) except -1
cdef object uuid_of(const char *spelled)
cdef Py_ssize_t write_json(value, char *text) except -1
cdef object data_id_of(const char *spelled, Py_ssize_t size)
