// SPDX-License-Identifier: MIT

internal import LinuxKit

extension Place {
    /// The program `name` of this package, built together with the tests: it lies beside their own, whatever the scratch path.
    public static func built(_ name: String) throws -> String {
        Directory.parent(of: try realPath("/proc/self/exe")) + "/" + name
    }
}
