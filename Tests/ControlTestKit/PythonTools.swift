// SPDX-License-Identifier: MIT

internal import FoundationEssentials
internal import LinuxKit

/// The Python programs that check the interface from outside: `scripts/python-tools` installs them.
public enum PythonTools {
    /// Why a test is skipped where they cannot be had.
    public static let reason = "Needs Python packages: scripts/python-tools says what keeps it from installing them"

    /// The folder of this package.
    public static let root = Directory.parent(of: Directory.parent(of: Directory.parent(of: #filePath)))

    /// The folder of their programs; nil where they cannot be had.
    public static func folder() async throws -> String? {
        let end = try await RunningProgram.run([root + "/scripts/python-tools"])
        guard end.status == 0 else {
            print(end.errors)
            return nil
        }
        return String(end.output.dropLast())
    }

    /// Whether this user may make a place that is thrown away with what programs write in there.
    public static func canThrowAway() async throws -> Bool {
        try await RunningProgram.run(["python3", root + "/Tests/Python/thrown_away.py", "true"]).status == 0
    }

    /// Runs `script`, a path from the root of this package, with the Python that has them, and gives it `input` to read.
    public static func run(_ script: String, _ arguments: [String] = [], input: [UInt8] = []) async throws
        -> RunningProgram.End
    {
        guard let folder = try await folder() else { throw SystemCallError(call: "python-tools", errno: 2) }
        let scratch = try Folder()
        try Data(input).write(to: URL(filePath: scratch.path + "/input"))
        return try await RunningProgram.run(
            ["sh", "-c", "input=$1; shift; exec \"$@\" <\"$input\"", "sh", scratch.path + "/input"]
                + ["\(folder)/python3", "\(root)/\(script)"] + arguments)
    }
}
