# cython: language_level=3, embedsignature=False
"""Headers in files: the twins of functions in `fitsprov.files`, for what is usual there."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.unicode cimport PyUnicode_AsUTF8AndSize
from libc.errno cimport errno
from libc.string cimport memcmp, memcpy, memset, strlen, strrchr

from fitsprov.compiled.cards cimport BLOCK, CARD, find_in, is_blank, sum_of
from fitsprov.compiled.files cimport FIRST_READ, Plan, Usual
from fitsprov.compiled.texts cimport is_ascii

cdef enum:
    VALUE = 10  # column of a value
    VALUE_END = 31
    DIGITS = 12  # of a size; what is larger is left to Python
    AXES = 9
    LONGEST = 1024  # path
    SHORT = 60  # name
    NONE = -1  # descriptor

cdef extern from *:
    """
    typedef struct {
        int descriptor;
        long long size, names, read;
    } fitsprov_opened;

    #include <errno.h>
    /* Multiply sizes; -1 for more than a file has. */
    static long long fitsprov_times(long long one, long long other) {
        return one < 0 || other < 0 || (other && one > (1LL << 62) / other) ? -1 : one * other;
    }

    #if defined(_WIN32)
    #include <io.h>
    static int fitsprov_open(const char *p, const char *t, char *h, size_t s, fitsprov_opened *o) { return 0; }
    static int fitsprov_release(int descriptor) { return _close(descriptor) == 0 ? 0 : errno; }
    static int fitsprov_write(int descriptor, const char *b, long long n, long long at) { return 0; }
    static int fitsprov_flip(int d, long long at, const char *b, long long n, const char *o, int r) { return -1; }
    #else
    #include <fcntl.h>
    #include <signal.h>
    #include <sys/file.h>
    #include <sys/stat.h>
    #if defined(__linux__)
    #include <sys/sysmacros.h>
    #endif
    #include <unistd.h>

    /* Unlock and close; give what went wrong with that. */
    static int fitsprov_release(int descriptor) {
        flock(descriptor, LOCK_UN);
        return close(descriptor) == 0 ? 0 : errno;
    }

    /* Write all of it, however little the system takes at once. */
    static int fitsprov_write(int descriptor, const char *bytes, long long left, long long at) {
        while (left > 0) {
            ssize_t written = pwrite(descriptor, bytes, left, at);
            if (written < 0 && errno == EINTR) continue;
            if (written == 0) errno = ENOSPC;
            if (written <= 0) return 0;
            bytes += written, left -= written, at += written;
        }
        return 1;
    }

    /* Hide, write and reveal under a lease: 1 where that is done, 0 where another has the file open, -1 where that
       cannot be told, -2 where a write was refused and what was there stands again. */
    #if defined(F_SETLEASE) && defined(F_SETSIG)
    static int fitsprov_flip(
        int descriptor, long long at, const char *behind, long long size, const char *old, int reveal
    ) {
        char there[2880];
        int refused;
        if (size > (long long)sizeof(there) || fcntl(descriptor, F_SETSIG, SIGURG) != 0) return -1;
        if (fcntl(descriptor, F_SETLEASE, F_WRLCK) != 0) return errno == EAGAIN ? 0 : -1;
        refused = !(
            fitsprov_write(descriptor, "END     ", 8, at)
            && fitsprov_write(descriptor, behind, size, at + 80)
            && (!reveal || fitsprov_write(descriptor, "        ", 8, at))
        ) ? errno : 0;
        if (refused) {
            if (fitsprov_write(descriptor, "END     ", 8, at)) fitsprov_write(descriptor, old + 80, size, at + 80);
            if (pread(descriptor, there, size, at + 80) == size && memcmp(there, old + 80, size) == 0)
                fitsprov_write(descriptor, old, 8, at);
        }
        fcntl(descriptor, F_SETLEASE, F_UNLCK);
        errno = refused;
        return refused ? -2 : 1;
    }
    #else
    static int fitsprov_flip(
        int descriptor, long long at, const char *behind, long long size, const char *old, int reveal
    ) { return -1; }
    #endif

    /* Ask about an open file, or about the one at a path. Linux can leave out the times: who asks for those makes the
       next write note new ones. */
    #if defined(STATX_INO)
    static int fitsprov_ask(int descriptor, const char *path, struct stat *told) {
        struct statx status;
        if (statx(
            path ? AT_FDCWD : descriptor, path ? path : "", path ? 0 : AT_EMPTY_PATH,
            STATX_TYPE | STATX_MODE | STATX_NLINK | STATX_INO | STATX_SIZE, &status
        ) != 0) return -1;
        told->st_mode = status.stx_mode;
        told->st_nlink = status.stx_nlink;
        told->st_ino = status.stx_ino;
        told->st_size = status.stx_size;
        told->st_dev = makedev(status.stx_dev_major, status.stx_dev_minor);
        return 0;
    }
    #else
    static int fitsprov_ask(int descriptor, const char *path, struct stat *told) {
        return path ? stat(path, told) : fstat(descriptor, told);
    }
    #endif

    /* Whether an open file is regular, writable and now locked, still at its path, and read. */
    static int fitsprov_is_usual(
        const char *path, const char *temporary, char *head, size_t size, fitsprov_opened *opened
    ) {
        struct stat file, there;
        if (flock(opened->descriptor, LOCK_EX | LOCK_NB) != 0) return 0;
        if (fitsprov_ask(opened->descriptor, NULL, &file) != 0) return 0;
        if (!S_ISREG(file.st_mode) || !(file.st_mode & 0222)) return 0;
        if (fitsprov_ask(-1, path, &there) != 0 || file.st_ino != there.st_ino || file.st_dev != there.st_dev) return 0;
        if (access(temporary, F_OK) == 0) return 0;
        opened->read = pread(opened->descriptor, head, size, 0);
        opened->size = file.st_size;
        opened->names = file.st_nlink;
        return opened->read >= 0;
    }

    static int fitsprov_open(
        const char *path, const char *temporary, char *head, size_t size, fitsprov_opened *opened
    ) {
        opened->descriptor = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
        if (opened->descriptor < 0) return 0;
        if (fitsprov_is_usual(path, temporary, head, size, opened)) return 1;
        fitsprov_release(opened->descriptor);
        return 0;
    }
    #endif
    """
    ctypedef struct fitsprov_opened:
        int descriptor
        long long size, names, read
    long long times "fitsprov_times"(long long one, long long other) nogil
    int fitsprov_open(const char *path, const char *temporary, char *head, size_t size, fitsprov_opened *opened) nogil
    int fitsprov_release(int descriptor) nogil
    bint fitsprov_write(int descriptor, const char *bytes, long long left, long long at) nogil
    int fitsprov_flip(int descriptor, long long at, const char *behind, long long size, const char *old, bint reveal)

from os import strerror

cdef extern from "Python.h":
    bytes PyUnicode_EncodeFSDefault(object text)

cdef const char *END = b"END                                                                             "
cdef const char *BLANKS = b"        "
cdef const char *SIMPLE = b"SIMPLE  "
cdef const char *SEAL = b"FPV_SEAL"
cdef const char *CHECKSUM = b"CHECKSUM"


def usual_data_size(bytes header not None, int index):
    """Bytes of the data behind a header whose sizes stand as the standard sets; -1 for what Python has to look at."""
    return data_size_of(PyBytes_AS_STRING(header), PyBytes_GET_SIZE(header), index)


cdef long long data_size_of(const char *text, Py_ssize_t size, int index) noexcept:
    """The same in bytes that are no object."""
    cdef long long bits, axes, axis, elements = 1, parameters = 0, groups = 1
    cdef char keyword[9]
    cdef int n
    bits, axes = size_in(text, size, 1, b"BITPIX  "), size_in(text, size, 2, b"NAXIS   ")
    if axes == 0:
        return 0
    if not 0 < axes <= AXES or bits <= 0:
        return -1
    memcpy(keyword, b"NAXIS   ", 9)
    for n in range(axes):
        keyword[5] = c"1" + n
        axis = size_in(text, size, 3 + n, keyword)
        elements = times(elements, axis)
        if elements < 0 or (axis == 0 and n == 0):
            return -1
    if index:
        parameters = size_in(text, size, 3 + axes, b"PCOUNT  ")
        groups = size_in(text, size, 4 + axes, b"GCOUNT  ")
        if parameters < 0 or groups < 0:
            return -1
    return times(bits // 8, times(groups, parameters + elements))


cdef long long size_in(const char *header, Py_ssize_t size, Py_ssize_t card, const char *keyword) noexcept:
    """Read a size, or the absolute value of BITPIX, from a card; -1 for what is none as it should stand."""
    cdef Py_ssize_t at = card * CARD + VALUE, last = card * CARD + VALUE_END
    cdef long long value = 0
    if last > size or memcmp(header + card * CARD, keyword, 8) != 0:
        return -1
    while at < last and header[at] == c" ":
        at += 1
    if at < last and header[at] == c"-" and keyword[0] == c"B":
        at += 1
    if at == last or not c"0" <= header[at] <= c"9" or last - at > DIGITS + 1:
        return -1
    while at < last and c"0" <= header[at] <= c"9":
        value = 10 * value + (header[at] - c"0")
        at += 1
    return value if is_blank(<const unsigned char *>header + at, last - at) else -1


def plan_tail(bytes header not None, Py_ssize_t end, Py_ssize_t old, bytes tail not None):
    """The twin of `fitsprov.files.layout.plan_flip` for a first stamp, and for one in the place of an `old` one.

    None for what Python has to look at.
    """
    cdef const unsigned char *text = <const unsigned char *>PyBytes_AS_STRING(header)
    cdef Plan plan
    if not plan_in(text, PyBytes_GET_SIZE(header), end, old, tail, &plan):
        return None
    return plan.at, PyBytes_FromStringAndSize(<char *>plan.block + CARD, plan.size), old < end


cdef bint plan_in(
    const unsigned char *text, Py_ssize_t size, Py_ssize_t end, Py_ssize_t old, bytes tail, Plan *plan
) noexcept:
    """Plan in a header that is no object; False for what Python has to look at."""
    cdef Py_ssize_t length = PyBytes_GET_SIZE(tail)
    cdef bint hide = old < end
    cdef Py_ssize_t at, last
    cdef unsigned char *block = plan.block
    if not 0 <= old <= end <= size - CARD or size % BLOCK:
        return False
    at = old - CARD if hide else end
    last = at + CARD + length
    if at < size - BLOCK or last + CARD > size or not length:
        return False
    if (at - size) % CARD or (end - size) % CARD or length % CARD:
        return False
    if memcmp(text + end, END, CARD) != 0 or not is_blank(text + end + CARD, size - end - CARD):
        return False
    if hide and (
        not is_blank(text + at, CARD) or find_in(text, size, end, <const unsigned char *>SEAL, 8, 7, old) < 0
    ):
        return False
    memset(block, c" ", size - at)
    memcpy(block + CARD, PyBytes_AS_STRING(tail), length)
    memcpy(block + CARD + length, END, CARD)
    if memcmp(block, text + at, size - at) == 0:
        return False
    if (
        find_in(text, size, end, <const unsigned char *>CHECKSUM, 8, 7, 0) >= 0
        and sum_of(block, size - at) != sum_of(text + at, size - at)
    ):
        return False
    plan.at, plan.size = at, max(end, last) - at
    return True


def open_usual(path, Py_ssize_t size):
    """The twin of `fitsprov.files.locks.open_usual`; a name of more than `SHORT` bytes is left to Python."""
    cdef Usual file
    if type(path) is not str or not open_at(path, size, &file):
        return None
    try:
        header = PyBytes_FromStringAndSize(<char *>file.head, file.length)
        return file.descriptor, file.size, file.names, header, file.end
    except MemoryError:
        fitsprov_release(file.descriptor)
        raise


cdef bint open_at(str path, Py_ssize_t size, Usual *file):
    """Open a usual file; its header has no length where END does not stand in what was read."""
    cdef Py_ssize_t folder, length
    cdef const char *at = PyUnicode_AsUTF8AndSize(path, &length) if is_ascii(path) else NULL
    cdef const char *slash
    cdef char temporary[LONGEST + 16]
    cdef fitsprov_opened opened
    cdef bint done
    if at == NULL:
        try:
            name = PyUnicode_EncodeFSDefault(path)
        except UnicodeEncodeError:
            return False
        at, length = PyBytes_AS_STRING(name), PyBytes_GET_SIZE(name)
    slash = strrchr(at, c"/")
    folder = 0 if slash == NULL else slash + 1 - at
    if not 0 < size <= FIRST_READ or strlen(at) != <size_t>length or length > LONGEST or length - folder > SHORT:
        return False
    memcpy(temporary, at, folder)
    temporary[folder] = c"."
    memcpy(temporary + folder + 1, at + folder, length - folder)
    memcpy(temporary + length + 1, b".fitsprov", 10)
    with nogil:
        done = fitsprov_open(at, temporary, <char *>file.head, size, &opened)
    if not done:
        return False
    file.descriptor, file.size, file.names = opened.descriptor, opened.size, opened.names
    file.end = find_in(file.head, opened.read, opened.read, <const unsigned char *>END, 8, 2, 0)
    file.length = (file.end // BLOCK + 1) * BLOCK
    if file.end < 0 or file.length > opened.read or memcmp(file.head, SIMPLE, 8) != 0:
        file.end = file.length = 0
    return True


cdef bint write_first(Usual *file, const Plan *plan) except -1:
    """Write a first stamp as `fitsprov.files.flip.flip` does, and let the file go; where the system refuses, put back
    what was there."""
    cdef Py_ssize_t behind = plan.at + CARD
    cdef int code = 0
    cdef bint done
    with nogil:
        done = (
            fitsprov_write(file.descriptor, <const char *>plan.block + CARD, plan.size, behind)
            and fitsprov_write(file.descriptor, BLANKS, 8, plan.at)
        )
        if done:
            code = fitsprov_release(file.descriptor)
            file.descriptor = NONE
        else:
            fitsprov_write(file.descriptor, END, 8, plan.at)
            fitsprov_write(file.descriptor, <const char *>file.head + behind, plan.size, behind)
    if code:
        raise OSError(code, strerror(code))
    return done


def release(int descriptor):
    """The twin of `fitsprov.files.locks.release`."""
    cdef int code
    with nogil:
        code = fitsprov_release(descriptor)
    if code:
        raise OSError(code, strerror(code))


def flip_alone(int descriptor, long long at, bytes behind not None, bytes old not None, bint reveal):
    """The twin of `fitsprov.files.flip.flip_alone`; it keeps the interpreter."""
    cdef int code
    if PyBytes_GET_SIZE(old) != CARD + PyBytes_GET_SIZE(behind):
        raise ValueError(f"{len(old)} old bytes; expected {CARD} more than the {len(behind)} new ones")
    code = fitsprov_flip(
        descriptor, at, PyBytes_AS_STRING(behind), PyBytes_GET_SIZE(behind), PyBytes_AS_STRING(old), reveal
    )
    if code == -2:
        code = errno
        raise OSError(code, strerror(code))
    return None if code < 0 else code == 1
