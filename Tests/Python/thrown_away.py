# SPDX-License-Identifier: MIT
"""A place that is thrown away: what a program writes in there is gone afterwards, and nothing else can be written."""

import ctypes
import os
import subprocess
import sys
import tempfile

CLONE_NEWNS, CLONE_NEWUSER = 0x00020000, 0x10000000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x4000, 0x40000
AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY, SYS_MOUNT_SETATTR = -100, 0x8000, 0x1, 442

libc = ctypes.CDLL(None, use_errno=True)


def checked(name, result):
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def enter(folder):
    """Moves this process into a mount namespace of its own in which `folder` is new and empty, and all else is read-only."""
    uid, gid = os.geteuid(), os.getegid()
    if libc.unshare(CLONE_NEWNS) != 0:
        # An ordinary user, or root without the right to mount: both may in a user namespace of their own.
        checked("unshare", libc.unshare(CLONE_NEWUSER | CLONE_NEWNS))
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)
    checked("mount", libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
    checked(
        "mount_setattr",
        libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, b"/", AT_RECURSIVE, attributes, ctypes.sizeof(attributes)))
    checked("mount", libc.mount(b"tmpfs", folder.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, b"mode=0700"))
    os.chdir(folder)
    os.environ.update(HOME=folder, TMPDIR=folder, PWD=folder)


def run(command):
    """Runs `command` in such a place, its working folder; gives its exit status, or raises OSError where no such place can be made."""
    folder = tempfile.mkdtemp(prefix="thrown-away-")
    try:
        child = os.fork()
        if child == 0:
            # 77: the kernel does not let this user make such a place.
            status = 77
            try:
                enter(folder)
                status = subprocess.call(command)
            except OSError as error:
                print(f"thrown_away: {error}", flush=True)
            finally:
                os._exit(status)
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    finally:
        os.rmdir(folder)


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
