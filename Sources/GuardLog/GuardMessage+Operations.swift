// SPDX-License-Identifier: MIT

internal import Logging

extension GuardMessage {
    public static let operationSucceeded = GuardMessage(
        "3ea1d56d8ff940379db216bdb4047947", .notice, "An operation is done and verified",
        """
        The operation (@DEMENTIA_KIND@) did what it was to do, and the result was
        verified. There is nothing to do.

        Its steps and results: dementiactl operations show @DEMENTIA_OPERATION@
        """)

    public static let operationNothingToDo = GuardMessage(
        "7a9b574b8f394d77b8c702631de95dd6", .info, "An operation found nothing to do",
        """
        Everything was in the wanted state already; nothing was changed.

        What it looked at: dementiactl operations show @DEMENTIA_OPERATION@
        """)

    public static let operationCancelled = GuardMessage(
        "288549dd8e5f4034952ffb15748b696b", .notice, "An operation was cancelled",
        """
        Somebody asked for it, before the point of no return. The data is as it was
        before.

        How far it had come: dementiactl operations show @DEMENTIA_OPERATION@
        """)

    public static let operationBusy = GuardMessage(
        "ab87b093b4ab47d196434de519b6eac4", .warning, "A memory is in use, and the work on it was put off",
        """
        Another program held the memory for too long, or kept changing it. Nothing was
        changed. dementiad tries again by itself.

        Who has it: dementiactl operations show @DEMENTIA_OPERATION@
        To get it done, close that program, or choose a quiet moment for it yourself.
        """)

    public static let operationFailedUntouched = GuardMessage(
        "15a1b04e0cf442ca89d5fa78ff9d2eb0", .error, "An operation failed, and the data is untouched",
        """
        The operation (@DEMENTIA_KIND@) failed before anything was committed. Every
        value in the memory is as it was, and the application can go on with it.

        Why, and what mends it: dementiactl operations show @DEMENTIA_OPERATION@
        It is not tried again for ever on its own unless something changes.
        """)

    public static let operationFailedRestored = GuardMessage(
        "8a8af51f3b4543219dbe8efa49e6368d", .error, "An operation failed, and the data was restored",
        """
        The operation (@DEMENTIA_KIND@) failed after its commit. The backup from before
        was put back and verified from a new connection; the failed state was kept as a
        backup, too. Automation is paused for this memory until somebody has looked.

        Why, and which backups: dementiactl operations show @DEMENTIA_OPERATION@
        To let dementiad go on: dementiactl hold list, then dementiactl hold remove ID
        """)

    public static let operationNeedsAttention = GuardMessage(
        "f07dbd25603a45b38217d7dcb9c87b33", .critical, "A memory is not in a verified state",
        """
        The operation (@DEMENTIA_KIND@) failed, and the state of the data after it could
        not be verified. A proved backup from before exists. dementiad leaves the memory
        alone until somebody has looked; it is better not to use it meanwhile.

        1. What happened: dementiactl operations show @DEMENTIA_OPERATION@
        2. What is wrong with it now: dementiactl verify STORE
        3. The way back: dementiactl backup list STORE, then dementiactl restore ID
        """)

    public static let approvalNeeded = GuardMessage(
        "e7ea455fc110498ba8d496160a36ce5d", .notice, "A migration waits for approval",
        """
        The memory @DEMENTIA_LOCATION@ has to be migrated to fit the installed Dementia,
        and dementiad may not do that without being told.

        What would happen: dementiactl plan @DEMENTIA_STORE@
        To do it: dementiactl migrate @DEMENTIA_STORE@
        """)

    public static let holdAdded = GuardMessage(
        "9156f3a849dc487a9867c3119b6565aa", .notice, "Automation is paused",
        """
        dementiad does nothing by itself where this hold applies, and the reason is:
        @DEMENTIA_REASON@. What is asked for by name is still done.

        To end it: dementiactl hold remove @DEMENTIA_HOLD@
        """)

    public static let holdRemoved = GuardMessage(
        "ab3c595806ec4c1d829ff30ac43b99bf", .notice, "Automation is no longer paused",
        """
        The hold @DEMENTIA_HOLD@ is gone, by request or because its time was over.
        Whatever is pending is taken up again.

        What is still held: dementiactl hold list
        """)

    static let aboutOperations = [
        operationSucceeded, operationNothingToDo, operationCancelled, operationBusy, operationFailedUntouched,
        operationFailedRestored, operationNeedsAttention, approvalNeeded, holdAdded, holdRemoved,
    ]
}
