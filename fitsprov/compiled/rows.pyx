# cython: language_level=3, embedsignature=False, cdivision=True
"""Columns of a registry as rows: the twins of functions in `fitsprov.registry.graph.tracing`."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.long cimport PyLong_AsLongLongAndOverflow
from cpython.unicode cimport PyUnicode_1BYTE_DATA, PyUnicode_AsUTF8AndSize, PyUnicode_DecodeUTF8, PyUnicode_New
from libc.string cimport memcpy, strncmp

from fitsprov.compiled.texts cimport UUID_SIZE

from json import JSONDecoder

cdef enum:
    OCTETS = 16
    DIGITS = 18  # of a number that surely fits 64 bits
    DAY = 86_400
    YEARS_400 = 146_097  # days
    CENTURY = 36_524
    YEARS_4 = 1_461
    TO_1970 = 719_468  # days since 1 March of the year 0


read_json = JSONDecoder().raw_decode


def listed(str line):
    """The twin of `fitsprov.registry.gathering.columns.listed`."""
    cdef Py_ssize_t size, at = 0, begin
    cdef const char *text
    cdef unsigned long long number  # of more digits than are read, it may be any
    cdef list found = []
    if not line:
        return found
    text = PyUnicode_AsUTF8AndSize(line, &size)
    while True:
        begin = at + (text[at] == c"-")
        number, at = 0, begin
        while c"0" <= text[at] <= c"9":
            number = 10 * number + (text[at] - c"0")
            at += 1
        if at == begin:  # what is compared ends with a zero
            if strncmp(text + at, b"null", 4) != 0 or (begin and text[begin - 1] == c"-"):
                break
            at += 4
            found.append(None)
        elif at - begin > DIGITS or (text[begin] == c"0" and at - begin > 1):
            break
        else:
            found.append(-<long long>number if begin and text[begin - 1] == c"-" else number)
        if at == size:
            return found
        if text[at] != c",":
            break
        at += 1
    return read_json(f"[{line}]")[0]  # other values, and what is none


def uuid_texts(bytes octets):
    """The twin of `fitsprov.registry.graph.tracing.uuid_texts`."""
    cdef const unsigned char *given
    cdef const char *digits = b"0123456789abcdef"
    cdef char *into
    cdef Py_ssize_t number, place
    cdef list found = []
    if octets is None:
        return found
    given = <const unsigned char *>PyBytes_AS_STRING(octets)
    if PyBytes_GET_SIZE(octets) % OCTETS:
        raise ValueError(f"{PyBytes_GET_SIZE(octets)} bytes; expected 16 for each UUID")
    for number in range(PyBytes_GET_SIZE(octets) // OCTETS):
        text = PyUnicode_New(UUID_SIZE, 127)
        into = <char *>PyUnicode_1BYTE_DATA(text)
        for place in range(OCTETS):
            into[0], into[1] = digits[given[place] >> 4], digits[given[place] & 15]
            into += 2
            if place == 3 or place == 5 or place == 7 or place == 9:
                into[0] = c"-"
                into += 1
        given += OCTETS
        found.append(text)
    return found


def objects_in(str line not None):
    """The twin of `fitsprov.registry.graph.tracing.objects_in`."""
    cdef Py_ssize_t size, at = 0, begin
    cdef const char *text = PyUnicode_AsUTF8AndSize(line, &size)
    cdef list found = []
    while at < size:
        begin = at
        if text[at] == c"{":
            while at < size and text[at] != c"}":
                at += 1
            if at == size:
                return None
            at += 1
            found.append(PyUnicode_DecodeUTF8(text + begin, at - begin, NULL))
        elif strncmp(text + at, b"null", 4) == 0:  # it ends with a zero
            at += 4
            found.append(None)
        else:
            return None
        if at < size:
            if text[at] != c"," or at + 1 == size:
                return None
            at += 1
    return found


def ordered(start, dict found not None, dict used not None):
    """The twin of `fitsprov.registry.graph.tracing.ordered`."""
    cdef list order = [start], presented = []
    cdef set seen = {start}, passed = set()
    cdef Py_ssize_t place = 0
    cdef bint less
    cdef tuple row
    while place < len(order):
        row = found[order[place]]
        place += 1
        maker = row[1]
        if maker is None or maker in passed or maker not in used:
            continue
        passed.add(maker)
        less = False
        for key in used[maker].datasets:
            if key < 0:
                less = True
            elif key not in seen:
                seen.add(key)
                order.append(key)
        if less:
            presented.append(maker)
    return order, presented


def parted(activities, entities, roles, actual, make):
    """The twin of `fitsprov.registry.graph.tracing.parted`."""
    cdef dict used = {}
    cdef Py_ssize_t start = 0, end = 0, size = len(activities)
    while start < size:
        maker = activities[start]
        while end < size and activities[end] == maker:
            end += 1
        used[maker] = make(entities[start:end], roles[start:end], actual and actual[start:end])
        start = end
    return used


def time_text(microseconds):
    """The twin of `fitsprov.registry.graph.tracing.time_text`."""
    cdef char text[32]
    cdef long long whole, rest, days, era, year, of_year, of_era, month
    cdef int overflow = 0, size = 20, place
    if microseconds is None:
        return None
    whole = PyLong_AsLongLongAndOverflow(microseconds, &overflow)
    rest = whole % 1_000_000
    if rest < 0:
        rest += 1_000_000
    whole = (whole - rest) // 1_000_000
    days = whole // DAY - (whole % DAY < 0)
    whole -= days * DAY
    days += TO_1970
    if overflow or not (306 <= days < 3_652_365):  # as dates of Python: the years 1 to 9999
        raise OverflowError(f"{microseconds} µs since 1970; expected a time in the years 1 to 9999")
    era = days // YEARS_400
    of_era = days - era * YEARS_400
    year = (of_era - of_era // (YEARS_4 - 1) + of_era // CENTURY - of_era // (YEARS_400 - 1)) // 365
    of_year = of_era - (365 * year + year // 4 - year // 100)
    month = (5 * of_year + 2) // 153
    year += 400 * era + (month >= 10)
    memcpy(text, b"0000-00-00T00:00:00Z", size)
    digits(text, 4, year)
    digits(text + 5, 2, month - 9 if month >= 10 else month + 3)
    digits(text + 8, 2, of_year - (153 * month + 2) // 5 + 1)
    digits(text + 11, 2, whole // 3600)
    digits(text + 14, 2, whole // 60 % 60)
    digits(text + 17, 2, whole % 60)
    if rest:
        text[19] = c"."
        digits(text + 20, 6, rest)
        text[26] = c"Z"
        size = 27
    found = PyUnicode_New(size, 127)
    memcpy(PyUnicode_1BYTE_DATA(found), text, size)
    return found


cdef void digits(char *into, int number, long long value) noexcept:
    """Spell a number in so many digits."""
    while number:
        number -= 1
        into[number] = c"0" + value % 10
        value //= 10
