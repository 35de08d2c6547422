// SPDX-License-Identifier: MIT

internal import ControlServer
internal import GuardConfiguration
internal import GuardCore
internal import LinuxKit

extension Setup {
    /// The groups of `api.readerGroups`.
    func readers() throws(GuardError) -> [AccessPolicy.ReaderGroup] {
        var readers: [AccessPolicy.ReaderGroup] = []
        for name in settings.api.readerGroups {
            let id: UInt32?
            do {
                id = try Accounts.groupID(name)
            } catch {
                throw GuardError(
                    .configuration, "the group '\(name)' of api.readerGroups cannot be looked up",
                    causes: [error.description])
            }
            guard let id else {
                throw GuardError(
                    .configuration, "api.readerGroups names the group '\(name)', and there is no such group",
                    hint: "Make it: sudo groupadd --system '\(name)'")
            }
            // In a user namespace every group that is not mapped into it reads as this one: its members would be anybody.
            guard id != Self.overflowGroup else {
                throw GuardError(
                    .configuration,
                    "api.readerGroups names '\(name)', as which the kernel shows every group that it cannot name",
                    hint: "Name another group.")
            }
            readers.append(.init(name: name, id: id))
        }
        return readers
    }

    /// What the kernel says in place of a group that has no number here (user_namespaces(7)).
    private static var overflowGroup: UInt32 {
        KernelText.setting("kernel.overflowgid").flatMap(UInt32.init(exactly:)) ?? 65_534
    }
}
