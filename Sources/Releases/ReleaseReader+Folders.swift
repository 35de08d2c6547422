// SPDX-License-Identifier: MIT

internal import Dementia
public import GuardCore
internal import LinuxKit

extension ReleaseReader {
    /// The folders whose direct entries tell that the release in `folder` may have changed: none of them has to be watched deeper. Real
    /// paths, each once, sorted.
    ///
    /// They follow from what is there now (a worktree's git directory, the branch that is checked out), so they are to be asked for
    /// again after each reading. For a folder that is not there it is the nearest one above it that is.
    public func foldersToWatch(_ folder: String) throws(GuardError) -> [String] {
        do {
            var folders: Set<String> = []
            var nearest = folder
            while try FileStatus.ifPresent(nearest)?.kind != .directory, nearest != "/", nearest != "." {
                nearest = Directory.parent(of: nearest)
            }
            let real = try realPath(nearest)
            folders.insert(real)
            guard nearest == folder else { return [real] }
            // A link may be made to lead elsewhere, as is done with `current` beside numbered folders.
            if try FileStatus(ofLink: Self.withoutSlash(folder)).kind == .symbolicLink {
                folders.insert(try realPath(Directory.parent(of: folder)))
            }
            var candidates = [GitCheckout.path(real, ReleaseEvidence.legacyFolder)]
            if let checkout = try GitCheckout(of: real) {
                let branch = try checkout.needsGit() ? nil : checkout.position().branch
                candidates += checkout.folders(branch: branch)
            }
            for candidate in candidates {
                if let folder = try Self.realFolder(candidate) { folders.insert(folder) }
            }
            return folders.sorted()
        } catch {
            throw GuardError(
                error.isPermission ? .permissionDenied : .inputOutput, "the release in \(folder) cannot be watched",
                hint: "Look at the rights of \(error.path ?? folder), or leave the release out of releases.paths.",
                causes: [error.description])
        }
    }

    /// The database that the release in `folder` is set up for: `DATABASE_URL` of the nearest `.env` file, in the folder or above; nil when
    /// that file, or every folder, has none. It may hold a password.
    public static func databaseURL(of folder: String) throws(GuardError) -> String? {
        var place = folder
        while true {
            let path = GitCheckout.path(place, ".env")
            do {
                if try FileStatus.ifPresent(path)?.kind == .file {
                    let text = String(decoding: try OpenFile.content(of: path, limit: 1 << 20), as: UTF8.self)
                    guard let url = DotEnv(text)["DATABASE_URL"], !url.isEmpty else { return nil }
                    return url
                }
            } catch {
                throw GuardError(
                    .configuration, "\(path) of the release in \(folder) cannot be read",
                    hint: "Look at its rights, or leave the release out of releases.paths.",
                    causes: [error.description])
            }
            if place == "/" { return nil }
            place = Directory.parent(of: place)
        }
    }

    /// The real path of the folder `path`; nil when there is none, or no longer.
    private static func realFolder(_ path: String) throws(SystemCallError) -> String? {
        do {
            return try FileStatus(of: path).kind == .directory ? try realPath(path) : nil
        } catch {
            guard error.isNotFound else { throw error }
            return nil
        }
    }

    /// lstat(2) follows a link whose name ends in a slash.
    private static func withoutSlash(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path = path.dropLast() }
        return String(path)
    }
}
