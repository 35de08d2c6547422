/* SPDX-License-Identifier: MIT */
#ifndef DEMENTIAD_CLINUX_H
#define DEMENTIAD_CLINUX_H

#include <pthread.h>
#include <stdint.h>
#include <sys/types.h>

/* renameat2 and RENAME_NOREPLACE stand behind _GNU_SOURCE, which Swift's Glibc module does not define. */
int dementiad_rename_noreplace(const char *from, const char *to);

/* openat2 has no function in the C library. As open, and -1 with ELOOP when any part of the path is a symbolic link. */
int dementiad_open_without_links(const char *path, int flags, mode_t mode);

/* pthread_setname_np stands behind _GNU_SOURCE. The name is cut to the kernel's 15 bytes. */
int dementiad_set_thread_name(pthread_t thread, const char *name);

/* struct statfs and its function share one name, and Swift imports neither. Gives the magic number of the filesystem. */
int dementiad_filesystem_type(const char *path, uint64_t *type);

/* major and minor are macros over functions, which Swift does not import. */
unsigned int dementiad_device_major(dev_t device);
unsigned int dementiad_device_minor(dev_t device);

/* The system call's number is a macro that Swift does not import. */
int dementiad_pidfd_open(pid_t pid);

/* pipe2 stands behind _GNU_SOURCE. Both ends are closed on exec: a program that somebody else starts meanwhile gets neither. */
int dementiad_pipe(int descriptors[2]);

/* Stands behind _GNU_SOURCE. The program that is started has no descriptor from `lowest` on, whatever libraries have opened without
   close-on-exec. posix_spawn_file_actions_t is passed as an untyped pointer: spawn.h itself is imported from Glibc. */
int dementiad_spawn_closes_from(void *file_actions, int lowest);

/* struct ucred stands behind _GNU_SOURCE. The same three fields, so that getsockopt(SO_PEERCRED) may fill it. */
typedef struct {
    pid_t pid;
    uid_t uid;
    gid_t gid;
} dementiad_credentials;

/* Who is at the other end of a connected Unix socket: what the kernel noted when the connection was made. */
int dementiad_peer_credentials(int socket, dementiad_credentials *credentials);

/* environ is a pointer that may be null, and Swift imports it as one that may not. */
char **dementiad_environment(void);

/* dl_iterate_phdr stands behind _GNU_SOURCE. Gives back the memory that holds unchanged pages of the program's and its libraries' files,
   which come back from the page cache when they are needed, and what malloc keeps for later. */
void dementiad_release_memory(void);

#endif
