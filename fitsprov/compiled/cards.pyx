# cython: language_level=3, embedsignature=False
"""Cards of 80 bytes, searched and read: the twins of functions in `fitsprov.cards` and `fitsprov.conventions`."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_DecodeLatin1
from libc.string cimport memchr, memcmp

from fitsprov.compiled.cards cimport CARD, find_in, is_blank, sum_of

cdef enum:
    DIGITS = 18  # of an integer that surely fits 64 bits
    LONG = 9  # length of HIERARCH with its blank
    NO_VALUE = 8  # where the value would begin, were there one
    SHORT = 10  # length of a keyword with its value indicator


def word_sum(bytes data not None):
    """The twin of `fitsprov.cards.sums.word_sum`."""
    return sum_of(<const unsigned char *>PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data))


def find_card(bytes header not None, Py_ssize_t end, bytes beginning not None, Py_ssize_t start=0):
    """The twin of `fitsprov.cards.search.find_card`."""
    cdef const unsigned char *text = <const unsigned char *>PyBytes_AS_STRING(header)
    cdef const unsigned char *wanted = <const unsigned char *>PyBytes_AS_STRING(beginning)
    cdef Py_ssize_t length = PyBytes_GET_SIZE(beginning), letter = length - 1
    while letter >= 0 and (wanted[letter] == c" " or c"\t" <= wanted[letter] <= c"\r"):
        letter -= 1
    if letter < 0 or start < 0 or end < 0:
        raise ValueError(f"{beginning!r} from {start} to {end}: expected the beginning of a card, and offsets")
    return find_in(text, PyBytes_GET_SIZE(header), end, wanted, length, letter, start)


cdef class Prefixes:
    """The twin of `fitsprov.conventions.spotting.Prefixes`."""

    def __init__(self, prefixes):
        cdef int letter
        self.prefixes = list(prefixes)
        numbers = range(len(self.prefixes))
        self.order = sorted(numbers, key=lambda number: self.prefixes[number][0])
        for letter in range(257):
            self.first[letter] = sum(1 for prefix in self.prefixes if prefix[0] < letter)

    def find(self, bytes header not None, Py_ssize_t stop):
        """Number of a prefix → where the first card stands whose keyword begins so."""
        return self.find_in(<const unsigned char *>PyBytes_AS_STRING(header), min(stop, PyBytes_GET_SIZE(header)))

    cdef dict find_in(self, const unsigned char *text, Py_ssize_t stop):
        """The same in bytes that are no object."""
        cdef Py_ssize_t at = 0
        cdef dict found = {}
        stop -= stop % CARD
        while at < stop:
            if self.first[text[at]] < self.first[text[at] + 1]:
                self.look(text + at, stop - at, at, found)
            if text[at] == c"H" and memcmp(text + at, b"HIERARCH ", LONG) == 0:
                self.look(text + at + LONG, stop - at - LONG, at, found)
            at += CARD
        return found

    cdef int look(self, const unsigned char *text, Py_ssize_t left, Py_ssize_t at, dict found) except -1:
        """Note which prefixes stand here that stood nowhere before."""
        cdef int place
        cdef bytes prefix
        for place in range(self.first[text[0]], self.first[text[0] + 1]):
            number = self.order[place]
            prefix = self.prefixes[number]
            if (
                PyBytes_GET_SIZE(prefix) <= left
                and memcmp(text, PyBytes_AS_STRING(prefix), PyBytes_GET_SIZE(prefix)) == 0
            ):
                found.setdefault(number, at)
        return 0


cdef object new_tuple = tuple.__new__


def split_cards(bytes header not None, Py_ssize_t start, Py_ssize_t stop, wanted, make, parse):
    """The twin of `fitsprov.cards.card.split_cards`."""
    cdef const unsigned char *text = <const unsigned char *>PyBytes_AS_STRING(header)
    cdef Py_ssize_t at = start, begin, field
    stop = min(stop, PyBytes_GET_SIZE(header))
    if start < 0:
        raise ValueError(f"start = {start}; expected an offset")
    while at + CARD <= stop:
        begin, at = at, at + CARD
        keyword = keyword_at(text + begin, &field)
        if keyword == "END" and is_space(text + begin + 3, CARD - 3):
            return
        if wanted is not None and not wanted(keyword):
            continue
        value = None if field == NO_VALUE else value_of(text + begin + field, CARD - field, parse)
        if type(value) is str and value.endswith("&"):
            parts = []
            while value.endswith("&") and at + CARD <= stop and memcmp(text + at, b"CONTINUE  ", SHORT) == 0:
                more = value_of(text + at + SHORT, CARD - SHORT, parse)
                if type(more) is not str:
                    break
                if len(value) > 1:
                    parts.append(value[:-1])
                value = more or (parts.pop() if parts else "")
                at += CARD
            value = "".join([*parts, value])
        yield new_tuple(make, (keyword, value, begin, at))


cdef str keyword_at(const unsigned char *card, Py_ssize_t *field):
    """Give a keyword, and tell the column in which its value field begins."""
    cdef const unsigned char *equals
    cdef Py_ssize_t at = NO_VALUE
    if card[0] == c"H" and memcmp(card, b"HIERARCH ", LONG) == 0:
        equals = <const unsigned char *>memchr(card + LONG, c"=", CARD - LONG)
        if equals != NULL:
            at = equals - card + 1
            while at < CARD and card[at] == c" ":
                at += 1
            field[0] = at
            return words_of(card + LONG, equals - card - LONG)
    field[0] = SHORT if card[8] == c"=" and card[9] == c" " else NO_VALUE
    while at > 0 and card[at - 1] == c" ":
        at -= 1
    return latin(card, at)


cdef str words_of(const unsigned char *text, Py_ssize_t size):
    """Give words in upper case, one blank between them."""
    cdef unsigned char words[CARD]
    cdef Py_ssize_t at, length = 0
    cdef unsigned char letter
    for at in range(size):
        letter = text[at]
        if not c" " <= letter <= c"~":
            return " ".join(latin(text, size).split()).upper()
        if letter == c" " and (length == 0 or words[length - 1] == c" "):
            continue
        words[length] = letter - 32 if c"a" <= letter <= c"z" else letter
        length += 1
    return latin(words, length - 1 if length and words[length - 1] == c" " else length)


cdef object value_of(const unsigned char *field, Py_ssize_t size, parse):
    """Read a value field; what is no string, no short integer and no logical is left to `parse`."""
    cdef Py_ssize_t at = 0, begin, close, doubled = -1, stop = size
    cdef const unsigned char *slash
    while at < size and field[at] == c" ":
        at += 1
    if at < size and field[at] == c"'":
        begin = close = at + 1
        while close < size:
            if field[close] == c"'":
                if close + 1 == size or field[close + 1] != c"'":
                    break
                doubled = close
                close += 1
            close += 1
        if close == size:
            close = doubled
        if close >= 0:
            return string_of(field + begin, close - begin)
    slash = <const unsigned char *>memchr(field, c"/", size)
    if slash != NULL:
        stop = slash - field
    while stop > at and field[stop - 1] == c" ":
        stop -= 1
    if stop <= at:
        return None
    if stop - at == 1 and (field[at] == c"T" or field[at] == c"F"):
        return field[at] == c"T"
    number = short_integer(field + at, stop - at)
    return parse(latin(field, size)) if number is None else number


cdef object short_integer(const unsigned char *text, Py_ssize_t size):
    """Read digits with or without a sign; None where there is anything else, or more than surely fit 64 bits."""
    cdef Py_ssize_t at = 1 if text[0] == c"-" or text[0] == c"+" else 0
    cdef long long number = 0
    if at == size or size > DIGITS:
        return None
    while at < size:
        if not c"0" <= text[at] <= c"9":
            return None
        number = 10 * number + (text[at] - c"0")
        at += 1
    return -number if text[0] == c"-" else number


cdef str string_of(const unsigned char *text, Py_ssize_t size):
    """Give what stands between quotes: trailing blanks say nothing, and two quotes are one."""
    while size > 0 and text[size - 1] == c" ":
        size -= 1
    found = latin(text, size)
    return found.replace("''", "'") if memchr(text, c"'", size) != NULL else found


cdef str latin(const unsigned char *text, Py_ssize_t size):
    """Make a string of bytes."""
    return PyUnicode_DecodeLatin1(<const char *>text, size, NULL)


cdef bint is_space(const unsigned char *text, Py_ssize_t size):
    """Whether `str.strip` leaves nothing."""
    return is_blank(text, size) or not latin(text, size).strip()
