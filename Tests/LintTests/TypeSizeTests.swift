// SPDX-License-Identifier: MIT

import Testing

/// How large a type may become before it is several types.
@Suite("Sizes of types")
struct TypeSizeTests {
    /// A declaration or an extension at the outermost level of a file.
    private struct Declaration {
        /// The target and the type, as in `Engine.Supervisor`.
        let type: String
        let isType: Bool
        let lines: ArraySlice<String>
    }

    @Test("No type has more than 1,000 lines over all its extensions")
    func lines() throws {
        var lines: [String: Int] = [:]
        for declaration in try Self.declarations() { lines[declaration.type, default: 0] += declaration.lines.count }
        for (type, count) in lines { #expect(count <= 1000, "\(type) has \(count) lines") }
        // The measure sees what it is made for.
        #expect(lines["Engine.Supervisor", default: 0] > 300)
    }

    @Test("No type of the engine has more than 15 stored properties")
    func properties() throws {
        var largest = 0
        for declaration in try Self.declarations() where declaration.isType && declaration.type.hasPrefix("Engine.") {
            let count = declaration.lines.count(where: Self.isStoredProperty)
            largest = max(largest, count)
            #expect(count <= 15, "\(declaration.type) has \(count) stored properties")
        }
        #expect(largest > 5)
    }

    private static let keywords = ["actor", "class", "struct", "enum", "extension", "protocol"]

    private static func declarations() throws -> [Declaration] {
        try SourceTree.files(in: ["Sources"]).flatMap { file in
            var declarations: [Declaration] = []
            var start = 0
            while let head = file.lines[start...].firstIndex(where: { name(of: $0) != nil }) {
                let isOneLine = file.lines[head].hasSuffix("}") && !file.lines[head].hasSuffix("{")
                let end = isOneLine ? head : file.lines[head...].firstIndex(of: "}") ?? file.lines.count - 1
                if let (keyword, name) = name(of: file.lines[head]) {
                    declarations.append(
                        Declaration(
                            type: "\(file.target).\(name)", isType: keyword != "extension" && keyword != "protocol",
                            lines: file.lines[head...end]))
                }
                start = end + 1
                guard start < file.lines.count else { break }
            }
            return declarations
        }
    }

    /// The keyword and the type's name when `line` begins a declaration at the outermost level.
    private static func name(of line: String) -> (keyword: String, name: String)? {
        guard let first = line.first, first.isLetter || first == "@" else { return nil }
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(where: { keywords.contains(String($0)) }), place + 1 < words.count,
            words[..<place].allSatisfy({ $0 != "=" && $0 != "import" && $0 != "func" })
        else { return nil }
        let name = words[place + 1].prefix { $0.isLetter || $0.isNumber || $0 == "_" }
        return name.isEmpty ? nil : (String(words[place]), String(name))
    }

    /// Whether `line` is a stored property of the outermost type: one level deep, and no getter behind it.
    private static func isStoredProperty(_ line: String) -> Bool {
        guard line.hasPrefix("    "), !line.hasPrefix("     ") else { return false }
        let words = line.split(separator: " ")
        guard let place = words.firstIndex(where: { $0 == "let" || $0 == "var" }),
            words[..<place].allSatisfy({ $0.first?.isLetter == true && $0 != "func" && $0 != "case" && $0 != "static" })
        else { return false }
        guard let brace = line.firstIndex(of: "{") else { return true }
        return line[..<brace].contains("=")
    }
}
