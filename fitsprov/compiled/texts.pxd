"""What stamps are spelled and read with: IDs, dataIds and integers in text."""

cdef enum:
    UUID_SIZE = 36
    NUMBER = 32  # bytes that an integer takes in text, at most
    JSON_SIZE = 2048

cdef int write_integer(value, char *into) except -1
cdef int write_uuid(value, char *into) except -1
cdef object uuid_of(const char *spelled)
cdef Py_ssize_t write_json(value, char *text) except -1
cdef object data_id_of(const char *spelled, Py_ssize_t size)
