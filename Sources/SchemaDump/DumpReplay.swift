// SPDX-License-Identifier: MIT

public import PostgresKit

/// Why a script could not be replayed. Nothing of it holds: the caller's transaction is to be rolled back.
public enum ReplayFailure<Source: Error>: Error {
    /// The server refused a section, such as `TABLE` or `copy`.
    case server(PostgresError, section: String)
    /// The script could not be read on.
    case source(Source)
    /// It is no script of ours, or not all of it.
    case damaged(String)
}

/// A script of ``DumpScript``, run again.
public struct DumpReplay<Source: Error> {
    private let next: () throws(Source) -> [UInt8]?

    /// - Parameter next: gives the script piece by piece, then nil
    public init(from next: @escaping () throws(Source) -> [UInt8]?) {
        self.next = next
    }

    /// Runs the script in the transaction that `connection` is in. Its own BEGIN and COMMIT are left out.
    ///
    /// The settings that it pins stay to the end of that transaction. Replayed as a whole or not at all: when this throws, the caller
    /// rolls back, also where only the end is missing.
    ///
    /// - Parameter schema: the one that the script makes, in which its functions find each other
    /// - Returns: the number of rows of each COPY, in the script's order
    @discardableResult
    public func run(on connection: Connection, making schema: String) throws(ReplayFailure<Source>) -> [Int64] {
        guard connection.transactionStatus == .inTransaction else {
            throw .damaged("a script is replayed in a transaction that the caller began")
        }
        let reader = SectionReader(next: next)
        var copied: [Int64] = []
        while let section = try reader.nextSection() {
            guard let statement = section.sql else {
                copied.append(try copy(section, from: reader, on: connection))
                continue
            }
            // The caller's transaction is the one that counts.
            if section.kind == "BEGIN" || section.kind == "COMMIT" { continue }
            do throws(PostgresError) {
                try connection.replay(statement)
                // Scripts of earlier versions leave the schema out of it.
                if section.kind == "SETTINGS" { try connection.run(PinnedSettings.searchPath(for: schema)) }
            } catch {
                throw .server(error, section: section.kind)
            }
        }
        return copied
    }

    private func copy(
        _ section: SectionReader<Source>.Section, from reader: SectionReader<Source>, on connection: Connection
    ) throws(ReplayFailure<Source>) -> Int64 {
        do throws(CopyFailure<ReplayFailure<Source>>) {
            let rows = try connection.copyIn(section.copy) { () throws(ReplayFailure<Source>) in
                try reader.nextRows()
            }
            return Int64(rows)
        } catch {
            switch error {
            case .server(let error): throw .server(error, section: "copy")
            case .caller(let failure): throw failure
            }
        }
    }
}
