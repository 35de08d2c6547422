// SPDX-License-Identifier: MIT

internal import Logging

extension GuardMessage {
    public static let releaseNoticed = GuardMessage(
        "018dd52762c34bc9b3165338de5ac902", .notice, "Another release of Dementia is installed",
        """
        The Dementia in @DEMENTIA_LOCATION@ is now @DEMENTIA_RELEASE@. Memories that it
        uses are looked at, backed up and migrated as the configuration allows.

        What each of them needs: dementiactl plan
        """)

    public static let releaseUnknown = GuardMessage(
        "7823a43c5f4f4bb18315f07ffec0b955", .warning, "A release of Dementia that is not known",
        """
        The Dementia in @DEMENTIA_LOCATION@ (@DEMENTIA_RELEASE@) is newer than this
        dementiad, so nobody here knows what it does to a memory. Every memory that it
        may touch was backed up at once. When it changes one, the change is compared
        with that backup and reported.

        The backups: dementiactl backup list
        A newer dementiad may know it: see UPGRADING.md.
        """)

    public static let checkoutBusy = GuardMessage(
        "a4e1559556974e43b332600db25fdbd8", .warning, "A checkout of Dementia is in the middle of a change",
        """
        A git operation (a pull, a merge, a rebase) is under way in
        @DEMENTIA_LOCATION@ since @DEMENTIA_SINCE@. What is half checked out is no
        release, so dementiad waits for its end and migrates nothing for it.

        When nobody is working there any more, finish or abort it: git status
        """)

    public static let lineChangeOffered = GuardMessage(
        "2880c5cf97eb414192a15f9e09042af8", .notice, "A memory could move to another line of Dementia",
        """
        The installed Dementia works with another kind of memory than
        @DEMENTIA_LOCATION@ is. Such a move is never made without being told: the old
        memory stays as it is.

        What would move, and how:
        dementiactl transfer @DEMENTIA_STORE@ --to URL#SCHEMA --dry-run
        """)

    static let aboutReleases = [releaseNoticed, releaseUnknown, checkoutBusy, lineChangeOffered]

    public static let storeFound = GuardMessage(
        "553b70382a144ec2a42d79c6ad71e68f", .notice, "A memory was found and is guarded from now on",
        """
        @DEMENTIA_LOCATION@ is a memory of Dementia that was not known before.

        What is known of it: dementiactl stores show @DEMENTIA_STORE@
        To leave it alone: dementiactl hold add @DEMENTIA_STORE@
        """)

    public static let storeUnknown = GuardMessage(
        "5b1f0f6c3b0e4d0f9f6b6f4a2c9d7e18", .warning, "What has the name of a memory is none that is known",
        """
        @DEMENTIA_LOCATION@ has the name of a memory and is no database, or one of a
        shape that this dementiad does not know. It is left alone: @DEMENTIA_ERROR@

        What is known of it: dementiactl stores show @DEMENTIA_STORE@
        If it is no memory: dementiactl stores forget @DEMENTIA_STORE@
        """)

    public static let storeMissing = GuardMessage(
        "688e3980d40141b2bc8a9475320678a6", .warning, "A memory is not where it was",
        """
        @DEMENTIA_LOCATION@ is gone, or the disk or home that holds it is not there.
        Its backups stay, and it is guarded again as soon as it is back.

        To bring it back from a backup: dementiactl backup list @DEMENTIA_STORE@, then
        dementiactl restore ID
        If it was deleted on purpose: dementiactl stores forget @DEMENTIA_STORE@
        """)

    public static let storeBack = GuardMessage(
        "2b329c7924ec4e549b236485d0c08032", .notice, "A memory is where it was again",
        """
        @DEMENTIA_LOCATION@ had gone, and is there again. It is guarded as before; when
        its content is another one, it is backed up as any changed memory is.

        What is known of it: dementiactl stores show @DEMENTIA_STORE@
        """)

    public static let storeMigratedItself = GuardMessage(
        "8378f1c2ce8e44ba97c0e940c613a3ac", .notice, "The application migrated a memory by itself",
        """
        The schema of @DEMENTIA_LOCATION@ changed, and it was not dementiad that did it.
        Compared with the backup from before, no row was lost or changed.

        Table by table: dementiactl verify @DEMENTIA_STORE@
        To go back nevertheless: dementiactl restore @DEMENTIA_BACKUP@
        """)

    public static let storeLostRows = GuardMessage(
        "614aee233e0e462ab237dd1d73d92046", .error, "The application migrated a memory by itself and lost data",
        """
        The schema of @DEMENTIA_LOCATION@ changed, and it was not dementiad that did it.
        Compared with the backup from before, rows are gone or hold other values; the
        message says which tables. dementiad does not undo what somebody else did
        without being told.

        Table by table: dementiactl verify @DEMENTIA_STORE@
        What going back would do: dementiactl restore @DEMENTIA_BACKUP@ --dry-run
        To go back (the present state is backed up first):
        dementiactl restore @DEMENTIA_BACKUP@
        """)

    public static let serverUnreachable = GuardMessage(
        "3c8d1fa6a1514633bdb9964acb1ff1c8", .warning, "A database server cannot be reached",
        """
        A server that is configured does not answer, or does not let dementiad in:
        @DEMENTIA_ERROR@. The memories on it are neither backed up nor migrated until
        it does; dementiad tries again by itself.

        What is wrong and what mends it: dementiactl doctor
        """)

    public static let notAnswering = GuardMessage(
        "4fb1c0a3d2e94b6c9a5d7e8f10213243", .error, "Something that is guarded does not answer",
        """
        A call has not come back: @DEMENTIA_ERROR@.
        It costs one thread; every other memory is guarded as before. This one is asked
        again by itself once the call has come back.

        What it is and what mends it: dementiactl doctor
        """)

    public static let answersAgain = GuardMessage(
        "c59e6f0b7a8d4e21b3c4d5e6f7081929", .notice, "A memory answers again",
        """
        @DEMENTIA_LOCATION@ had not answered, and does so again. It is guarded as
        before.

        What is known of it: dementiactl stores show @DEMENTIA_STORE@
        """)

    public static let searchFailed = GuardMessage(
        "7c3cbb654c44460cafecce6654cb31e3", .error, "Memories could not be looked for",
        """
        Looking for memories failed: @DEMENTIA_ERROR@. Those that are known stay
        guarded, new ones are not found. It is tried again after discover.rescanEvery.

        To try at once: dementiactl stores rescan
        """)

    static let aboutStores = [
        storeFound, storeUnknown, storeMissing, storeBack, storeMigratedItself, storeLostRows, serverUnreachable,
        notAnswering, answersAgain, searchFailed,
    ]
}
