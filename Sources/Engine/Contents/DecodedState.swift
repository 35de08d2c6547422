// SPDX-License-Identifier: MIT

internal import Contents
internal import GuardCore
internal import LinuxKit
internal import SQLiteKit
internal import Stores
internal import Vault

/// The state of a memory as a file in scratch that ``Contents/ContentState`` reads: out of a backup, or out of a copy of the live memory.
struct DecodedState {
    let file: ContentFile
    /// The file's length in bytes.
    let bytes: Int64

    /// The most bytes of scratch that a state of `bytes` takes: a script is there beside its rows.
    static func room(for bytes: Int64, in engine: StoreEngine) -> Int64 {
        min(bytes, .max / 8) * (engine == .postgres ? 2 : 1)
    }

    /// Decodes a backup to `path`.
    init(_ entry: Entry, at path: String, of location: StoreLocation, with tools: EngineContext) throws(GuardError) {
        let facts = entry.manifest.payload
        try BackupSpaceCheck(tools: tools, location: location).checkForCopy(
            ofBytes: Self.room(for: facts.rawBytes, in: location.engine))
        do throws(VaultError) {
            try tools.vault.unpack(entry, to: path)
        } catch {
            throw EngineFailure.vault(error)
        }
        try self.init(copy: path, of: location)
    }

    /// Takes the copy at `path`, as the engine of the memory makes copies: a database, or a script, which is turned into its rows.
    init(copy path: String, of location: StoreLocation) throws(GuardError) {
        if location.engine == .postgres {
            file = ContentFile(path: path + ".rows", isTranscript: true)
            // The script is not needed any more, whatever comes of it. Best effort: the next start sweeps scratch.
            defer { try? Directory.unlink(path) }
            do throws(ScriptTranscript.Failure) {
                try ScriptTranscript.write(path, to: file.path)
            } catch {
                try? Directory.unlink(file.path)
                throw Self.failure(error, location)
            }
        } else {
            file = ContentFile(path: path, isTranscript: false)
        }
        do throws(SystemCallError) {
            bytes = try FileStatus(of: file.path).size
        } catch {
            throw EngineFailure(location).system(error, "looking at a copy")
        }
    }

    /// Removes the file.
    func remove() {
        // Best effort: the next start sweeps scratch.
        try? Directory.unlink(file.path)
    }

    private static func failure(_ failure: ScriptTranscript.Failure, _ location: StoreLocation) -> GuardError {
        switch failure {
        case .reading(let error): EngineFailure(location).system(error, "reading a copy")
        case .damaged(let why):
            GuardError(
                .verificationFailed, "a copy of \(location.name) cannot be read: \(why)", store: location.id,
                hint: "Nothing was changed. See whether the backup is sound: dementiactl backup verify ID")
        case .writing(let error):
            GuardError(
                error.isNoSpace ? .noSpace : .inputOutput, "a copy of \(location.name) could not be written",
                store: location.id, hint: "Nothing was changed. Look at the room under the state directory.",
                causes: [error.description])
        }
    }
}
