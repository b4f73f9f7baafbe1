#pragma once
#include <sqlite3.h>

// A cast that Swift does not import: SQLite copies the bytes before the call returns.
static inline sqlite3_destructor_type sqlite_transient(void) { return SQLITE_TRANSIENT; }
