// SPDX-License-Identifier: MIT

public import GuardCore

/// Something that is not as it should be, and what mends it.
public struct Diagnosis: Codable, Sendable, Equatable {
    /// How much it matters.
    public enum Severity: String, Codable, Sendable, CaseIterable {
        /// Something that is guarded is not safe, or cannot be.
        case failure
        /// Something works less well than it could.
        case degraded
        /// Worth knowing.
        case notice
    }

    /// What mends it.
    public struct Remedy: Codable, Sendable, Equatable {
        /// What is done by it, as a sentence.
        public let summary: String
        /// To be run as it stands, by a shell; nil when there is nothing to run.
        public let command: String?
        /// A file to be made first, such as a drop-in of a unit; nil when there is none.
        public let file: File?

        public init(_ summary: String, command: String? = nil, file: File? = nil) {
            self.summary = summary
            self.command = command
            self.file = file
        }
    }

    /// A file as it is to be.
    public struct File: Codable, Sendable, Equatable {
        public let path: String
        public let text: String

        public init(path: String, text: String) {
            self.path = path
            self.text = text
        }
    }

    /// A stable word, such as `inotifyWatches`.
    public let code: String
    public let severity: Severity
    /// What is the matter, as a sentence that names the thing.
    public let message: String
    /// The store concerned.
    public let store: StoreID?
    public let remedy: Remedy?

    public init(
        _ code: String, _ severity: Severity, _ message: String, store: StoreID? = nil, remedy: Remedy? = nil
    ) {
        self.code = code
        self.severity = severity
        self.message = message
        self.store = store
        self.remedy = remedy
    }
}
