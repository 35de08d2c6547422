// SPDX-License-Identifier: MIT

import Testing

/// The entry point of the test program.
///
/// SwiftPM makes one by itself where there is none, but first looks for XCTest's classes, for which it needs an index of all sources.
/// No test here is one of XCTest's, and builds without an index are faster.
@main struct TestProgram {
    static func main() async {
        await Testing.__swiftPMEntryPoint() as Never
    }
}
