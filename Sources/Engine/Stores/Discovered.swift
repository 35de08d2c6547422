// SPDX-License-Identifier: MIT

public import GuardCore
public import Stores

/// What a look for memories gave: where they are, and what could not be looked into.
public struct Discovered: Sendable {
    /// Each place once, files before schemas.
    public var locations: [StoreLocation]
    /// Servers that could not be reached and memories that cannot be guarded where they are, one error each: its sentence names the place,
    /// its code tells the exit status. The other memories are taken care of all the same, and the next look tries again.
    public var problems: [GuardError]
    /// What lies on the way and was not looked into, and needs no attention by itself: folders that may not be read, mounted filesystems.
    public var findings: [Finding]
    /// Those of the locations where nothing is changed without asking, whatever the mode: only an application's own settings led there.
    public var asking: Set<StoreLocation>
    /// Folders that hold a Dementia, or may.
    public var releaseFolders: Set<String>
    /// What else lies in the folders and is not guarded: copies, links.
    public var found = Discovery.Found()

    public init(
        locations: [StoreLocation], problems: [GuardError] = [], findings: [Finding] = [],
        asking: Set<StoreLocation> = [],
        releaseFolders: Set<String> = []
    ) {
        self.locations = locations
        self.problems = problems
        self.findings = findings
        self.asking = asking
        self.releaseFolders = releaseFolders
    }
}
