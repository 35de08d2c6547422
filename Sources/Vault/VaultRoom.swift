// SPDX-License-Identifier: MIT

/// How much the vault may take of its filesystem, and how much it takes now. All in bytes.
public struct VaultRoom: Sendable, Equatable {
    /// The most that the whole vault may take.
    public let budget: Int64
    /// What is to stay free on the filesystem.
    public let floor: Int64
    /// What is free there now.
    public let freeBytes: Int64
    /// What lies in the vault and is no backup that may be judged: damaged ones, staging, trash.
    public let otherBytes: Int64

    /// - Parameters:
    ///   - budget: nil: the smaller of 10 GiB and a tenth of the filesystem
    ///   - floor: nil: the larger of 1 GiB and a twentieth of the filesystem
    public init(totalBytes: Int64, freeBytes: Int64, otherBytes: Int64 = 0, budget: Int64? = nil, floor: Int64? = nil) {
        self.budget = budget ?? min(10 << 30, totalBytes / 10)
        self.floor = floor ?? Self.defaultFloor(of: totalBytes)
        self.freeBytes = freeBytes
        self.otherBytes = otherBytes
    }

    /// What stays free on a filesystem of `totalBytes` when nobody says otherwise.
    public static func defaultFloor(of totalBytes: Int64) -> Int64 { max(1 << 30, totalBytes / 20) }
}
