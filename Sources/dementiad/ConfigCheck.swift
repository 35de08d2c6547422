// SPDX-License-Identifier: MIT

internal import ArgumentParser
internal import ControlAPI
internal import FoundationEssentials
internal import GuardConfiguration
internal import GuardCore

/// `dementiad config-check`: what `dementiactl config check` runs, which works without a daemon and knows no YAML.
struct ConfigCheck: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config-check",
        abstract: "Read the configuration, say everything that is wrong with it, and exit.",
        shouldDisplay: false)

    @Argument(help: "Check this file in place of the standard ones.")
    var file: String?

    @Flag(help: "Print one JSON document in place of text.")
    var json = false

    func run() throws {
        let files = try Self.check(file)
        let output = Output(isJSON: json)
        if json { return try output.document("configCheck", ConfigCheckForm(files: files)) }
        output.say(
            files.isEmpty
                ? "There is no configuration file, and the defaults are valid."
                : "Valid: \(files.joined(separator: ", "))")
    }

    /// The files that were read. Throws every fault at once.
    private static func check(_ file: String?) throws(GuardError) -> [String] {
        let sources = ConfigurationSources(
            files: file.map { .only($0) } ?? .standard, environment: ProcessInfo.processInfo.environment, flags: [],
            connectionFile: nil, workingDirectory: FileManager.default.currentDirectoryPath)
        do {
            return try ConfigurationLoader.load(sources).filesRead
        } catch {
            throw Setup.refusal(of: error)
        }
    }
}
