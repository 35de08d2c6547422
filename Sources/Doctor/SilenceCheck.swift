// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Places that do not answer: a call to them has not come back.
public struct SilenceCheck: Check {
    /// One of them.
    public struct Place: Sendable, Equatable {
        let message: String
        let hint: String?
        let store: StoreID?

        /// - Parameters:
        ///   - message: what does not answer, what is waited for, and since when
        ///   - hint: what to do, in which a command may stand behind a colon
        ///   - store: the memory that it is, when it is one
        public init(message: String, hint: String?, store: StoreID? = nil) {
            self.message = message
            self.hint = hint
            self.store = store
        }
    }

    private let places: [Place]

    public init(_ places: [Place]) {
        self.places = places
    }

    public var diagnoses: [Diagnosis] {
        places.map { place in
            let parts = (place.hint ?? "").split(separator: ": ", maxSplits: 1).map(String.init)
            return Diagnosis(
                .notAnswering, .failure, "\(place.message).", store: place.store,
                remedy: .init(
                    parts.first.map { $0.hasSuffix(".") ? $0 : $0 + "." } ?? "See what is mounted there.",
                    command: parts.count > 1 ? parts[1] : nil))
        }
    }
}

/// A journal that takes no more lines.
public struct JournalCheck: Check {
    private let problem: String?

    /// - Parameter problem: why nothing can be written; nil when it can
    public init(_ problem: String?) {
        self.problem = problem
    }

    public var diagnoses: [Diagnosis] {
        guard let problem else { return [] }
        return [
            Diagnosis(
                .journalUnwritable, .failure,
                "Nothing can be written down, so nothing is backed up or migrated: \(problem).",
                remedy: .init(
                    "Look at the disk of the state directory (journalctl -k), then start the daemon again: "
                        + "systemd does that by itself where it watches over it."))
        ]
    }
}

/// Other daemons that guard the same folders.
public struct RivalCheck: Check {
    private let rivals: [String]

    /// - Parameter rivals: each as a sentence that names the folder and the process
    public init(_ rivals: [String]) {
        self.rivals = rivals
    }

    public var diagnoses: [Diagnosis] {
        rivals.map { rival in
            Diagnosis(
                .otherDaemon, .notice, "\(rival.prefix(1).uppercased() + rival.dropFirst()).",
                remedy: .init("Each memory needs one guard: end the other process, or give it other folders."))
        }
    }
}
