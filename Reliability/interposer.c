// SPDX-License-Identifier: MIT
//
// Stands between a program and the C library (LD_PRELOAD), counts the calls that concern files below LAB_ROOT or a PostgreSQL server,
// over all threads, and makes the chosen one end the process, fail, do half of its work, write a wrong byte, or wait for the laboratory.
//
// LAB_PAGE names a file of 4096 bytes that the laboratory maps too: it arms the counting while the program runs, and reads afterwards
// which call was met. LAB_TRACE names a file that gets one line per counted call. A program of another name than LAB_PROGRAM is left
// alone: children inherit the environment.

#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

enum class { WRITES = 1, SYNCS = 2, NAMES = 4, CREATES = 8, TRUNCATES = 16, OPENS = 32, READS = 64, MAPS = 128, CLOSES = 256, SENDS = 512, RECEIVES = 1024 };
enum action { COUNT, KILL_BEFORE, KILL_AFTER, TEAR, FAIL_ONCE, FAIL_ON, SHORT, LIE, WAIT };

struct page {
    volatile uint32_t armed;
    uint32_t action;
    uint64_t target;
    volatile uint64_t count;
    uint32_t error;
    uint32_t classes;
    volatile uint32_t met;
    uint32_t unused;
    char call[32];
    char path[512];
    char filter[64];  // calls on other paths are not counted; empty: all are
};

static struct page *page;
static char root[512];
static size_t root_length;
static int trace = -1;

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("LAB_PAGE"), *below = getenv("LAB_ROOT"), *name = getenv("LAB_PROGRAM"), *lines = getenv("LAB_TRACE");
    if (!file || !below) return;
    if (name && strcmp(program_invocation_short_name, name) != 0) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *memory = (void *)syscall(SYS_mmap, 0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    syscall(SYS_close, fd);
    if (memory == MAP_FAILED) return;
    snprintf(root, sizeof root, "%s", below);
    root_length = strlen(root);
    if (lines) trace = (int)syscall(SYS_openat, AT_FDCWD, lines, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    page = memory;
}

static int is_below(const char *path) { return strncmp(path, root, root_length) == 0; }

static int path_of(int fd, char *path, size_t size) {
    char link[40];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long length = syscall(SYS_readlinkat, AT_FDCWD, link, path, size - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_below(path);
}

static int path_at(int folder, const char *name, char *path, size_t size) {
    if (name[0] == '/') {
        snprintf(path, size, "%s", name);
    } else {
        char parent[512] = ".";
        if (folder != AT_FDCWD && !path_of(folder, parent, sizeof parent)) return 0;
        if (folder == AT_FDCWD && syscall(SYS_getcwd, parent, sizeof parent) < 0) return 0;
        snprintf(path, size, "%s/%s", parent, name);
    }
    return is_below(path);
}

static int is_server(int fd, char *path, size_t size) {
    struct sockaddr_un peer;
    socklen_t length = sizeof peer;
    memset(&peer, 0, sizeof peer);
    if (syscall(SYS_getpeername, fd, &peer, &length) != 0 || peer.sun_family != AF_UNIX) return 0;
    if (!strstr(peer.sun_path, "/.s.PGSQL.")) return 0;
    snprintf(path, size, "%s", peer.sun_path);
    return 1;
}

static void end_process(void) {
    syscall(SYS_kill, syscall(SYS_getpid), SIGKILL);
    for (;;) syscall(SYS_pause);
}

// What becomes of one call. COUNT: it runs as it is.
static enum action judge(enum class class, const char *call, const char *path) {
    if (!page || !page->armed || !(page->classes & class)) return COUNT;
    if (page->filter[0] && !strstr(path, page->filter)) return COUNT;
    uint64_t number = __atomic_add_fetch(&page->count, 1, __ATOMIC_SEQ_CST);
    if (trace >= 0) {
        char line[1200];
        int length = snprintf(line, sizeof line, "%llu %s %s\n", (unsigned long long)number, call, path);
        if (length >= (int)sizeof line) length = sizeof line - 1;
        syscall(SYS_write, trace, line, (size_t)length);
    }
    enum action action = page->action;
    if (action == COUNT || page->target == 0) return COUNT;
    if (action == FAIL_ON ? number < page->target : number != page->target) return COUNT;
    if (page->met++ == 0) {
        snprintf(page->call, sizeof page->call, "%s", call);
        snprintf(page->path, sizeof page->path, "%s", path);
    }
    if (action == KILL_BEFORE) end_process();
    if (action == WAIT) {
        while (page->armed) syscall(SYS_sched_yield);
        return COUNT;
    }
    if (action == FAIL_ONCE || action == FAIL_ON) errno = (int)page->error;
    return action;
}

// The same bytes but for one in the middle: what a disk that lies keeps.
static const void *lie(const void *bytes, size_t count) {
    char *copy = malloc(count);
    if (!copy) return bytes;
    memcpy(copy, bytes, count);
    copy[count / 2] ^= 16;
    return copy;
}

#define IS_FAILURE(action) ((action) == FAIL_ONCE || (action) == FAIL_ON)

// A call on a descriptor of a file below the root.
#define BY_FILE(class, type, name, parameters, arguments, fd, failure)                                  \
    type name parameters {                                                                              \
        static type(*next) parameters;                                                                  \
        if (!next) next = real(#name);                                                                  \
        char path[512];                                                                                 \
        if (!page || !path_of(fd, path, sizeof path)) return next arguments;                            \
        enum action action = judge(class, #name, path);                                                 \
        if (IS_FAILURE(action)) return failure;                                                         \
        type result = next arguments;                                                                   \
        if (action == KILL_AFTER || action == TEAR) end_process();                                      \
        return result;                                                                                  \
    }

// A call that moves bytes: a torn or a short one moves the first half of them.
#define BY_BYTES(class, name, parameters, arguments, count, spoil)                                             \
    ssize_t name parameters {                                                                           \
        static ssize_t(*next) parameters;                                                               \
        if (!next) next = real(#name);                                                                  \
        char path[512];                                                                                 \
        if (!page || !path_of(fd, path, sizeof path)) return next arguments;                            \
        enum action action = judge(class, #name, path);                                                 \
        if (IS_FAILURE(action)) return -1;                                                              \
        if ((action == TEAR || action == SHORT) && count > 1) count /= 2;                               \
        if (action == LIE && count > 0) spoil;                                                          \
        ssize_t result = next arguments;                                                                \
        if (action == KILL_AFTER || action == TEAR) end_process();                                      \
        return result;                                                                                  \
    }

// A call on a name below the root.
#define BY_NAME(name, parameters, arguments, folder, file)                                              \
    int name parameters {                                                                               \
        static int(*next) parameters;                                                                   \
        if (!next) next = real(#name);                                                                  \
        char path[1024];                                                                                \
        if (!page || !path_at(folder, file, path, sizeof path)) return next arguments;                  \
        enum action action = judge(NAMES, #name, path);                                                 \
        if (IS_FAILURE(action)) return -1;                                                              \
        int result = next arguments;                                                                    \
        if (action == KILL_AFTER || action == TEAR) end_process();                                      \
        return result;                                                                                  \
    }

// A call on two names, which is told as NEW<tab>OLD.
#define BY_NAMES(name, parameters, arguments, folder, file, other_folder, other_file)                   \
    int name parameters {                                                                               \
        static int(*next) parameters;                                                                   \
        if (!next) next = real(#name);                                                                  \
        char path[1024], old[512];                                                                      \
        if (!page || !path_at(other_folder, other_file, path, 512)) return next arguments;              \
        if (!path_at(folder, file, old, sizeof old)) old[0] = 0;                                        \
        strcat(strcat(path, "\t"), old);                                                                \
        enum action action = judge(NAMES, #name, path);                                                 \
        if (IS_FAILURE(action)) return -1;                                                              \
        int result = next arguments;                                                                    \
        if (action == KILL_AFTER || action == TEAR) end_process();                                      \
        return result;                                                                                  \
    }

// A call on a connection to a server.
#define BY_SERVER(class, name, parameters, arguments)                                                   \
    ssize_t name parameters {                                                                           \
        static ssize_t(*next) parameters;                                                               \
        if (!next) next = real(#name);                                                                  \
        char path[512];                                                                                 \
        if (!page || !(page->classes & class) || !is_server(fd, path, sizeof path)) return next arguments; \
        enum action action = judge(class, #name, path);                                                 \
        if (IS_FAILURE(action)) return -1;                                                              \
        if ((action == TEAR || action == SHORT) && count > 1) count /= 2;                               \
        ssize_t result = next arguments;                                                                \
        if (action == KILL_AFTER || action == TEAR) end_process();                                      \
        return result;                                                                                  \
    }

BY_BYTES(WRITES, write, (int fd, const void *bytes, size_t count), (fd, bytes, count), count, bytes = lie(bytes, count))
BY_BYTES(WRITES, pwrite, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, count, at), count, bytes = lie(bytes, count))
BY_BYTES(WRITES, pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, count, at), count, bytes = lie(bytes, count))
BY_BYTES(READS, read, (int fd, void *bytes, size_t count), (fd, bytes, count), count, (void)bytes)
BY_BYTES(READS, pread, (int fd, void *bytes, size_t count, off_t at), (fd, bytes, count, at), count, (void)bytes)
BY_BYTES(READS, pread64, (int fd, void *bytes, size_t count, off64_t at), (fd, bytes, count, at), count, (void)bytes)
BY_FILE(SYNCS, int, fsync, (int fd), (fd), fd, -1)
BY_FILE(SYNCS, int, fdatasync, (int fd), (fd), fd, -1)
BY_FILE(TRUNCATES, int, ftruncate, (int fd, off_t size), (fd, size), fd, -1)
BY_FILE(TRUNCATES, int, ftruncate64, (int fd, off64_t size), (fd, size), fd, -1)
BY_FILE(MAPS, void *, mmap, (void *at, size_t size, int way, int flags, int fd, off_t start), (at, size, way, flags, fd, start), fd, MAP_FAILED)
BY_FILE(MAPS, void *, mmap64, (void *at, size_t size, int way, int flags, int fd, off64_t start), (at, size, way, flags, fd, start), fd, MAP_FAILED)
BY_NAMES(rename, (const char *from, const char *to), (from, to), AT_FDCWD, from, AT_FDCWD, to)
BY_NAMES(renameat2, (int one, const char *from, int other, const char *to, unsigned flags), (one, from, other, to, flags), one, from, other, to)
BY_NAMES(link, (const char *from, const char *to), (from, to), AT_FDCWD, from, AT_FDCWD, to)
BY_NAMES(linkat, (int one, const char *from, int other, const char *to, int flags), (one, from, other, to, flags), one, from, other, to)
BY_NAME(unlink, (const char *file), (file), AT_FDCWD, file)
BY_NAME(unlinkat, (int folder, const char *file, int flags), (folder, file, flags), folder, file)
BY_NAME(mkdir, (const char *file, mode_t mode), (file, mode), AT_FDCWD, file)
BY_NAME(rmdir, (const char *file), (file), AT_FDCWD, file)
BY_SERVER(SENDS, send, (int fd, const void *bytes, size_t count, int flags), (fd, bytes, count, flags))
BY_SERVER(RECEIVES, recv, (int fd, void *bytes, size_t count, int flags), (fd, bytes, count, flags))

// A descriptor is released whatever `close` reports.
int close(int fd) {
    static int (*next)(int);
    if (!next) next = real("close");
    char path[512];
    if (!page || !(page->classes & CLOSES) || !path_of(fd, path, sizeof path)) return next(fd);
    enum action action = judge(CLOSES, "close", path);
    int error = errno, result = next(fd);
    if (IS_FAILURE(action)) {
        errno = error;
        return -1;
    }
    if (action == KILL_AFTER || action == TEAR) end_process();
    return result;
}

static int open_way(const char *call, int folder, const char *name, int flags, mode_t mode) {
    char path[1024];
    if (page && path_at(folder, name, path, sizeof path)) {
        enum action action = judge(flags & O_CREAT ? CREATES : OPENS, call, path);
        if (IS_FAILURE(action)) return -1;
        int result = (int)syscall(SYS_openat, folder, name, flags, mode);
        if (action == KILL_AFTER || action == TEAR) end_process();
        return result;
    }
    return (int)syscall(SYS_openat, folder, name, flags, mode);
}

#define MODE                                                                                            \
    mode_t mode = 0;                                                                                    \
    if (flags & (O_CREAT | __O_TMPFILE)) {                                                              \
        va_list more;                                                                                   \
        va_start(more, flags);                                                                          \
        mode = va_arg(more, mode_t);                                                                    \
        va_end(more);                                                                                   \
    }

int open(const char *name, int flags, ...) { MODE return open_way("open", AT_FDCWD, name, flags, mode); }
int open64(const char *name, int flags, ...) { MODE return open_way("open64", AT_FDCWD, name, flags, mode); }
int openat(int folder, const char *name, int flags, ...) { MODE return open_way("openat", folder, name, flags, mode); }
int openat64(int folder, const char *name, int flags, ...) { MODE return open_way("openat64", folder, name, flags, mode); }

// `openat2` has no wrapper in the C library.
long syscall(long number, ...) {
    static long (*next)(long, ...);
    if (!next) next = real("syscall");
    va_list more;
    va_start(more, number);
    long a[6];
    for (int i = 0; i < 6; i++) a[i] = va_arg(more, long);
    va_end(more);
    char path[1024];
    if (number == SYS_openat2 && page && path_at((int)a[0], (const char *)a[1], path, sizeof path)) {
        enum action action = judge(CREATES, "openat2", path);
        if (IS_FAILURE(action)) return -1;
        long result = next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
        if (action == KILL_AFTER || action == TEAR) end_process();
        return result;
    }
    return next(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}
