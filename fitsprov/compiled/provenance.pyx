# cython: language_level=3, embedsignature=False, cdivision=True
"""Lines of provenance documents, straight from rows: the twins of functions in `fitsprov.exchange.prov.telling`."""

cimport cython
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from cpython.unicode cimport (
    PyUnicode_1BYTE_DATA,
    PyUnicode_AsUTF8AndSize,
    PyUnicode_DecodeUTF8,
    PyUnicode_GET_LENGTH,
    PyUnicode_New,
)
from libc.string cimport memcpy

from fitsprov.compiled.texts cimport NUMBER

cdef enum:
    COLUMNS = 13  # of a dataset
    TYPE = 3  # places of some
    CATEGORY = 7
    ALIKE = 32  # uses that are held against those of the activity before
    FULL = 65536  # bytes of a page that is given
    # where a byte may stand, one bit each
    WORD = 1  # in the name of a dimension
    PLAIN = 2  # in a text that reads the same in JSON and in a label
    SCHEME = 4  # before the colon of a URI
    REST = 8  # behind it

cdef unsigned char PLACES[256]


cdef void find_places():
    """Say of each byte where it may stand."""
    cdef int byte
    for byte in range(256):
        letter = chr(byte)
        usual = byte < 128 and letter.isalnum()
        PLACES[byte] = (
            WORD * (usual or letter == "_")
            | PLAIN * (usual or letter in "_.+/-")
            | SCHEME * (usual or letter in "+.-")
            | REST * ("!" <= letter <= "~" and letter not in "\"<>\\^`{|}")
        )


find_places()


@cython.final
cdef class Page:
    """A text that grows."""

    cdef char *text
    cdef Py_ssize_t size, room
    cdef bint plain  # ASCII alone

    def __cinit__(self):
        self.plain = True
        self.grow(FULL)

    def __dealloc__(self):
        PyMem_Free(self.text)

    cdef int grow(self, Py_ssize_t size) except -1:
        """Make more room."""
        cdef Py_ssize_t room = 2 * (self.size + size)
        cdef char *larger = <char *>PyMem_Realloc(self.text, room)
        if larger == NULL:
            raise MemoryError
        self.text, self.room = larger, room
        return 0

    cdef inline char *take(self, Py_ssize_t size) except NULL:
        """Find room for some more bytes, and tell where it is."""
        if self.room - self.size < size:
            self.grow(size)
        self.size += size
        return self.text + self.size - size

    cdef inline int put(self, const char *text, Py_ssize_t size) except -1:
        """Write some bytes."""
        memcpy(self.take(size), text, size)
        return 0

    cdef inline int write(self, str text) except -1:
        """Write a string."""
        cdef Py_ssize_t size
        cdef const char *spelled = PyUnicode_AsUTF8AndSize(text, &size)
        self.plain = self.plain and PyUnicode_GET_LENGTH(text) == size
        return self.put(spelled, size)

    cdef int count(self, Py_ssize_t number) except -1:
        """Write a number that is not negative."""
        cdef char text[NUMBER]
        cdef int begin = NUMBER
        while number or begin == NUMBER:
            begin -= 1
            text[begin] = c"0" + number % 10
            number //= 10
        return self.put(text + begin, NUMBER - begin)

    cdef str turn(self):
        """Give what was written, but for what parts the last line from another, and begin anew."""
        cdef Py_ssize_t size = self.size - 2
        cdef bint plain = self.plain
        self.size, self.plain = 0, True
        if not plain:
            return PyUnicode_DecodeUTF8(self.text, size, NULL)
        text = PyUnicode_New(size, 127)
        memcpy(PyUnicode_1BYTE_DATA(text), self.text, size)
        return text


# ---- datasets ----

def entity_lines(teller):
    """The twin of `fitsprov.exchange.prov.telling.entity_lines`."""
    cdef Page page = Page()
    cdef dict names = teller.names, rows = teller.lineage.datasets
    cdef set special = teller.special
    cdef bint ivoa = teller.ivoa
    kinds = teller.kinds
    for key, name in names.items():
        row = rows[key]
        if key in special or type(row) is not tuple or not put_entity(page, name, <tuple>row, kinds, ivoa):
            page.write(teller.entity(key, name))
        page.put(b",\n", 2)
        if page.size > FULL:
            yield page.turn()
    if page.size:
        yield page.turn()


cdef bint put_entity(Page page, name, tuple row, kinds, bint ivoa) except -1:
    """Write a dataset that has what most have; False for any other."""
    cdef Py_ssize_t size, begin, length
    cdef const char *data_id
    if len(row) != COLUMNS or row[6] or row[11] or row[12] or type(row[5]) is not str:
        return False
    if (row[8] and not is_uri(row[8])) or (row[10] and not is_uri(row[10])):
        return False
    if row[9] is not None and type(row[9]) is not int:
        return False
    data_id = PyUnicode_AsUTF8AndSize(row[5], &size)
    if not is_plain_data_id(data_id, size):
        return False
    head, kind = kinds[row[3], row[4], row[7]]
    page.put(b'"', 1)
    page.write(name)
    page.put(b'":{"prov:label":', 16)
    begin = page.size
    page.write(head)
    put_label(page, data_id, size)
    length = page.size - begin
    if row[8]:
        page.put(b',"prov:location":{"$":"', 23)
        page.write(row[8])
        page.put(b'","type":"xsd:anyURI"}', 22)
    page.put(b",", 1)
    page.write(kind)
    if ivoa:
        page.put(b',"voprov:name":', 15)
        page.take(length)
        memcpy(page.text + page.size - length, page.text + begin, length)
    page.put(b',"fitsprov:dataId":"', 20)
    put_quoted(page, data_id, size)
    page.put(b'"', 1)
    if row[10]:
        page.put(b',"fitsprov:publisherDid":"', 26)
        page.write(row[10])
        page.put(b'"', 1)
    if row[9] is not None:
        page.put(b',"fitsprov:size":{"$":"', 23)
        page.write(str(row[9]))
        page.put(b'","type":"xsd:long"}', 20)
    page.put(b"}", 1)
    return True


cdef bint is_uri(value) except -1:
    """Whether a text is a URI that PROV-N can hold, too: `fitsprov.exchange.prov.saying.URI`."""
    cdef Py_ssize_t size, colon = 0, at
    cdef const unsigned char *text
    if type(value) is not str or not (<str>value).isascii():
        return False
    text = <const unsigned char *>PyUnicode_AsUTF8AndSize(value, &size)
    while colon < size and PLACES[text[colon]] & SCHEME:
        colon += 1
    if colon == 0 or colon + 1 >= size or text[colon] != c":" or not (c"A" <= text[0] <= c"z"):
        return False
    for at in range(colon + 1, size):
        if not PLACES[text[at]] & REST:
            return False
    return True


cdef bint is_plain_data_id(const char *text, Py_ssize_t size) noexcept:
    """Whether a dataId has nothing to be escaped: `fitsprov.exchange.prov.telling.PLAIN`."""
    cdef Py_ssize_t at = 0
    cdef Py_ssize_t begin
    if size < 2 or text[0] != c"{" or text[size - 1] != c"}":
        return False
    while at < size - 1:  # here stands a brace or a comma; the last brace ends every run
        at += 1
        if text[at] != c'"':
            return False
        at = begin = at + 1
        while PLACES[<unsigned char>text[at]] & WORD:
            at += 1
        if at == begin or text[at] != c'"' or text[at + 1] != c":":
            return False
        at += 2
        if text[at] == c'"':
            at += 1
            while PLACES[<unsigned char>text[at]] & PLAIN:
                at += 1
            if text[at] != c'"':
                return False
            at += 1
        else:
            if text[at] == c"-":
                at += 1
            begin = at
            while c"0" <= text[at] <= c"9":
                at += 1
            if at == begin:
                return False
        if text[at] != c"," and at != size - 1:
            return False
    return at == size - 1


cdef int put_label(Page page, const char *data_id, Py_ssize_t size) except -1:
    """Write a plain dataId for people, and the quote behind a label."""
    cdef char *into = page.take(size)
    cdef char *start = into
    cdef Py_ssize_t at
    for at in range(1, size - 1):
        if data_id[at] != c'"':
            into[0] = c"=" if data_id[at] == c":" else c" " if data_id[at] == c"," else data_id[at]
            into += 1
    into[0] = c'"'
    page.size -= size - (into + 1 - start)
    return 0


cdef int put_quoted(Page page, const char *data_id, Py_ssize_t size) except -1:
    """Write a plain dataId within a JSON string."""
    cdef char *into = page.take(2 * size)
    cdef char *start = into
    cdef Py_ssize_t at
    for at in range(size):
        if data_id[at] == c'"':
            into[0] = c"\\"
            into += 1
        into[0] = data_id[at]
        into += 1
    page.size -= 2 * size - (into - start)
    return 0


# ---- activities, and what ties them ----

def activity_lines(teller):
    """The twin of `fitsprov.exchange.prov.telling.activity_lines`."""
    cdef Page page = Page()
    presented, tasks = teller.lineage.presented, teller.tasks
    setups = Setups(teller)
    for key, activity in teller.lineage.activities.items():
        name, task, version, run, started, ended, status, config, environment, _, job, epoch = activity
        setups.of(config, environment)
        page.put(b'"uuid:', 6)
        page.write(name)
        page.put(b'":{', 3)
        if started:
            page.put(b'"prov:startTime":"', 18)
            page.write(started)
            page.put(b'",', 2)
        if ended:
            page.put(b'"prov:endTime":"', 16)
            page.write(ended)
            page.put(b'",', 2)
        page.write(tasks[task, version, run, status, epoch])
        if job is not None or key in presented:
            page.write(teller.circumstances(key, job))
        page.put(b"},\n", 3)
        if page.size > FULL:
            yield page.turn()
    if page.size:
        yield page.turn()


@cython.final
cdef class Setups:
    """Configurations and environments of activities, most of which have those of the one before."""

    cdef object config, environment, common, parts
    cdef list found

    def __init__(self, teller):
        self.common, self.parts = teller.common, teller.parts

    cdef list of(self, config, environment):
        """Name them, each with the part that it played."""
        if self.found is None or config is not self.config or environment is not self.environment:
            told = self.common.setup(config, environment)
            self.found = [(name, self.parts[role, None, SETUP, None]) for role, name in told]
            self.config, self.environment = config, environment
        return self.found


cdef str SETUP = "setup"  # `fitsprov.exchange.prov.words.SETUP`


def use_lines(teller):
    """The twin of `fitsprov.exchange.prov.telling.use_lines`."""
    cdef Page page = Page()
    cdef Setups setups = Setups(teller)
    cdef dict names = teller.names, rows = teller.lineage.datasets
    cdef Py_ssize_t number = 0, place
    cdef bint described = teller.common.describes("usage")
    cdef list met = ALIKE * [None]
    cdef tuple row, like
    cdef str head
    used, parts = teller.lineage.used, teller.parts
    for key, activity in teller.lineage.activities.items():
        head = f'":{{"prov:activity":"uuid:{activity[0]}","prov:entity":"'
        task = activity[1] if described else None
        inputs = used.get(key)
        if inputs is not None:
            datasets, roles, actual = inputs
            for place in range(len(datasets)):
                dataset, role, said = datasets[place], roles[place], actual[place] if actual else None
                row, like = rows[dataset], met[place % ALIKE]
                category = row[CATEGORY]
                if like is None or like[0] is not role or like[1] is not said or like[2] is not category or like[3] is not task:
                    like = met[place % ALIKE] = role, said, category, task, parts[role, said, category, task]
                number += 1
                put_use(page, number, head, names[dataset], like[4])
        for name, part in setups.of(activity[7], activity[8]):
            number += 1
            put_use(page, number, head, name, part)
        if page.size > FULL:
            yield page.turn()
    if page.size:
        yield page.turn()


cdef int put_use(Page page, Py_ssize_t number, str head, str name, str part) except -1:
    """Write what an activity used."""
    page.put(b'"_:used', 7)
    page.count(number)
    page.write(head)
    page.write(name)
    page.put(b'"', 1)
    page.write(part)
    page.put(b"},\n", 3)
    return 0


def generation_lines(teller):
    """The twin of `fitsprov.exchange.prov.telling.generation_lines`."""
    cdef Page page = Page()
    cdef dict names = teller.names
    cdef Py_ssize_t number = 0
    activities, rows, ways = teller.lineage.activities, teller.lineage.datasets, teller.ways
    for dataset, maker in teller.lineage.made.items():
        activity = activities[maker]
        number += 1
        page.put(b'"_:wasGeneratedBy', 17)
        page.count(number)
        page.put(b'":{"prov:entity":"', 18)
        page.write(names[dataset])
        page.put(b'","prov:activity":"uuid:', 24)
        page.write(activity[0])
        page.put(b'"', 1)
        if ways is not None:
            page.write(ways[activity[1], rows[dataset][TYPE]])
        page.put(b"},\n", 3)
        if page.size > FULL:
            yield page.turn()
    if page.size:
        yield page.turn()


def association_lines(teller):
    """The twin of `fitsprov.exchange.prov.telling.association_lines`."""
    cdef Page page = Page()
    cdef Py_ssize_t number = 0
    names = teller.agent_names
    for activity in teller.lineage.activities.values() if names else ():
        agent = activity[9]
        if agent is None:
            continue
        number += 1
        page.put(b'"_:wasAssociatedWith', 20)
        page.count(number)
        page.put(b'":{"prov:activity":"uuid:', 25)
        page.write(activity[0])
        page.put(b'","prov:agent":"', 16)
        page.write(names[agent.id])
        page.put(b'"},\n', 4)
        if page.size > FULL:
            yield page.turn()
    if page.size:
        yield page.turn()
