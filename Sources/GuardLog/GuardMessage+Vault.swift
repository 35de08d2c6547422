// SPDX-License-Identifier: MIT

internal import Logging

extension GuardMessage {
    public static let backupTaken = GuardMessage(
        "bbc0f077b5744fd0b8074135c1fca57f", .notice, "A scheduled backup was taken and proved",
        """
        The memory @DEMENTIA_LOCATION@ had changed since its last backup, and a new one
        was due. It was restored into scratch and compared: it can be relied on.

        Every backup of it: dementiactl backup list @DEMENTIA_STORE@
        """)

    public static let drillProved = GuardMessage(
        "bcfbfb1dd8b047c9a9f74c11d836ec6c", .info, "A backup was proved again",
        """
        The backup @DEMENTIA_BACKUP@ was restored into scratch and is still what it was
        when it was taken. There is nothing to do.
        """)

    public static let drillFailed = GuardMessage(
        "619e869621bc4621a24f75378b53bfe8", .error, "A backup can no longer be restored",
        """
        The backup @DEMENTIA_BACKUP@ was fine when it was taken and is not any more:
        @DEMENTIA_ERROR@. That is often the first sign of a failing disk.

        1. Take a new one now: dementiactl backup create @DEMENTIA_STORE@
        2. Prove every other: dementiactl backup verify --all
        3. Look at the disk that holds the vault, and move the vault when in doubt.
        """)

    public static let backupsPruned = GuardMessage(
        "e4d85d79fe9c4169a181b7e2f8db7f94", .info, "Old backups were removed",
        """
        No rule of backup.keep named them any more. The newest proved backup of every
        memory stays whatever the rules say, and so does every pinned one.

        To keep one for ever: dementiactl backup pin ID
        """)

    public static let budgetExceeded = GuardMessage(
        "b7697948c878427d9ec5ca0d59d68901", .warning, "The backups take more room than they may",
        """
        All backups together take more than backup.budget allows, and everything that is
        left has to be kept: the newest of each memory, and pinned ones. A backup that
        would not fit is refused, and without it nothing is migrated.

        Change backup.budget or backup.keep, unpin some (dementiactl backup list), or
        give the vault a larger disk.
        """)

    public static let floorReached = GuardMessage(
        "5ab9c4c11d28472cb4bab335510e4a2f", .error, "There is no room for backups",
        """
        The filesystem of the vault has less room left than backup.minFree wants to stay
        free. Without a backup nothing is migrated. What is in the vault can be listed,
        verified and restored as ever.

        Make room: dementiactl backup prune --dry-run, then dementiactl backup prune
        """)

    static let aboutTheVault = [
        backupTaken, drillProved, drillFailed, backupsPruned, budgetExceeded, floorReached,
    ]

    public static let watchLimitReached = GuardMessage(
        "91715427fd0348da95e061a2f5f0ef72", .warning, "The system's limit of file watches is reached",
        """
        @DEMENTIA_LOCATION@ cannot be watched: @DEMENTIA_ERROR@. It is looked at every
        watch.pollEvery instead; a change is noticed later, but it is noticed.

        The limit and its use: sysctl fs.inotify, dementiactl doctor
        To raise it, as root:
        echo fs.inotify.max_user_watches=524288 >/etc/sysctl.d/60-inotify.conf
        sysctl --system
        """)

    public static let watchPolled = GuardMessage(
        "9b8fadc6e7114e9980ac300e2707a6ee", .info, "A folder is polled, because it tells nobody of its changes",
        """
        @DEMENTIA_LOCATION@ lies on a filesystem (@DEMENTIA_FILESYSTEM@) that does not
        report what other machines change. It is looked at every watch.pollEvery; a
        change is noticed later, but it is noticed. There is nothing to do.
        """)

    public static let watchOverflow = GuardMessage(
        "5927a05e6f944e309dc0aabfbb603b6e", .warning, "File events were lost, and everything was looked at again",
        """
        More happened in watched folders than the system keeps events for. Nothing is
        missed by that: every memory and every release is examined anew.

        If it happens often, take busy folders out of discover.roots, or raise
        fs.inotify.max_queued_events (sysctl).
        """)

    static let aboutWatching = [watchLimitReached, watchPolled, watchOverflow]
}
