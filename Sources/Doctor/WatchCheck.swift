// SPDX-License-Identifier: MIT

public import ControlAPI
internal import LinuxKit

/// Changes on disk that are noticed late, and why.
public struct WatchCheck: Check {
    /// A limit of the kernel's for each user.
    public enum Limit: Sendable, Equatable {
        case watches, instances

        /// Its name, as sysctl(8) takes it.
        public var name: String {
            switch self {
            case .watches: "fs.inotify.max_user_watches"
            case .instances: "fs.inotify.max_user_instances"
            }
        }

        fileprivate var code: DiagnosisCode { self == .watches ? .inotifyWatches : .inotifyInstances }
        /// A value that lasts.
        fileprivate var enough: Int { self == .watches ? 524_288 : 1024 }
    }

    /// A place where changes are not noticed at once.
    public struct Problem: Sendable, Equatable {
        let path: String
        let message: String
        let limit: Limit?

        /// - Parameters:
        ///   - path: a folder or a file
        ///   - message: why, in the watcher's words
        ///   - limit: the limit that is reached; nil for another reason
        public init(path: String, message: String, limit: Limit?) {
            self.path = path
            self.message = message
            self.limit = limit
        }
    }

    private let problems: [Problem]
    private let watches: Int
    private let value: @Sendable (Limit) -> Int?

    /// - Parameters:
    ///   - problems: what the watcher tells
    ///   - watches: how many the daemon has
    ///   - value: reads a limit, the kernel's own by default
    public init(
        _ problems: [Problem], watches: Int, value: @escaping @Sendable (Limit) -> Int? = WatchCheck.present
    ) {
        self.problems = problems
        self.watches = watches
        self.value = value
    }

    /// The present value of a limit.
    public static let present: @Sendable (Limit) -> Int? = { KernelText.setting($0.name) }

    public var diagnoses: [Diagnosis] {
        let limited = [Limit.watches, .instances].compactMap { limit in
            let paths = problems.filter { $0.limit == limit }.map(\.path).sorted()
            return paths.first.map { reached(limit, $0, paths.count) }
        }
        return limited + problems.filter { $0.limit == nil }.map(polled)
    }

    private func reached(_ limit: Limit, _ path: String, _ count: Int) -> Diagnosis {
        let now = value(limit)
        let wanted = max(limit.enough, (now ?? 0) * 2)
        let use = limit == .watches ? "\(watches) of them are dementiad's" : "other programs of this user have them all"
        let places = count == 1 ? path : "\(path) and \(count - 1) more"
        let file = "/etc/sysctl.d/60-dementiad.conf"
        return Diagnosis(
            limit.code, .degraded,
            "The limit \(limit.name) (\(now.map(String.init) ?? "unknown")) is reached, and \(use): \(places) "
                + "can only be looked at from time to time.",
            remedy: .init(
                "Raise the limit, for good; the daemon notices by itself.", command: "sudo sysctl -p \(file)",
                file: .init(path: file, text: lines(limit, wanted))))
    }

    /// Both limits, because one file has both: the other one stays as it is.
    private func lines(_ limit: Limit, _ wanted: Int) -> String {
        [Limit.watches, .instances].map { line in
            "\(line.name) = \(line == limit ? wanted : max(line.enough, value(line) ?? 0))\n"
        }.joined()
    }

    private func polled(_ problem: Problem) -> Diagnosis {
        Diagnosis(
            .polledFolder, .notice, "\(problem.path): \(problem.message).",
            remedy: .init("Nothing has to be done: it is looked at as often as watch.pollEvery says."))
    }
}
