// SPDX-License-Identifier: MIT

internal import Glibc

/// What stands in a directory, and on which device the directory itself is: for walks over large trees, without a call per entry where
/// the filesystem tells the kinds with the names.
public struct DirectoryListing: Sendable {
    /// Names of the directories in it; links to directories are none.
    public var directories: [String] = []
    /// Names of everything else.
    public var others: [String] = []
    /// The directory's device.
    public let device: UInt64
    /// What `stat` tells of the directory itself.
    public let status: FileStatus

    /// Lists `path`, which may not be a symbolic link. Names that are not UTF-8 are left out.
    public init(_ path: String) throws(SystemCallError) {
        let stream = try DirectoryStream(path)
        var status = stat()
        try checked("fstat", path) { fstat(stream.descriptor, &status) }
        self.status = FileStatus(status)
        device = self.status.device
        while let (name, kind) = try stream.nextWithKind() {
            guard let text = String(validating: name.dropLast(), as: UTF8.self) else { continue }
            if kind == .directory { directories.append(text) } else { others.append(text) }
        }
    }
}
