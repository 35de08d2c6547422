// SPDX-License-Identifier: MIT

public import ControlAPI
internal import GuardCore
internal import LinuxKit

/// The file that Dementia falls back to when it finds no better place: in the temporary folder, gone with the next boot, and seen by no
/// service, whose `/tmp` is its own.
public struct TemporaryMemory: Check {
    /// The file's name.
    public static let fileName = "claude-memory-fallback.db"

    private let path: String
    private let holders: [Int32]
    private let home: String

    /// - Parameters:
    ///   - path: where it is
    ///   - holders: the processes that have it open
    ///   - home: the user's home
    public init(path: String, holders: [Int32], home: String) {
        self.path = path
        self.holders = holders
        self.home = home
    }

    /// Those that are there, in the folders where Python looks for temporary files.
    ///
    /// - Parameters:
    ///   - environment: reads a variable
    ///   - home: the user's home
    public static func found(environment: (String) -> String?, home: String) -> [TemporaryMemory] {
        let folders = ["TMPDIR", "TEMP", "TMP"].compactMap(environment) + ["/tmp", "/var/tmp", "/usr/tmp"]
        var seen: [FileStatus] = []
        return folders.filter { $0.hasPrefix("/") }.compactMap { folder in
            let path = folder.hasSuffix("/") ? folder + fileName : "\(folder)/\(fileName)"
            guard let status = try? FileStatus(of: path), status.kind == .file,
                !seen.contains(where: { $0.isSameFile(as: status) })
            else { return nil }
            seen.append(status)
            let holders = OpenHolders.find(device: status.device, inode: status.inode).map(\.pid)
            return TemporaryMemory(path: path, holders: holders, home: home)
        }
    }

    public var diagnoses: [Diagnosis] {
        let target = "\(home)/claude-memory-fallback"
        let (source, folder) = (ShellText.word(path), ShellText.word(target))
        let copy = ShellText.word("VACUUM INTO \(RemedySQL.literal(target + "/.claude-memory.db"))")
        let end = holders.isEmpty ? "" : "kill \(holders.map { "\($0)" }.joined(separator: " ")); sleep 1; "
        let users = holders.isEmpty ? "" : " Process \(holders.map { "\($0)" }.joined(separator: ", ")) has it open."
        return [
            Diagnosis(
                .memoryInTemp, .failure,
                "\(path) is a memory that Dementia keeps in the temporary folder, because it could not write elsewhere: "
                    + "it is not guarded, and the next boot may remove it.\(users)",
                remedy: .init(
                    "Move it to \(target), where it is guarded, and start Claude in a folder that it can write to, or with "
                        + "CLAUDE_MEMORY_DB=\(target)/.claude-memory.db.",
                    command:
                        "\(end)mkdir -p \(folder) && sqlite3 -bail -cmd '.timeout 10000' \(source) \(copy) && rm -f "
                        + ["", "-wal", "-shm"].map { ShellText.word(path + $0) }.joined(separator: " ")))
        ]
    }
}
