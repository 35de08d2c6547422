// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import Testing

@testable import Terminal
@testable import dementiactl

/// What the doctor shows, to the letter.
@Suite("The doctor's picture")
struct DoctorPictureTests {
    private let style = Style(width: nil, hasColor: false, now: Samples.moment)

    @Test("Findings, the worst first, each with what mends it")
    func findings() {
        #expect(
            CommandText.diagnoses(Samples.diagnoses, style) == """
                ! degraded  fs.inotify.max_user_watches is 8192, and 9000 folders are to be watched.  [inotifyWatches]
                  Allow more watches.
                  Write this into /etc/sysctl.d/60-dementiad.conf:
                      fs.inotify.max_user_watches = 65536
                  And run:
                      sudo sysctl --system

                · notice  3 backups were never restored for a proof.  [neverProved]
                  Prove every backup.
                  Run:
                      dementiactl backup verify --all

                1 degraded, 1 notice. Mended? Ask again: dementiactl doctor
                """)
    }

    @Test("Nothing wrong is one line")
    func nothing() {
        #expect(CommandText.diagnoses([], style) == "✓ Nothing is wrong.")
    }
}
