# cython: language_level=3, embedsignature=False
"""IDs, dataIds and integers in text: the twins of functions in `fitsprov.model`."""

from cpython.dict cimport PyDict_GetItemWithError
from cpython.long cimport PyLong_AsLongLongAndOverflow, PyLong_AsUnsignedLongLongMask
from cpython.object cimport PyObject_GenericSetAttr
from cpython.ref cimport PyObject
from cpython.unicode cimport PyUnicode_AsUTF8AndSize, PyUnicode_DecodeLatin1
from libc.stdint cimport uint64_t
from libc.string cimport memcmp, memcpy, memmove

from dataclasses import MISSING, fields
from functools import wraps
from uuid import UUID, SafeUUID

cdef enum:
    DIGITS = 18  # of an integer that surely fits 64 bits


cdef int write_integer(value, char *into) except -1:
    """Spell an integer of 64 bits, and give the size of its text; 0 for any other."""
    cdef int overflow = 0, size = 1
    cdef long long number
    cdef uint64_t rest
    if type(value) is not int:
        return 0
    number = PyLong_AsLongLongAndOverflow(value, &overflow)
    if overflow:
        return 0
    rest = <uint64_t>0 - <uint64_t>number if number < 0 else <uint64_t>number
    while True:  # from the last digit on
        into[NUMBER - size] = c"0" + rest % 10
        rest //= 10
        if rest == 0:
            break
        size += 1
    if number < 0:
        size += 1
        into[NUMBER - size] = c"-"
    memmove(into, into + NUMBER - size, size)
    return size


# ---- dataIds ----

cdef Py_ssize_t write_json(value, char *text) except -1:
    """Spell a dataId; 0 where it has more than plain strings and integers, or is long."""
    cdef Py_ssize_t size = 1
    if not is_plain(value):
        return 0
    text[0] = c"{"
    for dimension in sorted(value):
        if not add_json(text, &size, dimension):
            return 0
        text[size] = c":"
        size += 1
        if not add_json(text, &size, value[dimension]):
            return 0
        text[size] = c","
        size += 1
    size += not value
    text[size - 1] = c"}"
    return size


def is_plain(value):
    """The twin of `fitsprov.model.dataid.is_plain`."""
    if type(value) is not dict:
        return False
    for dimension, item in (<dict>value).items():
        if type(dimension) is not str or not dimension or not is_ascii(dimension):
            return False
        if type(item) is not int and (type(item) is not str or not is_ascii(item)):
            return False
    return True


def usual_text(value):
    """The twin of `fitsprov.model.dataid.usual_text`."""
    cdef char text[JSON_SIZE]
    cdef Py_ssize_t size = write_json(value, text)
    return PyUnicode_DecodeLatin1(text, size, NULL) if size else None


def usual_data_id(text):
    """The twin of `fitsprov.model.dataid.usual_data_id`."""
    cdef Py_ssize_t size
    cdef const char *spelled
    if type(text) is not str or not is_ascii(text):
        return None
    spelled = PyUnicode_AsUTF8AndSize(text, &size)
    return data_id_of(spelled, size)


cdef object data_id_of(const char *spelled, Py_ssize_t size):
    """Read a dataId of plain strings and counts; None for any other text."""
    cdef Py_ssize_t at = 0
    cdef dict found = {}
    if size < 2 or spelled[0] != c"{" or spelled[size - 1] != c"}":
        return None
    while at < size - 2:  # here stands a brace or a comma
        at += 1
        dimension = json_string(spelled, &at, size)
        if not dimension or spelled[at] != c":":
            return None
        at += 1
        value = json_string(spelled, &at, size) if spelled[at] == c'"' else json_number(spelled, &at, size)
        if value is None or dimension in found:
            return None
        found[dimension] = value
        if spelled[at] != c"," and at != size - 1:
            return None
    return found if at == size - 1 or size == 2 else None


cdef object json_string(const char *text, Py_ssize_t *at, Py_ssize_t size):
    """Read a string without escapes, and go behind it, to no later place than the last; None for any other."""
    cdef Py_ssize_t begin = at[0] + 1
    cdef Py_ssize_t end = begin
    if text[at[0]] != c'"':
        return None
    while end < size - 1 and c" " <= text[end] <= c"~" and text[end] != c'"' and text[end] != c"\\":
        end += 1
    if text[end] != c'"':
        return None
    at[0] = end + 1
    return PyUnicode_DecodeLatin1(text + begin, end - begin, NULL) if end < size - 1 else None


cdef object json_number(const char *text, Py_ssize_t *at, Py_ssize_t size):
    """Read a count without leading zeros, and go behind it; None for any other number."""
    cdef Py_ssize_t begin = at[0]
    cdef Py_ssize_t end = begin
    cdef long long value = 0
    while end < size - 1 and end - begin < DIGITS and c"0" <= text[end] <= c"9":
        value = 10 * value + (text[end] - c"0")
        end += 1
    if end == begin or (text[begin] == c"0" and end - begin > 1):
        return None
    at[0] = end
    return value


cdef bint add_json(char *into, Py_ssize_t *size, value) except -1:
    """Spell a plain string or an integer behind what stands there; two characters more find room."""
    cdef Py_ssize_t length, at
    cdef const char *text
    cdef char letter
    if type(value) is int:
        if size[0] + NUMBER > JSON_SIZE:
            return False
        length = write_integer(value, into + size[0])
        size[0] += length
        return length > 0
    if type(value) is not str or not is_ascii(value):
        return False
    text = PyUnicode_AsUTF8AndSize(value, &length)
    if size[0] + length + 4 > JSON_SIZE:
        return False
    for at in range(length):
        letter = text[at]
        if not c" " <= letter <= c"~" or letter == c'"' or letter == c"\\" or letter == c"'" or letter == c"&":
            return False
    into[size[0]] = c'"'
    memcpy(into + size[0] + 1, text, length)
    into[size[0] + length + 1] = c'"'
    size[0] += length + 2
    return True


# ---- IDs ----

cdef object new_object = object.__new__
cdef object UNKNOWN = SafeUUID.unknown
cdef Py_ssize_t NUMBER_OF_UUID = place_of(UUID.int)
cdef const char *HEX = b"0123456789abcdef"


cdef int write_uuid(value, char *into) except -1:
    """Spell an ID, lower case."""
    cdef uint64_t halves[2]
    cdef int at, digit = 0
    number = held(value, NUMBER_OF_UUID) if NUMBER_OF_UUID and type(value) is UUID else value.int
    halves[0], halves[1] = number >> 64, PyLong_AsUnsignedLongLongMask(number)
    for at in range(UUID_SIZE):
        if at == 8 or at == 13 or at == 18 or at == 23:
            into[at] = c"-"
            continue
        into[at] = HEX[halves[digit >> 4] >> 4 * (15 - (digit & 15)) & 15]
        digit += 1
    return 0


def usual_id(text):
    """The twin of `fitsprov.model.identifiers.usual_id`."""
    cdef Py_ssize_t size, at = 6
    cdef const char *spelled
    if type(text) is not str or not is_ascii(text):
        return None
    spelled = PyUnicode_AsUTF8AndSize(text, &size)
    if size == UUID_SIZE:
        return uuid_of(spelled)
    if size < 6 + 1 + 1 + UUID_SIZE or memcmp(spelled, b"ivo://", 6) != 0:
        return None
    while at < size - UUID_SIZE - 1:
        if spelled[at] == c"?" or spelled[at] == c"#":
            return None
        at += 1
    return uuid_of(spelled + at + 1) if spelled[at] == c"?" else None


def id_text(value):
    """The twin of `fitsprov.model.identifiers.id_text`."""
    cdef char text[UUID_SIZE]
    if type(value) is not UUID:
        return str(value)
    write_uuid(value, text)
    return PyUnicode_DecodeLatin1(text, UUID_SIZE, NULL)


cdef object uuid_of(const char *spelled):
    """Read 36 characters that are a UUID; None where they are none."""
    cdef uint64_t halves[2]
    cdef int at, digit = 0, code
    halves[0] = halves[1] = 0
    for at in range(UUID_SIZE):
        code = spelled[at]
        if at == 8 or at == 13 or at == 18 or at == 23:
            if code != c"-":
                return None
            continue
        if c"0" <= code <= c"9":
            code -= c"0"
        elif c"a" <= code <= c"f":
            code -= c"a" - 10
        elif c"A" <= code <= c"F":
            code -= c"A" - 10
        else:
            return None
        halves[digit >> 4] = halves[digit >> 4] << 4 | <uint64_t>code
        digit += 1
    value = new_object(UUID)
    PyObject_GenericSetAttr(value, "int", (<object>halves[0] << 64) | halves[1])
    PyObject_GenericSetAttr(value, "is_safe", UNKNOWN)
    return value


# ---- what stamps are made of ----

cdef dict CHECKS = {"id": ID, "activity_id": ID, "data_id": DATA_ID, "parents": LIST, "raws": LIST}


cdef class Filler:
    """Fills the slots of a frozen dataclass."""

    def __init__(self, kind):
        cdef Slot *slot = self.slots
        self.kind = kind
        self.known = [(each.name, each.default) for each in fields(kind)]
        self.count = len(self.known)
        self.settles = "parents" in dict(self.known)
        if self.count > FIELDS:
            raise ValueError(f"{self.count} fields; expected {FIELDS} or fewer")
        for each, (name, absent) in zip(fields(kind), self.known):
            slot.name, slot.absent = <PyObject *>name, NULL if absent is MISSING else <PyObject *>absent
            slot.place, slot.check = place_of(getattr(kind, name)), CHECKS.get(name, NONE)
            if slot.place == 0 or (absent is MISSING and each.default_factory is not dict):
                raise ValueError(f"{name}; expected a slot with a default, or a dictionary")
            slot += 1

    cdef bint fill(self, made, dict given) except -1:
        """Fill all slots, and check what has to be checked; False, with nothing done, where a name is none of a slot,
        or what is made has no such slots."""
        cdef PyObject *found[FIELDS]
        cdef Slot *slot = self.slots
        cdef Py_ssize_t number, left = len(given)
        cdef bint usual = self.settles and type(made) is self.kind  # what is derived may check more
        if not is_of(made, self.kind):
            return False
        for number in range(self.count):
            found[number] = PyDict_GetItemWithError(given, <object>slot[number].name)
            if found[number] == NULL:
                found[number] = slot[number].absent
                continue
            left -= 1
            usual = usual and is_usual(slot[number].check, <object>found[number])
        if left:
            return False
        for number in range(self.count):
            if found[number] == NULL:
                hold(made, slot[number].place, {})
            elif usual and slot[number].check == DATA_ID and <object>found[number] is not None:
                hold(made, slot[number].place, dict(<object>found[number]))
            else:
                hold(made, slot[number].place, <object>found[number])
        if not usual:
            made.__post_init__()
        return True


cdef bint is_usual(Check check, value) except -1:
    """Whether a value needs nothing else to stand in a stamp."""
    if value is None or check == NONE:
        return True
    if check == ID:
        return type(value) is UUID
    return check == DATA_ID and is_plain(value)


def filled_at_once(kind):
    """The twin of `fitsprov.model.stamp.filled_at_once`."""
    cdef Filler filler = Filler(kind)
    pure = kind.__init__

    @wraps(pure)
    def __init__(self, *args, **given):
        if args or not filler.fill(self, given):
            pure(self, *args, **given)

    kind.__init__ = __init__
    return kind
