// SPDX-License-Identifier: MIT

public import GuardCore

/// What a look for memories gave: where they are, and what could not be looked into.
public struct Discovered: Sendable {
    /// Each place once, files before schemas.
    public var locations: [StoreLocation]
    /// Servers that could not be reached, one error each: its sentence names the server, its code tells the exit status. The other
    /// memories are taken care of all the same, and the next look tries again.
    public var problems: [GuardError]
    /// Those of the locations where nothing is changed without asking, whatever the mode: only an application's own settings led there.
    public var asking: Set<StoreLocation>
    /// Folders that hold a Dementia, or may.
    public var releaseFolders: Set<String>

    public init(
        locations: [StoreLocation], problems: [GuardError] = [], asking: Set<StoreLocation> = [],
        releaseFolders: Set<String> = []
    ) {
        self.locations = locations
        self.problems = problems
        self.asking = asking
        self.releaseFolders = releaseFolders
    }
}
