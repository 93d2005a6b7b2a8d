"""What reading a stamp takes from spelling it: the seal."""

from libc.stdint cimport uint32_t

cdef bytes seal_of(bytes stamp, bytes template, uint32_t own_sum)
