// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import LinuxKit

extension RequestErrors {
    /// Names the caller, what it would have to be, and one command after which, or in which, the same request is answered.
    static func notPermitted(_ peer: Peer, needed: Route.Access, by policy: AccessPolicy) -> GuardError {
        let owner = person(policy.owner)
        guard needed == .reader, let group = policy.readers.first else {
            return GuardError(
                .permissionDenied,
                "\(person(peer.uid)) may not do that: it takes the class 'owner', which \(owner) and root have",
                hint: "Do it as the owner, in a shell of theirs: sudo -u '#\(policy.owner)' -s")
        }
        let names = policy.readers.map { "'\($0.name)'" }.joined(separator: ", ")
        let message =
            "\(person(peer.uid)) may not read here: it takes the class 'reader', which members of the group "
            + "\(names), \(owner) and root have"
        guard let name = name(peer.uid), let groupName = shellWord(group.name) else {
            return GuardError(
                .permissionDenied, message,
                hint: "Do it as the owner, in a shell of theirs: sudo -u '#\(policy.owner)' -s")
        }
        return GuardError(
            .permissionDenied, message,
            hint: "To admit them, from their next login on: sudo usermod -aG \(groupName) \(name)")
    }

    private static func person(_ uid: UInt32) -> String { name(uid).map { "User \($0) (\(uid))" } ?? "User \(uid)" }

    /// The user's name, when a shell takes it as it is. One that cannot be looked up has none here.
    private static func name(_ uid: UInt32) -> String? {
        (try? Accounts.user(uid)).flatMap { shellWord($0.name) }
    }

    private static func shellWord(_ text: String) -> String? {
        let harmless = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return harmless && !text.isEmpty && !text.hasPrefix("-") ? text : nil
    }
}
