// SPDX-License-Identifier: MIT

internal import Logging

extension GuardMessage {
    public static let daemonReady = GuardMessage(
        "7b57a68a49b344909d8b7fc58d3b1a91", .notice, "dementiad is ready",
        """
        The configuration is valid, everything that an earlier run left open and that
        could be settled here is settled, and the control socket answers.

        What is guarded, and in which state: dementiactl status
        """)

    public static let stateDirectoryClosed = GuardMessage(
        "8d72e6cf96614f229f053f60c3399ca1", .warning, "The state directory was open to others",
        """
        Others could write into the folder that holds journal and vault. It was closed
        to them (mode 0700) before anything in it was read, and nothing in it was made
        by another user. What they may have changed in files of this user shows:

        dementiactl audit verify
        dementiactl backup verify --all
        """)

    public static let daemonStopping = GuardMessage(
        "378c3553d62142c4aebd6736ae873a59", .notice, "dementiad is stopping",
        """
        No new work begins. An operation that is past its point of no return is
        finished and verified first, which may take a moment; any other is taken back.
        Until dementiad runs again no memory is guarded.
        """)

    public static let daemonStopped = GuardMessage(
        "46b3ffb3c650445f93be17a3e8b7faf6", .notice, "dementiad has stopped",
        """
        Everything that was begun is settled. Until dementiad runs again no memory is
        guarded.
        """)

    public static let otherDaemon = GuardMessage(
        "5e7d0f3b1c2a4896b7d8e9fa0b1c2d3e", .warning, "Another dementiad guards the same folder",
        """
        Two daemons with state directories of their own watch one folder:
        @DEMENTIA_ERROR@.
        No memory is at risk: each change is made under the memory's own lock. But each
        daemon sees the other's work as another program's, and backs it up again.

        Stop one of them: systemctl --user stop dementiad
        """)

    public static let leftBehind = GuardMessage(
        "9a0d3c5e7b1f4826ad94c0e1f2a3b4c5", .warning, "dementiad ends while something does not come back",
        """
        When it was told to stop, dementiad gave what was at work the time that there
        is. What is named here did not come back: @DEMENTIA_ERROR@.
        Nothing is lost by that: the next start finds out from the memory itself what
        became of it, and settles it.
        """)

    public static let recoverySettled = GuardMessage(
        "008ccc4eca4841329a8ded4e5736bc2f", .notice, "An operation that was cut short is settled",
        """
        An earlier dementiad ended in the middle of this operation (@DEMENTIA_KIND@).
        This one found out from the memory itself what had become of it, and finished
        it or left it as it was. The state of the data: @DEMENTIA_DATA_STATE@.

        What was found and done: dementiactl operations show @DEMENTIA_OPERATION@
        """)

    public static let configurationReloaded = GuardMessage(
        "9dc77d7290734085834a0fc543d1cfe1", .notice, "The new configuration is live",
        """
        The configuration was read anew, found valid, and is in force.

        Every setting and where it comes from: dementiactl config show --origin
        """)

    public static let configurationRefused = GuardMessage(
        "449c65a3470e4da3865400e96bdc97dc", .error, "The new configuration was refused",
        """
        The configuration has faults. Nothing of it is in force: dementiad goes on with
        the one that it had.

        Every fault, with file, line and column: dementiactl config check
        When they are mended: dementiactl daemon reload --wait
        """)

    public static let engineStuck = GuardMessage(
        "3e158557229e4e1db89ed90edc064090", .critical, "dementiad does not get an answer from itself",
        """
        The service manager expects a sign of life at regular times, and it is only
        given after the part that does the work has answered. That did not answer in
        time. Unless it does, the service manager ends dementiad and starts it again;
        what was cut short is then settled first, and no data is at risk.

        When it happens again, look at what it was doing: dementiactl operations list
        """)

    public static let notificationFailed = GuardMessage(
        "b31abb37dc0d46cbbec5cc7b3684902f", .warning, "The service manager cannot be told anything",
        """
        dementiad was started by a service manager, and its messages to it fail:
        @DEMENTIA_ERROR@. It goes on working, but the manager may take it for one that
        hangs.

        Start it again with systemctl restart and the unit's name; your own with
        systemctl --user restart dementiad.
        """)

    static let aboutTheDaemon = [
        daemonReady, stateDirectoryClosed, daemonStopping, daemonStopped, otherDaemon,
        leftBehind, recoverySettled, configurationReloaded,
        configurationRefused,
        engineStuck, notificationFailed,
    ]
}
