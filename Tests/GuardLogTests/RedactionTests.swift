// SPDX-License-Identifier: MIT

import TestSupport
import Testing

@testable import GuardLog

@Suite("Passwords in a log")
struct RedactionTests {
    @Test(
        "The password of a URL is hidden",
        arguments: [
            ("postgres://ann:secret@db/app", "postgres://ann:***@db/app"),
            (
                "cannot reach 'postgresql://ann:s@db:5432/app#shop': no",
                "cannot reach 'postgresql://ann:***@db:5432/app#shop': no"
            ),
            ("a postgres://u:1@h b postgres://v:2@h c", "a postgres://u:***@h b postgres://v:***@h c"),
            // Signs that belong into a URL only when they are encoded.
            ("postgres://ann:p@ss/w:rd@db/app", "postgres://ann:***@db/app"),
            ("postgres://:only@db", "postgres://:***@db"), ("postgres://ann:@db", "postgres://ann:***@db"),
            ("postgres://ann:geheimnöö✓@db", "postgres://ann:***@db"),
            ("x://y/x://ann:secret@db", "x://y/x://ann:***@db"), ("+://a:b@c", "+://a:***@c"),
            ("url=\"postgres://ann:secret@db\"", "url=\"postgres://ann:***@db\""),
        ])
    func hidden(_ text: String, _ shown: String) {
        #expect(Redaction.withoutPasswords(text) == shown)
    }

    @Test(
        "Everything else stays as it is",
        arguments: [
            "", "://", "a://", "://a:b@c", "postgres://ann@db:5432/app", "http://localhost:8080/v1",
            "file:///home/ann/x:y",
            "ann:secret@db", "migrated ~/shop: verified", "http://h:80 and ann@db",
        ])
    func kept(_ text: String) {
        #expect(Redaction.withoutPasswords(text) == text)
    }

    // Not an argument of the test above: a NUL in the name of a case cuts the line of the test's own end.
    @Test("Control characters are characters")
    func control() {
        #expect(Redaction.withoutPasswords("x://\u{0}:\u{1}@") == "x://\u{0}:\u{1}@")
    }

    @Test("A hostile text takes processor time in proportion to its length")
    func linear() {
        func hostile(_ count: Int) -> String { String(repeating: "x://a:", count: count) }
        // A text four times as long takes four times as long, or sixteen times where the work is quadratic.
        let ratios = (1...3).map { _ in
            processorTime { Redaction.withoutPasswords(hostile(80_000)) }
                / processorTime { Redaction.withoutPasswords(hostile(20_000)) }
        }
        #expect(ratios.contains { $0 <= 8 }, "\(ratios)")
        #expect(Redaction.withoutPasswords(hostile(80_000)) == hostile(80_000))
        #expect(Redaction.withoutPasswords(hostile(80_000) + "@") == "x://a:***@")
    }

    /// The seconds of processor time that this thread needs for `work`: what other processes take does not count.
    private func processorTime(_ work: () -> String) -> Double {
        let start = ProcessorTime.ofThisThread
        _ = work()
        return ProcessorTime.ofThisThread - start
    }
}
