// SPDX-License-Identifier: MIT

/// The page in every vault for a person who has nothing but this directory and stock tools.
enum RestoreGuide {
    static let text = """
        HOW TO GET A MEMORY BACK
        ========================

        You need no dementiad for this, only sha256sum, zstd, and sqlite3 or psql.
        On Debian or Ubuntu:  apt install zstd sqlite3 postgresql-client

        Nothing on this page changes a backup. Take your time. If dementiad still
        runs, `dementiactl backup list` and `dementiactl restore ID` do all of this
        for you, and keep a copy of what is there now.

        1. Find the backup
        ------------------
        stores/<name>-<id>/store.json says which memory a folder belongs to.
        Each backup is a folder inside it:

            000042_20251109T120102.345Z_migration_s2_9f3c1a77b2e0
            number _ when (UTC)        _ why     _ schema _ checksum

        A higher number is newer, whatever the times say. Folders called
        .incoming and trash hold no backups.

        2. Check that it is whole
        -------------------------
            cd stores/<name>-<id>/<backup>
            sha256sum -c SHA256SUMS              every line must end in OK
            sha256sum SHA256SUMS | cut -c1-12    must be the end of the folder's name

        If a line does not say OK, take the next older backup.
        MANIFEST.json tells what the backup holds: tables, rows, versions.

        3a. A SQLite memory (data.db.zst)
        ---------------------------------
        Unpack beside it first, never over it:

            zstd -d data.db.zst -o /tmp/memory.db
            sqlite3 /tmp/memory.db 'PRAGMA integrity_check'    must answer: ok

        Look inside with `sqlite3 /tmp/memory.db` as long as you like. To put it back:

        a) Close every program that uses the memory: the editor, the assistant, the
           server. Stop the guard too, so that it does not work on it meanwhile:

               systemctl --user stop dementiad.socket dementiad.service
               (or: sudo systemctl stop 'dementiad@*')

        b) Make sure that nobody has it open. This must print nothing:

               fuser -v MEMORY MEMORY-wal MEMORY-shm

           MEMORY is the path in store.json, such as /home/me/shop/.claude-memory.db.

        c) Move the present state aside, all of it. Never delete it and never leave
           a -wal or a -journal behind: SQLite would mix it into the restored file.

               mkdir -m 700 /home/me/before-restore
               mv MEMORY /home/me/before-restore/
               mv MEMORY-wal MEMORY-shm MEMORY-journal /home/me/before-restore/

           It is fine when the second line says that some are not there.

        d) Put the copy in its place and check it there:

               cp /tmp/memory.db MEMORY
               chmod 600 MEMORY
               sync
               sqlite3 MEMORY 'PRAGMA integrity_check'

        e) Start your programs. If you want the other state back after all: it is in
           before-restore, main file, -wal and all. Move all of it back together.

        3b. A PostgreSQL memory (dump.sql.zst)
        --------------------------------------
        The dump is one transaction that stops at the first error: all of it arrives
        or nothing does. It recreates its schema, so that name must be free. Rename
        what is there now, do not drop it:

            psql "$URL" -c 'ALTER SCHEMA shop RENAME TO shop_before_restore'
            zstd -dc dump.sql.zst | psql -X "$URL"
            echo "${PIPESTATUS[@]}"              must answer: 0 0

        Close the programs that use the schema first: a server that writes meanwhile
        would write into the renamed one. When something fails, nothing was changed;
        rename the schema back. The dump's first lines name the extensions it needs.

        4. Afterwards
        -------------
        Restored files hold live tokens: remove /tmp/memory.db when you are done.
        Start the guard again. It will find the older state and may offer to migrate
        it; `dementiactl hold add` tells it to wait.

        """
}
