// SPDX-License-Identifier: MIT

internal import LinuxKit

/// A limit of the system that keeps somebody from watching.
enum WatchLimit {
    case instances
    case watches(ours: Int)

    /// The present values: where they change, there may be room again.
    static var values: [Int?] { [WatchLimit.instances.value, WatchLimit.watches(ours: 0).value] }

    private var value: Int? { KernelText.setting(name) }

    private var name: String {
        switch self {
        case .instances: "fs.inotify.max_user_instances"
        case .watches: "fs.inotify.max_user_watches"
        }
    }

    /// A value that lasts.
    private var enough: Int {
        switch self {
        case .instances: 1024
        case .watches: 524_288
        }
    }

    /// What reaching it means for `path`, and what mends that.
    func problem(_ path: String) -> WatchProblem {
        let value = value
        let use =
            switch self {
            case .instances: "other programs of this user have them all"
            case .watches(let ours): "\(ours) of them are dementiad's"
            }
        let command = "sysctl -w \(name)=\(max(enough, (value ?? 0) * 2))"
        return WatchProblem(
            path: path,
            message: "the limit \(name) (\(value.map(String.init) ?? "unknown")) is reached, and \(use); "
                + "it is looked at from time to time instead. To raise it, as root: \(command)",
            limit: name
        )
    }
}
