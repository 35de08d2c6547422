// SPDX-License-Identifier: MIT

/// The targets of `Package.swift`, in the order in which they stand there.
struct PackageGraph {
    /// One target.
    struct Target {
        let name: String
        /// `target`, `executableTarget`, `testTarget` or `systemLibrary`.
        let kind: String
        /// Its folder, relative to the repository.
        let path: String
        /// The targets and products that it declares.
        let dependencies: [String]

        var isShipped: Bool { path.hasPrefix("Sources/") }
    }

    let targets: [Target]

    /// Reads the declarations out of `manifest`, the text of a `Package.swift`.
    init(manifest: String) throws {
        let heads = /\.(target|executableTarget|testTarget|systemLibrary)\(\s*name: "([\w-]+)"/
        targets = try manifest.matches(of: heads).map { head in
            let body = Self.arguments(in: manifest[head.range.lowerBound...])
            let (kind, name) = (String(head.1), String(head.2))
            let folder = kind == "testTarget" ? "Tests" : "Sources"
            let path = try /path: "([^"]+)"/.firstMatch(in: body).map { String($0.1) }
            let list = try /dependencies: \[([^\]]*)\]/.firstMatch(in: body)?.1 ?? ""
            let names = list.replacing(/\.product\(name: ("\w+"), package: "[\w-]+"\)/) { $0.1 }
            return Target(
                name: name, kind: kind, path: path ?? "\(folder)/\(name)",
                dependencies: names.matches(of: /"([\w-]+)"/).map { String($0.1) })
        }
    }

    /// From the head of a call to the parenthesis that closes it.
    private static func arguments(in text: Substring) -> Substring {
        var depth = 0
        for index in text.indices {
            if text[index] == "(" { depth += 1 }
            if text[index] == ")" { depth -= 1 }
            if depth == 0, text[index] == ")" { return text[...index] }
        }
        return text
    }

    /// The targets that `name` depends on, over every path.
    func reach(of name: String) -> Set<String> {
        var found: Set<String> = []
        var open = [name]
        while let next = open.popLast() {
            for dependency in targets.first(where: { $0.name == next })?.dependencies ?? []
            where found.insert(dependency).inserted {
                open.append(dependency)
            }
        }
        return found
    }
}

/// What is wrong with a target, given its files.
extension PackageGraph {
    /// Modules of the toolchain, which need no declaration.
    private static let toolchain: Set = ["Foundation", "FoundationEssentials", "Glibc", "Synchronization", "Testing"]

    /// Imports that are not declared, and declarations that are not used. A program that a test only starts is used where its name
    /// stands in the test's text.
    func faults(of target: Target, files: [SourceFile]) throws -> [String] {
        let importing =
            /^\s*(?:@\w+ )?(?:(?:public|package|internal|fileprivate|private) )?import (?:(?:struct|class|enum|protocol|func|let|var|typealias) )?(\w+)/
        var imported: [String: String] = [:]
        for file in files {
            for line in file.code {
                if let match = try importing.firstMatch(in: line.text) {
                    imported[String(match.1)] = "\(file.path):\(line.number)"
                }
            }
        }
        let programs = Set(targets.filter { $0.kind == "executableTarget" }.map(\.name))
        let undeclared = imported.filter { !target.dependencies.contains($0.key) && !Self.toolchain.contains($0.key) }
        let unused = try target.dependencies.filter { name in
            guard imported[name] == nil else { return false }
            let word = try Regex("\\b\(name)\\b")
            return !programs.contains(name) || !files.contains { $0.lines.contains { $0.contains(word) } }
        }
        return undeclared.map { "\($0.value): \(target.name) imports \($0.key), which Package.swift does not give it" }
            .sorted() + unused.map { "Package.swift: \(target.name) does not use \($0)" }
    }

    /// Dependencies that stand below their user in `Package.swift`, and tests that a shipped target needs.
    func faultsOfOrder() -> [String] {
        var above: Set<String> = []
        var faults: [String] = []
        let all = Set(targets.map(\.name))
        let shipped = Set(targets.filter(\.isShipped).map(\.name))
        for target in targets {
            for name in target.dependencies where all.contains(name) {
                if !above.contains(name) { faults.append("\(target.name) stands above \(name), which it needs") }
                if target.isShipped, !shipped.contains(name) { faults.append("\(target.name) needs \(name), a test's") }
            }
            above.insert(target.name)
        }
        return faults
    }
}
