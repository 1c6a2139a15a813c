/* Writes down what a process does to the files below LOSSY_ROOT, so that a power cut at any moment
 * can be played out later (lossy_disk.py). Preloaded; changes nothing of what is done.
 *
 * A write is noted before it is made and a sync after it has returned, with the moment it began:
 * what was noted before that moment is on the disk, the rest may be or not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

typedef struct {
    uint32_t size; /* of what follows this head */
    uint32_t first; /* bytes of the first of two names */
    uint64_t file; /* inode, or thread of a sync */
    int64_t at;
    uint64_t what;
} note_head;

static char root[PATH_MAX];
static size_t root_size;
static int log_fd = -1;

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("LOSSY_ROOT"), *log = getenv("LOSSY_LOG");
    if (where == NULL || log == NULL || realpath(where, root) == NULL) return;
    root_size = strlen(root);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_APPEND | O_CREAT, 0666);
    log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 900); /* out of the way of programs that count theirs */
    syscall(SYS_close, fd);
}

static void note(char what, uint64_t file, int64_t at, const struct iovec *parts, int count, uint32_t first) {
    int before = errno;
    note_head head = {0, first, file, at, (uint64_t)what};
    struct iovec all[66] = {{&head, sizeof head}};
    for (int i = 0; i < count && i < 65; i++) {
        all[i + 1] = parts[i];
        head.size += (uint32_t)parts[i].iov_len;
    }
    if (syscall(SYS_writev, log_fd, all, count + 1) != (long)(head.size + sizeof head)) abort();
    errno = before;
}

static int inside(const char *path) {
    return log_fd >= 0 && strncmp(path, root, root_size) == 0 && path[root_size] == '/';
}

/* The absolute path of a name; 0 when it is none of ours. */
static int named(int directory, const char *name, char path[PATH_MAX]) {
    if (log_fd < 0) return 0;
    if (name[0] == '/') {
        if (snprintf(path, PATH_MAX, "%s", name) >= PATH_MAX) return 0;
    } else {
        char link[64], base[PATH_MAX];
        if (directory == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
        ssize_t size = readlink(link, base, sizeof base - 1);
        if (size < 0) return 0;
        base[size] = 0;
        if ((size_t)size + strlen(name) + 2 > PATH_MAX) return 0;
        memcpy(path, base, (size_t)size);
        path[size] = '/';
        strcpy(path + size + 1, name);
    }
    return inside(path);
}

/* Whether a descriptor is a file or directory of ours; its path and inode. */
static int opened(int fd, char path[PATH_MAX], struct stat *found) {
    char link[64];
    if (log_fd < 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    if (size < 0) return 0;
    path[size] = 0;
    if (strcmp(path, root) != 0 && !inside(path)) return 0;
    return fstat(fd, found) == 0;
}

static void note_names(char what, uint64_t file, const char *first, const char *second) {
    struct iovec parts[2] = {{(void *)first, strlen(first)}, {(void *)second, strlen(second)}};
    note(what, file, 0, parts, 2, (uint32_t)strlen(first));
}

#define REAL(name) __extension__ static __typeof__(&name) real; if (!real) real = (__typeof__(real))dlsym(RTLD_NEXT, #name)

/* ---- content ---------------------------------------------------------------------------- */

static void note_write(int fd, const struct iovec *parts, int count, int64_t at) {
    char path[PATH_MAX];
    struct stat found;
    int before = errno;
    if (opened(fd, path, &found) && S_ISREG(found.st_mode)) {
        if (at < 0) at = fcntl(fd, F_GETFL) & O_APPEND ? found.st_size : lseek(fd, 0, SEEK_CUR);
        note('W', found.st_ino, at, parts, count, 0);
    }
    errno = before;
}

static void note_size(int fd, int64_t size, char what) {
    char path[PATH_MAX];
    struct stat found;
    int before = errno;
    if (opened(fd, path, &found)) note(what, found.st_ino, size, NULL, 0, 0);
    errno = before;
}

#define WRITES(name, type) \
    ssize_t name(int fd, const void *data, size_t size, type at) { \
        REAL(name); \
        struct iovec part = {(void *)data, size}; \
        note_write(fd, &part, 1, at); \
        return real(fd, data, size, at); \
    }
WRITES(pwrite, off_t)
WRITES(pwrite64, off64_t)

ssize_t write(int fd, const void *data, size_t size) {
    REAL(write);
    struct iovec part = {(void *)data, size};
    note_write(fd, &part, 1, -1);
    return real(fd, data, size);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    note_write(fd, parts, count, -1);
    return real(fd, parts, count);
}

#define WRITES_MANY(name, type) \
    ssize_t name(int fd, const struct iovec *parts, int count, type at) { \
        REAL(name); \
        note_write(fd, parts, count, at); \
        return real(fd, parts, count, at); \
    }
WRITES_MANY(pwritev, off_t)
WRITES_MANY(pwritev64, off64_t)

#define SIZES(name, type) \
    int name(int fd, type size) { \
        REAL(name); \
        note_size(fd, size, 'T'); \
        return real(fd, size); \
    }
SIZES(ftruncate, off_t)
SIZES(ftruncate64, off64_t)

#define GROWS(name, type) \
    int name(int fd, type at, type size) { \
        REAL(name); \
        note_size(fd, (int64_t)at + (int64_t)size, 'G'); \
        return real(fd, at, size); \
    }
GROWS(posix_fallocate, off_t)
GROWS(posix_fallocate64, off64_t)

#define SYNCS(name) \
    int name(int fd) { \
        REAL(name); \
        char path[PATH_MAX]; \
        struct stat found; \
        int ours = opened(fd, path, &found); \
        uint64_t thread = (uint64_t)gettid(); \
        if (ours) note('B', thread, 0, NULL, 0, 0); \
        int result = real(fd); \
        if (!ours || result != 0) return result; \
        if (S_ISDIR(found.st_mode)) note_names('D', thread, path, ""); \
        else note('F', thread, (int64_t)found.st_ino, NULL, 0, 0); \
        return result; \
    }
SYNCS(fsync)
SYNCS(fdatasync)

/* ---- names ------------------------------------------------------------------------------ */

static int note_opened(int fd, int is_new, int flags, const char *path) {
    struct stat found;
    int before = errno;
    if (fd >= 0 && fstat(fd, &found) == 0 && S_ISREG(found.st_mode)) {
        if (is_new) note_names('C', found.st_ino, path, "");
        else if (flags & O_TRUNC) note('T', found.st_ino, 0, NULL, 0, 0);
    }
    errno = before;
    return fd;
}

#define OPENS(name, directory, ...) \
    { \
        REAL(name); \
        char path[PATH_MAX]; \
        mode_t mode = 0; \
        if (flags & (O_CREAT | __O_TMPFILE)) { \
            va_list rest; \
            va_start(rest, flags); \
            mode = va_arg(rest, mode_t); \
            va_end(rest); \
        } \
        int ours = named(directory, file, path); \
        int is_new = ours && (flags & O_CREAT) && access(path, F_OK) != 0; \
        int fd = real(__VA_ARGS__, flags, mode); \
        return ours ? note_opened(fd, is_new, flags, path) : fd; \
    }
int open(const char *file, int flags, ...) OPENS(open, AT_FDCWD, file)
int open64(const char *file, int flags, ...) OPENS(open64, AT_FDCWD, file)
int openat(int at, const char *file, int flags, ...) OPENS(openat, at, at, file)
int openat64(int at, const char *file, int flags, ...) OPENS(openat64, at, at, file)

static int renamed(int result, int from_at, const char *from, int to_at, const char *to, char what) {
    char first[PATH_MAX], second[PATH_MAX];
    int before = errno;
    if (result == 0 && named(from_at, from, first) && named(to_at, to, second))
        note_names(what, 0, first, second);
    errno = before;
    return result;
}

int rename(const char *from, const char *to) {
    REAL(rename);
    return renamed(real(from, to), AT_FDCWD, from, AT_FDCWD, to, 'R');
}
int renameat(int a, const char *from, int b, const char *to) {
    REAL(renameat);
    return renamed(real(a, from, b, to), a, from, b, to, 'R');
}
int link(const char *from, const char *to) {
    REAL(link);
    return renamed(real(from, to), AT_FDCWD, from, AT_FDCWD, to, 'L');
}

static int dropped(int result, int at, const char *name, char what) {
    char path[PATH_MAX];
    int before = errno;
    if (result == 0 && named(at, name, path)) note_names(what, 0, path, "");
    errno = before;
    return result;
}

int unlink(const char *name) {
    REAL(unlink);
    return dropped(real(name), AT_FDCWD, name, 'U');
}
int unlinkat(int at, const char *name, int flags) {
    REAL(unlinkat);
    return dropped(real(at, name, flags), at, name, 'U');
}
int mkdir(const char *name, mode_t mode) {
    REAL(mkdir);
    return dropped(real(name, mode), AT_FDCWD, name, 'M');
}
