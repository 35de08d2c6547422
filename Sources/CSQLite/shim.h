/* SPDX-License-Identifier: MIT */
#ifndef DEMENTIAD_CSQLITE_SHIM_H
#define DEMENTIAD_CSQLITE_SHIM_H
#include <sqlite3.h>

/* sqlite3_db_config is variadic, and Swift imports no variadic C function. */
static inline int dementiad_sqlite3_db_config_bool(sqlite3 *db, int operation, int value, int *result) {
    return sqlite3_db_config(db, operation, value, result);
}

/* A macro with a cast, which Swift does not import. */
static inline sqlite3_destructor_type dementiad_sqlite3_transient(void) { return SQLITE_TRANSIENT; }
#endif
