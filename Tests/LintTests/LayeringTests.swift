// SPDX-License-Identifier: MIT

import Testing

/// The module graph is a promise: `Package.swift` declares it, the imports keep it, and `Sources/README.md` shows it.
@Suite("Layering")
struct LayeringTests {
    private static func graph() throws -> PackageGraph {
        try PackageGraph(manifest: SourceTree.file("Package.swift").lines.joined(separator: "\n"))
    }

    @Test("A target imports what Package.swift gives it, and uses all of that")
    func imports() throws {
        let graph = try Self.graph()
        let files = try SourceTree.files(in: ["Sources", "Tests"])
        #expect(graph.targets.count > 30)
        for target in graph.targets where target.kind != "systemLibrary" {
            let own = files.filter { $0.path.hasPrefix(target.path + "/") }
            #expect(!own.isEmpty || target.name == "CLinux", "\(target.path) has no Swift file")
            for fault in try graph.faults(of: target, files: own) { Issue.record("\(fault)") }
        }
    }

    @Test("A target needs only what stands above it in Package.swift, and no shipped target needs a test's")
    func order() throws {
        for fault in try Self.graph().faultsOfOrder() { Issue.record("\(fault)") }
    }

    @Test("Sources/README.md lists every module once, each below those that it needs")
    func map() throws {
        let graph = try Self.graph()
        let rows = try SourceTree.file("Sources/README.md").lines.filter { $0.hasPrefix("| `") }.map { row in
            row.split(separator: "|").first.map { $0.matches(of: /`([^`]+)`/).map { String($0.1) } } ?? []
        }
        let listed = rows.flatMap { $0 }
        #expect(listed.sorted() == graph.targets.filter(\.isShipped).map(\.name).sorted())
        var above: Set<String> = []
        for row in rows {
            above.formUnion(row)
            for name in row {
                let missing = graph.targets.first { $0.name == name }?.dependencies.filter {
                    listed.contains($0) && !above.contains($0)
                }
                #expect(missing == [], "\(name) stands above what it needs")
            }
        }
    }

    @Test("The forms of the control socket know no facts of Dementia but those that the values need")
    func forms() throws {
        let graph = try Self.graph()
        let forms = try #require(graph.targets.first { $0.name == "ControlAPI" })
        #expect(forms.dependencies == ["GuardCore"])
        // The client of the socket brings neither a database nor the engine.
        let client = graph.reach(of: "dementiactl")
        #expect(client.isDisjoint(with: ["Engine", "SQLiteKit", "PostgresKit", "CSQLite", "CLibpq"]))
    }

    @Test("An import without a declaration, a declaration without a use, and a wrong order are each found")
    func sensitivity() throws {
        let graph = try PackageGraph(
            manifest: """
                .target(name: "Upper", dependencies: ["Lower", .product(name: "Logging", package: "swift-log")]),
                .target(
                    name: "Lower",
                    dependencies: ["Program"], path: "Sources/Low"),
                .executableTarget(name: "Program", path: "Tests/Program"),
                """)
        #expect(graph.targets.map(\.path) == ["Sources/Upper", "Sources/Low", "Tests/Program"])
        let file = SourceFile(
            path: "Sources/Upper/A.swift",
            lines: ["internal import struct Lower.Value", "@testable import Stranger", "import Glibc"])
        #expect(
            try graph.faults(of: graph.targets[0], files: [file]) == [
                "Sources/Upper/A.swift:2: Upper imports Stranger, which Package.swift does not give it",
                "Package.swift: Upper does not use Logging",
            ])
        #expect(
            graph.faultsOfOrder() == [
                "Upper stands above Lower, which it needs", "Lower stands above Program, which it needs",
                "Lower needs Program, a test's",
            ])
        let starter = SourceFile(path: "Sources/Low/B.swift", lines: ["let name = built(\"Program\")"])
        #expect(try graph.faults(of: graph.targets[1], files: [starter]).isEmpty)
    }

    @Test("The walks of Sources/README.md are as short as they say, and every file of them is there")
    func walks() throws {
        let text = try SourceTree.file("Sources/README.md").lines
        let headings = text.indices.filter { text[$0].hasPrefix("## ") }
        for (heading, most) in [("## To follow a migration", 20), ("## To follow `dementiactl restore ID`", 25)] {
            let start = try #require(headings.first { text[$0].hasPrefix(heading) })
            let end = headings.first { $0 > start } ?? text.count
            let parts = text[(start + 1)..<end].joined(separator: "\n").split(
                separator: "`", omittingEmptySubsequences: false)
            let files = Set(
                parts.enumerated().filter { $0.offset % 2 == 1 && $0.element.hasSuffix(".swift") }.map(\.element))
            #expect(files.count > 10 && files.count <= most, "\(heading): \(files.count) files")
            #expect(text[start].contains("\(files.count) files"), "\(heading): \(files.count) files")
            for file in files { #expect(throws: Never.self) { try SourceTree.file("Sources/\(file)") } }
        }
    }
}
