// SPDX-License-Identifier: MIT

/// Whose a file is and who may use it. Only stores in files have this.
public struct FileRights: Codable, Sendable, Equatable {
    /// The owner.
    public let uid: UInt32
    /// The owning group.
    public let gid: UInt32
    /// The permission bits.
    public let mode: UInt32

    public init(uid: UInt32, gid: UInt32, mode: UInt32) {
        self.uid = uid
        self.gid = gid
        self.mode = mode
    }
}
