/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/openat2.h>
#include <malloc.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

int dementiad_rename_noreplace(const char *from, const char *to) {
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE);
}

int dementiad_set_thread_name(pthread_t thread, const char *name) {
    char cut[16];
    strncpy(cut, name, sizeof cut - 1);
    cut[sizeof cut - 1] = '\0';
    return pthread_setname_np(thread, cut);
}

int dementiad_filesystem_type(const char *path, uint64_t *type) {
    struct statfs status;
    int result;
    do {
        result = statfs(path, &status);
    } while (result == -1 && errno == EINTR);
    /* f_type is signed, and some magic numbers have the top bit of 32 set. */
    if (result == 0) *type = (uint32_t)status.f_type;
    return result;
}

unsigned int dementiad_device_major(dev_t device) { return major(device); }
unsigned int dementiad_device_minor(dev_t device) { return minor(device); }

int dementiad_pidfd_open(pid_t pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

int dementiad_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int dementiad_spawn_closes_from(void *file_actions, int lowest) {
    return posix_spawn_file_actions_addclosefrom_np(file_actions, lowest);
}

_Static_assert(sizeof(dementiad_credentials) == sizeof(struct ucred), "the kernel fills a struct ucred");

int dementiad_peer_credentials(int socket, dementiad_credentials *credentials) {
    socklen_t length = sizeof *credentials;
    return getsockopt(socket, SOL_SOCKET, SO_PEERCRED, credentials, &length);
}

char **dementiad_environment(void) { return environ; }

int dementiad_open_without_links(const char *path, int flags, mode_t mode) {
    struct open_how how = {
        .flags = (uint64_t)flags,
        .mode = (flags & O_CREAT) ? mode : 0,
        .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    return (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof how);
}

static int release_object(struct dl_phdr_info *info, size_t size, void *page_size) {
    (void)size;
    const uintptr_t page = *(const uintptr_t *)page_size;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        /* What was written to is no copy of the file any more. */
        if (part->p_type != PT_LOAD || (part->p_flags & PF_W)) continue;
        const uintptr_t start = (info->dlpi_addr + part->p_vaddr + page - 1) & ~(page - 1);
        const uintptr_t end = (info->dlpi_addr + part->p_vaddr + part->p_filesz) & ~(page - 1);
        /* Advice: where it is not taken, nothing is lost. */
        if (start < end) (void)madvise((void *)start, end - start, MADV_DONTNEED);
    }
    return 0;
}

void dementiad_release_memory(void) {
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    malloc_trim(0);
    dl_iterate_phdr(release_object, &page);
}
