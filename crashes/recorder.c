/*
 * Stands between a process and its system: every change to the files of one folder is written down, and at the
 * n-th change the process can be killed, or the disk be full. It is loaded before libc (LD_PRELOAD), so that it also sees what
 * SQLite does by itself, below everything of the program.
 *
 * A log is a row of records; crashes/powercut.py reads them and says what they mean.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { OPENED = 1, WROTE, CUT, SYNCED, RENAMED, REMOVED, MARKED, MADE_FOLDER, REMOVED_FOLDER };

struct record {
    int32_t what;
    int32_t handle;
    int64_t at;
    int64_t length; /* of what follows */
};

#define MOST_FDS 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int log_fd = -1;
static int active;
static int handles[MOST_FDS];
static int appends[MOST_FDS];
static int next_handle = 1;
static int64_t changes, kill_at;
static int kill_in_the_middle;
static int64_t full_at;

#define REAL(type, name, ...)                                     \
    typedef type (*name##_t)(__VA_ARGS__);                        \
    static name##_t real_##name(void) {                           \
        static name##_t found;                                    \
        if (!found) found = (name##_t)dlsym(RTLD_NEXT, #name);    \
        return found;                                             \
    }

REAL(int, open, const char *, int, ...)
REAL(int, open64, const char *, int, ...)
REAL(int, openat, int, const char *, int, ...)
REAL(int, openat64, int, const char *, int, ...)
REAL(int, close, int)
REAL(ssize_t, write, int, const void *, size_t)
REAL(ssize_t, pwrite, int, const void *, size_t, off_t)
REAL(ssize_t, pwrite64, int, const void *, size_t, off64_t)
REAL(int, ftruncate, int, off_t)
REAL(int, ftruncate64, int, off64_t)
REAL(int, fsync, int)
REAL(int, fdatasync, int)
REAL(int, rename, const char *, const char *)
REAL(int, renameat, int, const char *, int, const char *)
REAL(int, unlink, const char *)
REAL(int, unlinkat, int, const char *, int)
REAL(int, mkdir, const char *, mode_t)
REAL(int, rmdir, const char *)

static void put(const void *bytes, size_t length) {
    const char *next = bytes;
    while (length > 0) {
        ssize_t done = real_write()(log_fd, next, length);
        if (done <= 0) abort();
        next += done;
        length -= (size_t)done;
    }
}

static void note(int what, int handle, int64_t at, const void *payload, size_t length) {
    struct record record = {what, handle, at, (int64_t)length};
    if (log_fd < 0) return;
    put(&record, sizeof record);
    put(payload, length);
}

/* Called before each change. True: this is the instant. */
static int is_the_instant(void) { return ++changes == kill_at; }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static void due(void) {
    if (is_the_instant()) die();
}

/* The path below the folder, or NULL for what lies elsewhere. */
static const char *inside(const char *path, char *space) {
    char folder[PATH_MAX];
    if (!active) return NULL;
    if (path[0] != '/') {
        if (!getcwd(folder, sizeof folder)) return NULL;
        if (snprintf(space, PATH_MAX, "%s/%s", folder, path) >= PATH_MAX) return NULL;
        path = space;
    }
    if (strncmp(path, root, root_length) != 0 || (path[root_length] != '/' && path[root_length] != 0)) return NULL;
    return path[root_length] ? path + root_length + 1 : "";
}

static int handle_of(int fd) { return active && fd >= 0 && fd < MOST_FDS ? handles[fd] : 0; }

static int opened(int fd, const char *path, int flags, int is_new) {
    char space[PATH_MAX];
    const char *name = inside(path, space);
    if (fd < 0 || fd >= MOST_FDS || fd == log_fd) return fd;
    pthread_mutex_lock(&lock);
    handles[fd] = 0;
    if (name) {
        handles[fd] = next_handle++;
        appends[fd] = (flags & O_APPEND) != 0;
        if (is_new || (flags & O_TRUNC)) due();
        note(OPENED, handles[fd], (is_new ? 1 : 0) | ((flags & O_TRUNC) ? 2 : 0), name, strlen(name));
    }
    pthread_mutex_unlock(&lock);
    return fd;
}

static int would_be_new(const char *path, int flags) {
    char space[PATH_MAX];
    struct stat found;
    return (flags & O_CREAT) && inside(path, space) && stat(path, &found) != 0;
}

#define MODE_OF(flags)                            \
    mode_t mode = 0;                              \
    if ((flags) & (O_CREAT | O_TMPFILE)) {        \
        va_list more;                             \
        va_start(more, flags);                    \
        mode = (mode_t)va_arg(more, int);         \
        va_end(more);                             \
    }

int open(const char *path, int flags, ...) {
    MODE_OF(flags)
    int is_new = would_be_new(path, flags);
    return opened(real_open()(path, flags, mode), path, flags, is_new);
}

int open64(const char *path, int flags, ...) {
    MODE_OF(flags)
    int is_new = would_be_new(path, flags);
    return opened(real_open64()(path, flags, mode), path, flags, is_new);
}

int openat(int folder, const char *path, int flags, ...) {
    MODE_OF(flags)
    int is_new = would_be_new(path, flags);
    return opened(real_openat()(folder, path, flags, mode), path, flags, is_new);
}

int openat64(int folder, const char *path, int flags, ...) {
    MODE_OF(flags)
    int is_new = would_be_new(path, flags);
    return opened(real_openat64()(folder, path, flags, mode), path, flags, is_new);
}

int close(int fd) {
    if (fd >= 0 && fd < MOST_FDS) handles[fd] = 0;
    return real_close()(fd);
}

static ssize_t written(int fd, const void *bytes, size_t length, off64_t at, int by_position) {
    ssize_t done;
    int handle;
    pthread_mutex_lock(&lock);
    handle = handle_of(fd);
    if (handle) {
        if (!by_position) {
            struct stat found;
            at = appends[fd] && fstat(fd, &found) == 0 ? found.st_size : lseek64(fd, 0, SEEK_CUR);
        }
        if (is_the_instant()) {
            if (kill_in_the_middle && length > 1) (void)!real_pwrite64()(fd, bytes, length / 2, at);
            die();
        }
    }
    if (handle && full_at && changes >= full_at) {
        /* A disk that fills: what still fits is taken, then nothing more. */
        if (changes == full_at && length > 1) {
            length /= 2;
        } else {
            pthread_mutex_unlock(&lock);
            errno = ENOSPC;
            return -1;
        }
    }
    done = by_position ? real_pwrite64()(fd, bytes, length, at) : real_write()(fd, bytes, length);
    if (handle && done > 0) note(WROTE, handle, at, bytes, (size_t)done);
    pthread_mutex_unlock(&lock);
    return done;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    return handle_of(fd) ? written(fd, bytes, length, 0, 0) : real_write()(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    return handle_of(fd) ? written(fd, bytes, length, at, 1) : real_pwrite()(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    return handle_of(fd) ? written(fd, bytes, length, at, 1) : real_pwrite64()(fd, bytes, length, at);
}

#define CHANGES_A_FILE(call, code, at)                     \
    int done, handle;                                      \
    pthread_mutex_lock(&lock);                             \
    handle = handle_of(fd);                                \
    if (handle) due();                                     \
    done = call;                                           \
    if (handle && done == 0) note(code, handle, at, "", 0); \
    pthread_mutex_unlock(&lock);                           \
    return done;

int ftruncate(int fd, off_t size) { CHANGES_A_FILE(real_ftruncate()(fd, size), CUT, size) }
int ftruncate64(int fd, off64_t size) { CHANGES_A_FILE(real_ftruncate64()(fd, size), CUT, size) }
int fsync(int fd) { CHANGES_A_FILE(real_fsync()(fd), SYNCED, 0) }
int fdatasync(int fd) { CHANGES_A_FILE(real_fdatasync()(fd), SYNCED, 0) }

#define CHANGES_A_NAME(path, call, code)                                        \
    char space[PATH_MAX];                                                       \
    const char *name = inside(path, space);                                     \
    int done;                                                                   \
    pthread_mutex_lock(&lock);                                                  \
    if (name) due();                                                            \
    done = call;                                                                \
    if (name && done == 0) note(code, 0, 0, name, strlen(name));                \
    pthread_mutex_unlock(&lock);                                                \
    return done;

int unlink(const char *path) { CHANGES_A_NAME(path, real_unlink()(path), REMOVED) }
int unlinkat(int folder, const char *path, int flags) {
    CHANGES_A_NAME(path, real_unlinkat()(folder, path, flags), flags & AT_REMOVEDIR ? REMOVED_FOLDER : REMOVED)
}
int mkdir(const char *path, mode_t mode) { CHANGES_A_NAME(path, real_mkdir()(path, mode), MADE_FOLDER) }
int rmdir(const char *path) { CHANGES_A_NAME(path, real_rmdir()(path), REMOVED_FOLDER) }

static void note_rename(const char *from, const char *to) {
    char both[2 * PATH_MAX];
    size_t first = strlen(from) + 1, second = strlen(to);
    memcpy(both, from, first);
    memcpy(both + first, to, second);
    note(RENAMED, 0, 0, both, first + second);
}

#define RENAMES(call)                                          \
    char space[PATH_MAX], other[PATH_MAX];                     \
    const char *old = inside(from, space), *new = inside(to, other); \
    int done;                                                  \
    pthread_mutex_lock(&lock);                                 \
    if (old && new) due();                                     \
    done = call;                                               \
    if (old && new && done == 0) note_rename(old, new);        \
    pthread_mutex_unlock(&lock);                               \
    return done;

int rename(const char *from, const char *to) { RENAMES(real_rename()(from, to)) }
int renameat(int a, const char *from, int b, const char *to) { RENAMES(real_renameat()(a, from, b, to)) }

/* What the harness calls, in the process that is to be watched. */

void recorder_start(const char *folder, const char *log, int64_t at, int in_the_middle) {
    snprintf(root, sizeof root, "%s", folder);
    root_length = strlen(root);
    log_fd = log && log[0] ? real_open()(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    changes = 0;
    kill_at = at;
    kill_in_the_middle = in_the_middle;
    memset(handles, 0, sizeof handles);
    active = 1;
}

/* From the n-th change on the disk is full. */
void recorder_full(int64_t at) { full_at = at; }

void recorder_mark(int64_t number) {
    pthread_mutex_lock(&lock);
    note(MARKED, 0, number, "", 0);
    pthread_mutex_unlock(&lock);
}

int64_t recorder_changes(void) { return changes; }
