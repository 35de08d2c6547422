// SPDX-License-Identifier: MIT

/// The journal's catalogue of our messages, `systemd/dementiad.catalog`: what `journalctl -x` shows below a record.
public enum MessageCatalog {
    /// The file's whole text. It is made from ``GuardMessage/all`` and committed; a test compares the two.
    public static var text: String {
        """
        # SPDX-License-Identifier: MIT
        #
        # What dementiad's messages mean and what to do next: journalctl -x shows it below each of them.
        # Made from the table of messages in Sources/GuardLog; changed there, and written anew by
        # UPDATE_GENERATED=1 make test SUITE=GuardLogTests.


        """ + GuardMessage.all.map(entry).joined(separator: "\n")
    }

    private static func entry(_ message: GuardMessage) -> String {
        """
        -- \(message.id)
        Subject: \(message.subject)
        Defined-By: dementiad
        Documentation: man:dementiad(8) man:dementiactl(1)

        \(message.explanation)

        """
    }
}
