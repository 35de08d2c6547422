# SPDX-License-Identifier: MIT
"""The faults that the laboratory has found, each once: which part met it, what it was, and what mended it."""

import collections

# `mended` names the test that holds it; empty while it is open.
Fault = collections.namedtuple("Fault", "part what mended")

KNOWN = [
    Fault("damage", "The daemon ended with SIGSEGV when it was asked to stop while a thread hashed: OpenSSL's exit handler had freed what the "
          "thread was using (3 of 40 stops).", "GuardCoreTests.HashAtExitTests"),
    Fault("hostile", "A whole memory was called damaged and got no backup: SQLite 3.40's integrity check complains about numbers in a table "
          "without rowids whose column has a text as its default.", "StoresTests.StrangeContentTests"),
    Fault("fail", "A pass ended with \"untouched\" and exit status 7 after it had migrated a memory, when the vault could not be listed for "
          "the report.", "EngineTests.StatusTruthTests"),
    Fault("stops", "A daemon that was told to stop right after READY=1 was ended by the signal (24 of 25 times): it told that it was ready before "
          "it caught signals.", "ReliabilityTests.QuickSelectionTests"),
    Fault("fulldisk", "Without a free block under the state folder a verification of backups is refused: the journal cannot take the operation, "
          "and `dementiad once --verify-backups` cannot open it. Listing, status and prune work.", ""),
]
