// SPDX-License-Identifier: MIT

public import LinuxKit
public import SQLiteKit
internal import SchemaDump

/// The rows of a PostgreSQL script in a SQLite file, so that both engines' states are read in one way, without a server.
///
/// Integers, floating-point numbers and `bytea` become SQLite's own classes, everything else the text that PostgreSQL prints. The types
/// stand in the columns' declarations as PostgreSQL names them, and the primary keys and definitions in a table of notes.
public enum ScriptTranscript {
    /// Why there is no transcript.
    public enum Failure: Error {
        /// The script could not be read.
        case reading(SystemCallError)
        /// It is no script of ours, or not all of it.
        case damaged(String)
        /// The file could not be written.
        case writing(SQLiteError)
    }

    /// The table of notes: name of the table, kind of the note (`definition`, `type` of a column, column of the primary `key`), place, note.
    static let notes: SQLiteName = "\u{1}notes"

    /// Writes the rows of the script at `script` to the new file `target`.
    public static func write(_ script: String, to target: String) throws(Failure) {
        let file: ScriptFile
        do {
            file = try ScriptFile(script)
        } catch {
            throw .reading(error)
        }
        let writer = try writing { () throws(SQLiteError) in try TranscriptWriter(target) }
        do throws(ReplayFailure<SystemCallError>) {
            try DumpRows(from: file.next).read({ writer.begin($0) }, { writer.add($0) }, { writer.note($0, $1) })
        } catch {
            switch error {
            case .source(let error): throw .reading(error)
            case .damaged(let why): throw .damaged(why)
            // Nothing of it is run here.
            case .server(_, let section): throw .damaged("its section \(section) was to be run")
            }
        }
        try writing { () throws(SQLiteError) in try writer.finish() }
    }

    private static func writing<Result>(_ body: () throws(SQLiteError) -> Result) throws(Failure) -> Result {
        do {
            return try body()
        } catch {
            throw .writing(error)
        }
    }
}

/// The script, a piece at a time. A class, since the reader keeps the function that reads it.
private final class ScriptFile {
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
