// SPDX-License-Identifier: MIT

internal import Glibc
internal import GuardCore
internal import LinuxKit

extension ListeningSocket {
    /// Lets everybody reach the socket, or only the owner and root: 0666 or 0600.
    ///
    /// To be called with `everybody` once an ``AccessPolicy`` with readers is in force: from then on it is the daemon that sends
    /// strangers away. Also of a socket that the service manager made, when the file is the owner's: one that an earlier run left open
    /// is closed again. Somebody else's file has the mode that they chose, and the daemon sends strangers away all the same.
    func admit(everybody: Bool) throws(GuardError) {
        let mode: mode_t = everybody ? 0o666 : 0o600
        do {
            guard let name = try path ?? boundPath() else {
                guard everybody else { return }
                // An abstract name has no mode, and so nothing that keeps anybody out.
                throw GuardError(
                    .configuration, "The control socket has no path, and so no mode",
                    hint: "Give it one: ListenStream=/run/dementiad/%i/control.sock in the .socket unit")
            }
            try change(name, to: mode, isOptional: !everybody && path == nil)
        } catch let error as GuardError {
            throw error
        } catch let error as SystemCallError {
            throw GuardError(
                error.isPermission ? .permissionDenied : .configuration,
                "The control socket \(error.path ?? "") cannot be given the mode \(String(mode, radix: 8))",
                hint: "It has to be the daemon's own, on a filesystem that it may write to; see api.readerGroups "
                    + "in dementiad.yaml(5)", causes: [error.description])
        } catch {
            throw GuardError(.internalError, "The control socket's mode cannot be changed", causes: ["\(error)"])
        }
    }

    /// Changes the mode of a socket that is ours, and of nothing that a link leads to. Not with fchmod(2): on the listening descriptor
    /// that would change the socket and not its name.
    private func change(_ name: String, to mode: mode_t, isOptional: Bool) throws {
        var status = stat()
        guard lstat(name, &status) == 0 else { throw SystemCallError(call: "lstat", errno: errno, path: name) }
        guard status.st_mode & S_IFMT == S_IFSOCK, status.st_uid == geteuid() else {
            if isOptional { return }
            throw SystemCallError(call: "chmod", errno: EPERM, path: name)
        }
        guard status.st_mode & 0o7777 != mode else { return }
        guard fchmodat(AT_FDCWD, name, mode, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw SystemCallError(call: "fchmodat", errno: errno, path: name)
        }
    }

    /// Where the service manager bound it; nil for a name that is no path.
    private func boundPath() throws(SystemCallError) -> String? {
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let result = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        guard result == 0 else { throw SystemCallError(call: "getsockname", errno: errno) }
        let name = withUnsafeBytes(of: &address.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return name.isEmpty ? nil : name
    }
}
