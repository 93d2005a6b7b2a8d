# cython: language_level=3, embedsignature=False
"""Stamps read: the twins of classes in `fitsprov.conventions`."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport datetime_new, import_datetime
from cpython.unicode cimport PyUnicode_DecodeLatin1
from libc.stdint cimport uint32_t
from libc.string cimport memchr, memcmp, memcpy

from fitsprov.compiled.cards cimport CARD, find_in
from fitsprov.compiled.stamps cimport seal_of
from fitsprov.compiled.texts cimport UUID_SIZE, Filler, data_id_of, uuid_of

from datetime import UTC
from sys import intern

import_datetime()

cdef enum:
    ROWS = 32  # of a convention
    SHORT = 10  # length of a keyword with its value indicator
    LONG = 9  # length of HIERARCH with its blank
    POINTER = 8  # length of DATALINK
    VALUE_END = 30
    TIME_SIZE = 19
    DIGEST_SIZE = 32
    TEXT_SIZE = 4096
    MOST_ITEMS = 10000

cdef enum Kind:
    TEXT
    CONSTANT
    UUID_KIND
    ESCAPED
    COUNT
    JSON
    DIGESTS
    TIME
    LIST

cdef dict KINDS = {
    "string": TEXT,
    "url": TEXT,
    "constant": CONSTANT,
    "uuid": UUID_KIND,
    "text": ESCAPED,
    "integer": COUNT,
    "json": JSON,
    "digests": DIGESTS,
    "time": TIME,
    "name": LIST,
}


cdef struct Row:
    Kind kind
    const char *head
    const char *said
    Py_ssize_t said_size


cdef struct Text:
    const unsigned char *header
    Py_ssize_t at, stop  # the next card, and where the last one ends
    Py_ssize_t size
    char value[TEXT_SIZE]  # the string that was read last


cdef object new_object = object.__new__


cdef class Form:
    """The twin of `fitsprov.conventions.forms.Form`."""

    cdef tuple given, fields, counts, others
    cdef bint begins[256]
    """Whether `others` has a keyword that begins with this letter."""
    cdef Row rows[ROWS]
    cdef bytes template
    cdef uint32_t own_sum
    cdef object made
    cdef Filler inputs

    def __init__(self, rows, others, bytes template not None, uint32_t own_sum, made):
        cdef Row *row = self.rows
        self.given, self.others = tuple(rows), tuple(others)  # keep the bytes that are pointed to
        self.fields = tuple([intern(field) for field, _, _, _ in self.given])
        self.counts = tuple([intern(f"n_{field}") for field in self.fields])
        self.template, self.own_sum, self.made, self.inputs = template, own_sum, made, Filler(made)
        if len(self.given) > ROWS or len(template) != CARD:
            raise ValueError(f"{len(self.given)} rows; expected {ROWS} or less, and a card")
        for _, kind, head, said in self.given:
            if len(head) != SHORT or (kind == "name" and b" " not in head[:-1]):
                raise ValueError(f"{head!r}; expected a keyword with its value indicator, and room for a number")
            row.kind, row.head = KINDS[kind], PyBytes_AS_STRING(head)
            row.said, row.said_size = PyBytes_AS_STRING(said), PyBytes_GET_SIZE(said)
            row += 1
        for other in (*self.others, b"END"):
            self.begins[<unsigned char>other[0]] = True

    def read(self, bytes header not None, Py_ssize_t start):
        """Give the fields of a stamp whose first card stands at an offset; None for what Python has to look at."""
        cdef Text text
        cdef Row *row = self.rows
        cdef dict found = {}
        cdef Py_ssize_t number
        text.header, text.at = <const unsigned char *>PyBytes_AS_STRING(header), start
        text.stop = PyBytes_GET_SIZE(header)
        if not 0 <= start <= text.stop or find_in(text.header, text.stop, start, b"DATALINK", POINTER, POINTER - 1, 0) >= 0:
            return None
        for number in range(len(self.given)):
            row = self.rows + number
            if row.kind == LIST:
                items = list_of(&text, row.head, self.made, self.inputs)
                if items is None:
                    return None
                if items or found.get(self.counts[number]) == 0:
                    found[self.fields[number]] = items
                continue
            if not stands_at(&text, row.head, SHORT):
                continue
            value = count_of(&text) if row.kind == COUNT else value_of(&text, row)
            if value is None:
                return None
            if row.kind != CONSTANT:
                found[self.fields[number]] = value
        return found if self.holds(header, start, text.at) and not self.has_others(&text) else None

    cdef bint holds(self, bytes header, Py_ssize_t start, Py_ssize_t at) except -1:
        """Whether a seal stands at an offset, and is that of the cards before it."""
        cdef const char *text = PyBytes_AS_STRING(header)
        if at + CARD > PyBytes_GET_SIZE(header) or memcmp(text + at, PyBytes_AS_STRING(self.template), SHORT) != 0:
            return False
        card = seal_of(PyBytes_FromStringAndSize(text + start, at - start), self.template, self.own_sum)
        return memcmp(text + at, PyBytes_AS_STRING(card), CARD) == 0

    cdef bint has_others(self, Text *text) except -1:
        """Whether a card behind the seal may be one of ours, or END."""
        cdef const unsigned char *card
        cdef Py_ssize_t at = text.at + CARD, begin
        while at + CARD <= text.stop:
            card = text.header + at
            at += CARD
            if card[0] == c"H" and memcmp(card, b"HIERARCH ", LONG) == 0:
                begin = LONG
                while begin < CARD and card[begin] == c" ":
                    begin += 1
                if self.may_be_other(card + begin, CARD - begin):
                    return True
            elif self.begins[card[0]] and (self.may_be_other(card, CARD) or memcmp(card, b"END     ", 8) == 0):
                return True
        return False

    cdef bint may_be_other(self, const unsigned char *keyword, Py_ssize_t size) except -1:
        """Whether a keyword begins as one of `others`, in whatever case; what is not printable may stand for anything."""
        cdef Py_ssize_t at
        cdef unsigned char letter
        for other in self.others:
            for at in range(min(size, PyBytes_GET_SIZE(other))):
                letter = keyword[at]
                if not c" " < letter <= c"~":
                    return True
                letter -= 32 if c"a" <= letter <= c"z" else 0
                if letter != <unsigned char>PyBytes_AS_STRING(other)[at]:
                    break
            else:
                return True
        return False


cdef bint stands_at(const Text *text, const char *beginning, Py_ssize_t size) noexcept:
    """Whether the next card begins so."""
    return text.at + CARD <= text.stop and memcmp(text.header + text.at, beginning, size) == 0


cdef object value_of(Text *text, const Row *row):
    """Read the next card's string as a value of some kind, and go behind it; None for what is not as usual."""
    cdef const char *value = text.value
    cdef Py_ssize_t size
    if not read_string(text):
        return None
    size = text.size
    if row.kind == CONSTANT:
        return True if size == row.said_size and memcmp(value, row.said, size) == 0 else None
    if row.kind == UUID_KIND:
        return uuid_of(value) if size == UUID_SIZE else None
    if row.kind == JSON:
        return data_id_of(value, size)
    if row.kind == TIME:
        return time_of(value) if size == TIME_SIZE else None
    if row.kind == DIGESTS and not is_pair(value, size):
        return None
    if row.kind == ESCAPED and memchr(value, c"%", size) != NULL:
        return None
    return PyUnicode_DecodeLatin1(value, size, NULL)


cdef bint read_string(Text *text) noexcept:
    """Read the string of the next card, and go behind it with its CONTINUE cards; False for what has quotes in it, is
    no printable ASCII, is long, or ends where it should go on.
    """
    cdef const unsigned char *card
    cdef Py_ssize_t begin = SHORT + 1, end
    text.size = 0
    while text.at + CARD <= text.stop:
        card = text.header + text.at
        if card[SHORT] != c"'":
            return False
        end = begin
        while end < CARD and card[end] != c"'":
            if not c" " <= card[end] <= c"~":
                return False
            end += 1
        if end == CARD or (end + 1 < CARD and card[end + 1] == c"'"):
            return False
        while end > begin and card[end - 1] == c" ":
            end -= 1
        if end == begin:  # behind other text, Python has a rule for it
            text.at += CARD
            return text.size == 0
        if text.size + end - begin > TEXT_SIZE:
            return False
        memcpy(text.value + text.size, card + begin, end - begin)
        text.size += end - begin
        text.at += CARD
        if card[end - 1] != c"&":
            return True
        text.size -= 1
        if not stands_at(text, b"CONTINUE  ", SHORT):
            return False
    return False


cdef object count_of(Text *text):
    """Read the next card's count in fixed format, and go behind it; None for any other value."""
    cdef const unsigned char *card = text.header + text.at
    cdef Py_ssize_t at = SHORT
    cdef long long value = 0
    while at < VALUE_END and card[at] == c" ":
        at += 1
    if at == VALUE_END:
        return None
    while at < VALUE_END:
        if not c"0" <= card[at] <= c"9":
            return None
        value = 10 * value + (card[at] - c"0")
        if value >= <long long>1 << 31:
            return None
        at += 1
    while at < CARD and card[at] == c" ":
        at += 1
    if at < CARD and card[at] != c"/":
        return None
    text.at += CARD
    return value


cdef tuple list_of(Text *text, const char *head, made, Filler inputs):
    """Read the items of a list, as far as they are numbered one after the other; None where one is no ID."""
    cdef char numbered[SHORT + 1]
    cdef Py_ssize_t stem = (<const char *>memchr(head, c" ", SHORT)) - head, number = 1, size, rest
    cdef list items = []
    while number < MOST_ITEMS:
        memcpy(numbered, b"        = ", SHORT)
        memcpy(numbered, head, stem)
        size, rest = stem + (1 if number < 10 else 2 if number < 100 else 3 if number < 1000 else 4), number
        if size > SHORT - 2:
            break
        while rest:
            size -= 1
            numbered[size] = c"0" + rest % 10
            rest //= 10
        if not stands_at(text, numbered, SHORT):
            break
        found = uuid_of(text.value) if read_string(text) and text.size == UUID_SIZE else None
        if found is None:
            return None
        item = new_object(made)
        inputs.fill(item, {"id": found})
        items.append(item)
        number += 1
    return tuple(items)


cdef bint is_pair(const char *text, Py_ssize_t size) noexcept:
    """Whether a text is a pair of digests, of which a half may be empty."""
    cdef Py_ssize_t at, colon = 0 if size and text[0] == c":" else DIGEST_SIZE
    if size != colon + 1 and size != colon + 1 + DIGEST_SIZE:
        return False
    for at in range(size):
        if at == colon:
            if text[at] != c":":
                return False
        elif not (c"0" <= text[at] <= c"9" or c"a" <= text[at] <= c"f"):
            return False
    return True


cdef object time_of(const char *text):
    """Read a FITS date of 19 characters; None for what is none."""
    cdef const char *shape = b"0000-00-00T00:00:00"
    cdef Py_ssize_t at
    for at in range(TIME_SIZE):
        if not c"0" <= text[at] <= c"9" if shape[at] == c"0" else text[at] != shape[at]:
            return None
    try:
        return datetime_new(
            100 * two_digits(text) + two_digits(text + 2),
            two_digits(text + 5),
            two_digits(text + 8),
            two_digits(text + 11),
            two_digits(text + 14),
            two_digits(text + 17),
            0,
            UTC,
        )
    except ValueError:
        return None


cdef int two_digits(const char *text) noexcept:
    """Read a number below 100."""
    return 10 * (text[0] - c"0") + text[1] - c"0"
