// SPDX-License-Identifier: MIT

import Testing

/// What the compiler and `swift format` cannot check. Each message names the line.
@Suite("House rules")
struct HouseRuleTests {
    /// A process that closes any descriptor of a file loses all its POSIX locks on that file, SQLite's too: "How To Corrupt An
    /// SQLite Database File", 2.2. So nobody but SQLite opens a database, and whoever opens files at all is named here.
    @Test("Files are opened in few places, and never where live databases are known")
    func fewOpenFiles() throws {
        let mayOpen = [
            "Sources/LinuxKit/": "the wrapper itself",
            "Sources/GuardConfiguration/": "configuration files",
            "Sources/Contents/": "scripts in scratch, and the file of the index before SQLite ever opened it",
            "Sources/Vault/": "archives and restores in scratch",
            "Sources/Releases/":
                "a release's servers and pages, its .env file and git's own texts, none under a database's name",
            "Sources/Journal/Opening.swift": "creates the journal with its mode, before SQLite ever opened it",
            "Sources/Engine/Backup/BackupTaker.swift": "copies in scratch, which no connection has open",
            "Sources/Engine/Stores/Forms.swift": "archives in the vault",
            "Sources/Stores/FileReplacement.swift": "writes the file that takes the place of one that nobody has open",
            "Sources/Stores/Postgres/DumpFile.swift": "a dump in scratch, which is a script and no database",
            "Sources/Transfer/KeptExport.swift": "rows that did not arrive, in a file of their own",
            "Sources/dementiad/Setup": "migrations as SQL text",
            "Sources/dementiactl/Commands/ExportFile.swift": "an archive, as it comes over the socket",
        ]
        let ways = [
            "OpenFile.", "OpenFile(", "O_RDONLY", "O_WRONLY", "O_RDWR", "fopen(", "FileHandle(", "Data(contentsOf",
            "String(contentsOf", "contents(atPath", "copyItem", "moveItem", "removeItem",
        ]
        for file in try SourceTree.files(in: ["Sources"]) where !mayOpen.keys.contains(where: file.path.hasPrefix) {
            for line in file.code {
                for way in ways where line.text.contains(way) {
                    Issue.record("\(file.path):\(line.number) opens files with \(way)")
                }
            }
        }
    }

    @Test("Each C library is called by one module")
    func oneModulePerLibrary() throws {
        let owners = [
            "CSQLite": "SQLiteKit", "CZstd": "ZstdKit", "CCrypto": "HashKit", "CLibpq": "PostgresKit",
            "CSystemd": "SystemdKit", "CYAML": "YAMLKit",
        ]
        for file in try SourceTree.files(in: ["Sources"]) {
            for line in file.code {
                for (library, owner) in owners where line.text.hasSuffix("import \(library)") {
                    #expect(file.target == owner, "\(file.path):\(line.number)")
                }
            }
        }
    }

    @Test("What switches off the compiler's proof stands beside a proof in words")
    func provedByHand() throws {
        let escapes = ["@unchecked Sendable", "nonisolated(unsafe)", "assumeIsolated"]
        for file in try SourceTree.files(in: ["Sources"]) {
            for line in file.code where escapes.contains(where: line.text.contains) {
                let neighbours = [line.number - 2, line.number].filter(file.lines.indices.contains).map {
                    file.lines[$0]
                }
                #expect(
                    neighbours.contains { $0.trimmed.hasPrefix("// ") },
                    "\(file.path):\(line.number) has no proof above or below")
            }
        }
    }

    @Test("Nothing that the world does can end the process")
    func noTraps() throws {
        for file in try SourceTree.files(in: ["Sources"]) {
            for line in file.code {
                for trap in ["try!", "as!", "fatalError(", "abort("] where line.text.contains(trap) {
                    Issue.record("\(file.path):\(line.number) says \(trap)")
                }
            }
        }
    }

    @Test("No module brings in Foundation")
    func noFoundation() throws {
        for file in try SourceTree.files(in: ["Sources"]) {
            for line in file.code where line.text.trimmed.hasSuffix("import Foundation") {
                Issue.record("\(file.path):\(line.number): FoundationEssentials is enough")
            }
        }
    }

    @Test("A file holds one idea: at most 400 lines")
    func shortFiles() throws {
        for file in try SourceTree.files() {
            #expect(file.lines.count <= 401, "\(file.path)")
        }
    }

    @Test("A folder holds what one glance takes in: at most 25 files")
    func smallFolders() throws {
        let folders = Dictionary(grouping: try SourceTree.files(in: ["Sources"]), by: \.folder)
        for (folder, files) in folders { #expect(files.count <= 25, "\(folder)") }
    }

    @Test("Every file names its licence once, at its top")
    func licences() throws {
        let sources = try SourceTree.files(extensions: ["swift", "c", "h", "modulemap", "py"])
        for file in try sources + [SourceTree.file("Package.swift"), SourceTree.file("Makefile")] {
            let mark = "SPDX-License-Identifier: " + "MIT"
            #expect(file.lines.prefix(3).count { $0.contains(mark) } == 1, "\(file.path)")
        }
    }

    @Test("Nothing is left to do")
    func nothingLeft() throws {
        for file in try SourceTree.files(in: ["Sources"]) {
            for (index, line) in file.lines.enumerated() {
                for mark in ["TO" + "DO:", "FIX" + "ME", "X" + "XX"] where line.contains(mark) {
                    Issue.record("\(file.path):\(index + 1)")
                }
            }
        }
    }
}

extension String {
    var trimmed: Substring { self[...].drop { $0 == " " } }
}
