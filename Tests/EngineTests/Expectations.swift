// SPDX-License-Identifier: MIT

import Testing

/// Records what `work` throws as a failure: for work on other threads, whose errors nobody would see.
func expectNoThrow(_ work: () throws -> Void) {
    do {
        try work()
    } catch {
        Issue.record("\(error)")
    }
}
