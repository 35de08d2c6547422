/* SPDX-License-Identifier: MIT */
#include <systemd/sd-daemon.h>
/* Functions with "..." are not imported by Swift; those that take whole strings and arrays do the same. */
#include <systemd/sd-journal.h>
