// SPDX-License-Identifier: MIT

internal import GuardCore
internal import LinuxKit
internal import PostgresKit
internal import SchemaDump

/// A dump as a file of ours in scratch.
struct DumpFile {
    let path: String
    let failure: PostgresFailure

    /// Makes the file and lets `body` write it. Gives what it holds.
    func write(
        _ body: ((UnsafeRawBufferPointer) throws(SystemCallError) -> Void) throws(CopyFailure<SystemCallError>) ->
            DumpSummary
    ) throws(GuardError) -> DumpSummary {
        do throws(CopyFailure<SystemCallError>) {
            let target: Target
            do throws(SystemCallError) {
                target = try Target(path)
            } catch {
                throw CopyFailure.caller(error)
            }
            return try body(target.write)
        } catch {
            switch error {
            case .caller(let error): throw scratch(error)
            case .server(let error): throw failure.translate(error, "dumping it")
            }
        }
    }

    /// Why the script could not be run again.
    enum Refusal: Error {
        /// The server said so, to the section that stands in it.
        case server(PostgresError, section: String)
        /// The file is not what was written.
        case file(GuardError)
    }

    /// Runs the script in the file, which makes `schema`, inside the transaction that `connection` is in.
    func replay(on connection: Connection, making schema: String) throws(Refusal) {
        do throws(ReplayFailure<SystemCallError>) {
            let source: Source
            do throws(SystemCallError) {
                source = try Source(path)
            } catch {
                throw ReplayFailure.source(error)
            }
            try DumpReplay(from: source.next).run(on: connection, making: schema)
        } catch {
            switch error {
            case .server(let error, let section): throw .server(error, section: section)
            case .source(let error): throw .file(scratch(error))
            case .damaged(let why): throw .file(damaged(why))
            }
        }
    }

    /// Reads the rows of the script, see ``SchemaDump/DumpRows``.
    func readRows(_ table: ([String]) -> Void, row: (UnsafeRawBufferPointer) -> Void) throws(GuardError) {
        do throws(ReplayFailure<SystemCallError>) {
            let source: Source
            do throws(SystemCallError) {
                source = try Source(path)
            } catch {
                throw ReplayFailure.source(error)
            }
            try DumpRows(from: source.next).read(table, row)
        } catch {
            switch error {
            case .source(let error): throw scratch(error)
            case .damaged(let why): throw damaged(why)
            case .server(let error, _): throw failure.translate(error, "comparing two copies of it")
            }
        }
    }

    private func damaged(_ why: String) -> GuardError {
        GuardError(
            .restoreFailed, "the backup of \(failure.location.name) cannot be read: \(why)", store: failure.location.id,
            hint: "Nothing was changed. Try an older backup.")
    }

    private func scratch(_ error: SystemCallError) -> GuardError {
        GuardError(
            error.isNoSpace ? .noSpace : .inputOutput,
            "the scratch copy of \(failure.location.name) could not be \(error.call == "write" ? "written" : "used")",
            store: failure.location.id, hint: "Nothing was changed. Look at the room under the state directory.",
            causes: [error.description])
    }

    /// The file that is written. A class, since a function of its own writes it.
    private final class Target {
        private let file: OpenFile

        init(_ path: String) throws(SystemCallError) {
            file = try OpenFile.creating(path)
        }

        func write(_ bytes: UnsafeRawBufferPointer) throws(SystemCallError) {
            try file.write(bytes)
        }
    }

    /// The file, a piece at a time. A class, since the replay keeps the function that reads it.
    private final class Source {
        private let file: OpenFile
        private let buffer = ByteBuffer(count: 256 << 10)

        init(_ path: String) throws(SystemCallError) {
            file = try OpenFile.reading(path)
        }

        func next() throws(SystemCallError) -> [UInt8]? {
            let count = try file.read(into: buffer.bytes)
            return count == 0 ? nil : Array(buffer.bytes[..<count])
        }
    }
}
