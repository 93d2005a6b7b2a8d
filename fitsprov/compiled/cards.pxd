"""What extensions share: sums and comparisons of cards, and how keywords begin that are looked for."""

from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcmp

cdef enum:
    CARD = 80
    BLOCK = 2880

cdef extern from *:
    """
    #define FITSPROV_MODULUS 0xFFFFFFFFULL
    #define FITSPROV_BLANK_SUM 0x82828282ULL
    """
    const uint64_t MODULUS "FITSPROV_MODULUS"
    const uint64_t BLANK_SUM "FITSPROV_BLANK_SUM"  # of a blank card


cdef inline uint64_t sum_of(const unsigned char *data, Py_ssize_t size) noexcept nogil:
    """Sum big-endian words with end-around carry; the last word ends with the data."""
    cdef uint64_t total = 0
    cdef uint32_t word = 0
    cdef Py_ssize_t at = 0
    while at < size % 4:
        word = word << 8 | data[at]
        at += 1
    total = word
    while at < size:
        total += <uint32_t>data[at] << 24 | <uint32_t>data[at + 1] << 16 | <uint32_t>data[at + 2] << 8 | data[at + 3]
        at += 4
    return total % MODULUS


cdef inline bint is_blank(const unsigned char *data, Py_ssize_t size) noexcept nogil:
    """Whether there are only blanks."""
    return size <= 0 or (data[0] == c" " and memcmp(data, data + 1, size - 1) == 0)


cdef inline Py_ssize_t find_in(
    const unsigned char *header, Py_ssize_t size, Py_ssize_t end, const unsigned char *beginning, Py_ssize_t length,
    Py_ssize_t letter, Py_ssize_t start
) noexcept nogil:
    """Find a card by how it begins; its letter is the column that has to stand before the end."""
    cdef Py_ssize_t at = start, last = min(min(end, size) - letter, size - length + 1)
    while at < last:
        if header[at + letter] == beginning[letter] and memcmp(header + at, beginning, length) == 0:
            return at
        at += CARD
    return -1


cdef class Prefixes:
    cdef list prefixes
    cdef short first[257]
    """Where in `order` the prefixes begin that have this first letter."""
    cdef list order

    cdef dict find_in(self, const unsigned char *text, Py_ssize_t stop)
    cdef int look(self, const unsigned char *text, Py_ssize_t left, Py_ssize_t at, dict found) except -1
