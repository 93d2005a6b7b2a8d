# cython: language_level=3, embedsignature=False
"""Stamps spelled and sealed: the twins of functions in `fitsprov.cards` and `fitsprov.conventions`."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.datetime cimport (
    PyDateTime_CheckExact,
    datetime_day,
    datetime_hour,
    datetime_minute,
    datetime_month,
    datetime_new,
    datetime_second,
    datetime_tzinfo,
    datetime_year,
    import_datetime,
)
from cpython.ref cimport PyObject
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memchr, memcmp, memcpy, memmove, memset

from fitsprov.compiled.cards cimport BLANK_SUM, CARD, MODULUS, sum_of
from fitsprov.compiled.texts cimport (
    JSON_SIZE,
    NUMBER,
    UUID_SIZE,
    held,
    is_ascii,
    place_of,
    write_integer,
    write_json,
    write_uuid,
)

from datetime import UTC
from uuid import UUID
from zlib import crc32

import_datetime()

cdef enum:
    MOST = 160  # cards of a stamp; a longer one is left to Python
    SHORT = 10  # length of a keyword with its value indicator
    VALUE_END = 30
    TIME_SIZE = 19
    SEAL_AT = 11
    SEAL_SIZE = 16


cdef extern from *:
    """
    #include <time.h>
    #if defined(_WIN32)
    #define gmtime_r(moment, parts) gmtime_s(parts, moment)
    #endif
    """
    ctypedef long long time_t
    struct timespec:
        time_t tv_sec
        long tv_nsec
    struct tm:
        int tm_year, tm_mon, tm_mday, tm_hour, tm_min, tm_sec
    enum: TIME_UTC
    int timespec_get(timespec *moment, int base) nogil
    void gmtime_r(const time_t *moment, tm *parts) nogil


cdef struct Page:
    unsigned char *cards
    int count
    bint long_strings  # whether there are CONTINUE cards


# ---- the seal ----

cdef unsigned char PAIRS[129][16]


cdef void make_pairs():
    """The first letters of sixteen pairs for each half of a byte; see `fitsprov.cards.sums.pairs`."""
    letters = set(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
    cdef int half, turn
    for half in range(129):
        firsts = [first for first in sorted(letters) if 2 * 0x30 + half - first in letters]
        for turn in range(16):
            PAIRS[half][turn] = firsts[turn % len(firsts)]


make_pairs()


cdef void encode_one_of(uint32_t value, uint32_t choice, unsigned char *into) noexcept:
    """The twin of `fitsprov.cards.sums.encode_one_of`."""
    cdef unsigned char text[SEAL_SIZE]
    cdef int place, byte, half, way
    for place in range(4):
        byte = value >> 8 * (3 - place) & 0xFF
        way = choice >> 8 * place & 0xFF
        half = byte // 2
        text[place] = PAIRS[half][way & 15]
        text[place + 4] = 2 * 0x30 + half - text[place]
        half = byte - half
        text[place + 8] = PAIRS[half][way >> 4]
        text[place + 12] = 2 * 0x30 + half - text[place + 8]
    into[0] = text[15]
    memcpy(into + 1, text, SEAL_SIZE - 1)


def seal(bytes stamp not None, bytes template not None, uint32_t own_sum):
    """The twin of `fitsprov.cards.sums.seal`."""
    return seal_of(stamp, template, own_sum)


cdef bytes seal_of(bytes stamp, bytes template, uint32_t own_sum):
    """Make the seal card of a stamp's other cards."""
    cdef Py_ssize_t size = PyBytes_GET_SIZE(stamp)
    cdef uint64_t blanks = BLANK_SUM * <uint64_t>(size // CARD + 1) % MODULUS
    cdef uint64_t there = sum_of(<const unsigned char *>PyBytes_AS_STRING(stamp), size)
    if PyBytes_GET_SIZE(template) != CARD:
        raise ValueError(f"a template of {len(template)} bytes; expected a card")
    cdef bytes card = PyBytes_FromStringAndSize(PyBytes_AS_STRING(template), CARD)
    encode_one_of(
        (blanks + 2 * MODULUS - there - own_sum) % MODULUS,
        crc32(stamp),
        <unsigned char *>PyBytes_AS_STRING(card) + SEAL_AT,
    )
    return card


# ---- cards ----

cdef bint put(Page *page, const Frame *frame, const char *text, Py_ssize_t size) noexcept:
    """Write a string; False for what Python has to look at: what needs quotes, escapes or more room."""
    cdef const char *head = frame.head
    cdef Py_ssize_t at, cut
    cdef Py_ssize_t room = CARD - SHORT - 3
    for at in range(size):
        if not (c" " <= text[at] <= c"~") or text[at] == c"'":
            return False
    if size and (text[size - 1] == c" " or text[size - 1] == c"&"):
        return False
    while SHORT + size + 2 > CARD:
        cut = room
        while cut > 1 and text[cut - 1] == c" ":
            cut -= 1
        if cut == 1:
            cut = room
        if not line(page, head, text, cut, True, NULL):
            return False
        page.long_strings = True
        head, text, size = b"CONTINUE  ", text + cut, size - cut
    return line(page, head, text, size, False, frame)


cdef bint line(Page *page, const char *head, const char *text, Py_ssize_t size, bint goes_on, const Frame *frame) noexcept:
    """Write one card of a string."""
    cdef unsigned char *card = page.cards + page.count * CARD
    cdef Py_ssize_t end
    if page.count == MOST:
        return False
    memset(card, c" ", CARD)
    memcpy(card, head, SHORT)
    card[SHORT] = c"'"
    memcpy(card + SHORT + 1, text, size)
    end = SHORT + 1 + size
    if goes_on:
        card[end] = c"&"
        end += 1
    elif head == frame.head:
        end = max(end, SHORT + 1 + 8)
    card[end] = c"'"
    if frame != NULL:
        put_remark(card, end + 1, frame)
    page.count += 1
    return True


cdef void put_remark(unsigned char *card, Py_ssize_t end, const Frame *frame) noexcept:
    """Write the comment behind a value, where it has room; see `fitsprov.cards.card.foot`."""
    if VALUE_END + frame.remark_size <= CARD:
        end = max(end, VALUE_END)
    if end + frame.remark_size <= CARD:
        memcpy(card + end, frame.remark, frame.remark_size)


cdef bint put_count(Page *page, const Frame *frame, value) except -1:
    """Write a count."""
    cdef unsigned char *card = page.cards + page.count * CARD
    cdef char text[NUMBER]
    cdef int size = write_integer(value, text)
    if size == 0 or text[0] == c"-" or page.count == MOST:
        return False
    memset(card, c" ", CARD)
    memcpy(card, frame.head, SHORT)
    memcpy(card + VALUE_END - size, text, size)
    put_remark(card, VALUE_END, frame)
    page.count += 1
    return True


cdef bint put_text(Page *page, const Frame *frame, value, bint escaped) except -1:
    """Write a string."""
    cdef Py_ssize_t size
    cdef const char *text
    if type(value) is not str or not is_ascii(value):
        return False
    text = PyUnicode_AsUTF8AndSize(value, &size)
    if escaped and (memchr(text, c"%", size) != NULL or memchr(text, c":", size) != NULL):
        return False
    return put(page, frame, text, size)


cdef bint put_uuid(Page *page, const Frame *frame, value) except -1:
    """Write an ID."""
    cdef char text[UUID_SIZE]
    if type(value) is not UUID:
        return False
    write_uuid(value, text)
    return put(page, frame, text, UUID_SIZE)


cdef bint put_time(Page *page, const Frame *frame, value) except -1:
    """Write a time in UTC, whole seconds."""
    cdef char text[NUMBER]
    if not PyDateTime_CheckExact(value) or datetime_tzinfo(value) is not UTC:
        return False
    memcpy(text, b"0000-00-00T00:00:00", TIME_SIZE)
    two_digits(text, datetime_year(value) // 100)
    two_digits(text + 2, datetime_year(value) % 100)
    two_digits(text + 5, datetime_month(value))
    two_digits(text + 8, datetime_day(value))
    two_digits(text + 11, datetime_hour(value))
    two_digits(text + 14, datetime_minute(value))
    two_digits(text + 17, datetime_second(value))
    return put(page, frame, text, TIME_SIZE)


def now():
    """The twin of `fitsprov.actions.edits.now`."""
    cdef timespec moment
    cdef tm parts
    timespec_get(&moment, TIME_UTC)
    gmtime_r(&moment.tv_sec, &parts)
    return datetime_new(
        parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, min(parts.tm_sec, 59),
        moment.tv_nsec // 1000, UTC,
    )


cdef void two_digits(char *into, int number) noexcept:
    """Spell a number below 100."""
    into[0], into[1] = c"0" + number // 10, c"0" + number % 10


cdef bint put_json(Page *page, const Frame *frame, value) except -1:
    """Write a dataId of plain strings and integers."""
    cdef char text[JSON_SIZE]
    cdef Py_ssize_t size = write_json(value, text)
    return size > 0 and put(page, frame, text, size)


cdef dict KINDS = {"uuid": UUID_KIND, "text": ESCAPED, "integer": COUNT, "json": JSON, "time": TIME, "name": LIST}


cdef class Sheet:
    """A stamp's rows, ready to be filled: the twin of `fitsprov.conventions.writing.Sheet`."""

    def __init__(self, rows, bytes long_strings not None, bytes template not None, uint32_t own_sum):
        from fitsprov.model.stamp import Stamp  # which itself needs what is compiled

        cdef Row *row = self.rows
        self.given = tuple(rows)  # keeps the bytes that `self.rows` points to
        self.kind = Stamp
        self.long_strings, self.template, self.own_sum = long_strings, template, own_sum
        if len(self.given) > ROWS or len(long_strings) != CARD or len(template) != CARD:
            raise ValueError(f"{len(self.given)} rows; expected {ROWS} or less, and cards")
        for field, kind, head, remark, value in self.given:
            if len(head) != SHORT:
                raise ValueError(f"{head!r}; expected a keyword with its value indicator")
            row.kind = KINDS.get(kind, TEXT)
            row.always, row.place = <PyObject *>value, 0 if value is not None else place_of(getattr(Stamp, field))
            if value is None and row.place == 0:
                raise ValueError(f"{field}; expected a slot of Stamp")
            row.frame.head, row.frame.remark = PyBytes_AS_STRING(head), PyBytes_AS_STRING(remark)
            row.frame.remark_size = PyBytes_GET_SIZE(remark)
            row += 1
        self.count = len(self.given)

    cdef Py_ssize_t listed(self, stamp) except -2:
        """Count the items of a stamp's lists; -1 for what is no stamp."""
        cdef Row *row = self.rows
        cdef Py_ssize_t total = 0
        if type(stamp) is not self.kind:
            return -1
        while row < self.rows + self.count:
            if row.kind == LIST:
                items = held(stamp, row.place)
                total += 0 if items is None else len(items)
            row += 1
        return total

    cpdef bytes spell(self, stamp, stamped, bint lists, bint long_strings):
        """Give the cards of a stamp, sealed; None for what Python has to look at."""
        cdef unsigned char cards[(MOST + 1) * CARD]
        cdef Page page
        cdef Row *row = self.rows
        cdef bytes spelled
        if type(stamp) is not self.kind:
            return None
        page.cards, page.count, page.long_strings = cards, 0, False
        while row < self.rows + self.count:
            if row.kind == TIME and stamped is not None:
                value = stamped
            else:
                value = <object>row.always if row.place == 0 else held(stamp, row.place)
            if value is not None and (lists or row.kind != LIST) and not put_value(&page, &row.frame, row.kind, value):
                return None
            row += 1
        if page.long_strings and long_strings:
            memmove(cards + 2 * CARD, cards + CARD, (page.count - 1) * CARD)
            memcpy(cards + CARD, PyBytes_AS_STRING(self.long_strings), CARD)
            page.count += 1
        spelled = PyBytes_FromStringAndSize(<char *>cards, page.count * CARD)
        return spelled + seal_of(spelled, self.template, self.own_sum)


cdef bint put_value(Page *page, const Frame *frame, Kind kind, value) except -1:
    """Write a value of some kind."""
    if kind == UUID_KIND:
        return put_uuid(page, frame, value)
    if kind == COUNT:
        return put_count(page, frame, value)
    if kind == JSON:
        return put_json(page, frame, value)
    if kind == TIME:
        return put_time(page, frame, value)
    if kind == LIST:
        return put_list(page, frame, value)
    return put_text(page, frame, value, kind == ESCAPED)


cdef bint put_list(Page *page, const Frame *frame, value) except -1:
    """Write a list of IDs; the number goes where the keyword has none yet."""
    cdef char head[SHORT + NUMBER]
    cdef Frame numbered
    cdef int n = 0, size
    cdef int stem = (<const char *>memchr(frame.head, c" ", SHORT)) - frame.head
    numbered.head, numbered.remark, numbered.remark_size = head, frame.remark, frame.remark_size
    for item in value:
        n += 1
        memcpy(head, frame.head, stem)
        size = stem + write_integer(n, head + stem)
        if size > SHORT - 2:
            return False
        memset(head + size, c" ", SHORT - size)
        head[SHORT - 2] = c"="
        if not put_uuid(page, &numbered, item.id):
            return False
    return True
