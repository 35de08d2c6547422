// SPDX-License-Identifier: MIT

import FoundationEssentials
import GuardConfiguration

/// A folder of a test's own, gone with the test, in which files are configured as they would be on a real system.
final class Folder {
    let path: String

    init() throws {
        let base = FileManager.default.temporaryDirectory.path
        path = "\(base)/configuration-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        // Best effort: what is left lies in the system's temporary folder.
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Writes `text` to `name`, creating the folders above it, and returns its path.
    @discardableResult
    func write(_ text: String, to name: String, mode: Int = 0o600) throws -> String {
        try write(Array(text.utf8), to: name, mode: mode)
    }

    @discardableResult
    func write(_ bytes: [UInt8], to name: String, mode: Int = 0o600) throws -> String {
        let file = "\(path)/\(name)"
        let above = file.split(separator: "/").dropLast().joined(separator: "/")
        try FileManager.default.createDirectory(atPath: "/\(above)", withIntermediateDirectories: true)
        guard FileManager.default.createFile(atPath: file, contents: Data(bytes)) else {
            throw CocoaError(.fileWriteUnknown)
        }
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
        return file
    }

    /// Sources in which `etc` is the system's folder, `home` the user's home and `desk` the working directory.
    func sources(
        _ files: ConfigurationSources.Files = .standard,
        environment: [String: String] = [:],
        flags: [ConfigurationSources.Flag] = []
    ) -> ConfigurationSources {
        ConfigurationSources(
            files: files,
            environment: ["HOME": "\(path)/home", "PATH": "/usr/bin"].merging(environment) { $1 },
            flags: flags,
            workingDirectory: "\(path)/desk",
            systemFolder: "\(path)/etc"
        )
    }

    /// The configuration of one file with that text.
    func load(_ text: String, mode: Int = 0o600) throws -> LoadedConfiguration {
        try ConfigurationLoader.load(sources(.only(try write(text, to: "one.yaml", mode: mode))))
    }

    /// The problems of `sources`, a line each, with this folder's path cut off.
    func problems(_ sources: ConfigurationSources) -> [String] {
        do {
            _ = try ConfigurationLoader.load(sources)
            return []
        } catch {
            return error.problems.map { $0.description.replacing("\(path)/", with: "") }
        }
    }

    /// The problems of one file with that text, as `LINE:COLUMN: message`.
    func problems(_ text: String, mode: Int = 0o600) throws -> [String] {
        let file = try write(text, to: "one.yaml", mode: mode)
        return problems(sources(.only(file))).map { $0.replacing("one.yaml:", with: "") }
    }
}
