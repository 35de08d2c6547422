// SPDX-License-Identifier: MIT

import ControlAPI
import ControlTestKit
import FoundationEssentials
import GuardCore
import Testing

@Suite("The manual of the interface")
struct ManualTests {
    /// Holds what stands between two marks of a page against `text`, and writes it anew when that was asked for.
    private func check(_ page: String, between name: String, _ text: String) throws {
        let url = URL(filePath: "\(PythonTools.root)/man/\(page)")
        let old = try String(contentsOf: url, encoding: .utf8)
        let start = try #require(old.firstRange(of: ".\\\" \(name) begin\n"))
        let end = try #require(old.firstRange(of: ".\\\" \(name) end\n"))
        let whole = old[..<start.upperBound] + text + old[end.lowerBound...]
        if ProcessInfo.processInfo.environment["UPDATE_GENERATED"] == "1" { try Data(whole.utf8).write(to: url) }
        #expect(try String(contentsOf: url, encoding: .utf8) == whole)
    }

    /// A sentence on each line, as mdoc(7) wants it; a line must not begin with a dot or a quote.
    private func lines(_ text: String) -> String {
        text.replacing("\\", with: "\\e").replacing(". ", with: ".\n") + "\n"
    }

    @Test("dementiad-errors(7) has every code of the table (to write it anew: UPDATE_GENERATED=1 make test)")
    func errors() throws {
        let text = GuardError.Code.allCases.sorted { $0.rawValue < $1.rawValue }.map { code in
            let line = ErrorTable.line(for: code)
            let again = line.retryable ? ", and may be tried again" : ""
            return
                ".It Sy \(code.rawValue)\n\(line.title): exit status \(line.exit.rawValue), HTTP \(line.status)\(again).\n"
                + lines(ErrorTable.advice(for: code))
        }
        try check("dementiad-errors.7", between: "codes", text.joined())
    }

    @Test("dementiad(8) has every route of the table (to write it anew: UPDATE_GENERATED=1 make test)")
    func routes() throws {
        let text = Route.all.map { route in
            let query = route.parameters.map(\.name).joined(separator: ", ")
            return ".It Ic \(route.method.rawValue) Pa \(route.path)\n"
                + lines(route.summary + (route.access == .owner ? " For the owner and root." : ""))
                + (query.isEmpty ? "" : "Parameters: \(query).\n")
        }
        try check("dementiad.8", between: "routes", text.joined())
    }

    @Test("The page of the control protocol lists every route")
    func page() throws {
        let path = "\(PythonTools.root)/docs/design/control-protocol.md"
        let page = try String(contentsOf: URL(filePath: path), encoding: .utf8)
        for route in Route.all {
            let line = "`\(route.method.rawValue) \(route.path)`"
            #expect(page.contains(line), "\(line)")
        }
    }

    @Test("Every advice is whole sentences")
    func advice() {
        for code in GuardError.Code.allCases {
            let advice = ErrorTable.advice(for: code)
            #expect(advice.hasSuffix(".") && !advice.contains("  "), "\(code)")
        }
    }
}
