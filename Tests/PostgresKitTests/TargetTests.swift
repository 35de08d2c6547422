// SPDX-License-Identifier: MIT

import PostgresKit
import Testing

/// What a text names, and what is never repeated of it.
@Suite("Connection texts")
struct TargetTests {
    /// No part of this may be seen anywhere.
    private let secret = "s3cr3tpw"

    @Test("A target shows where it leads and nothing else, in whatever way it is printed")
    func printing() throws {
        struct Holder {
            let target: ConnectionTarget
        }
        for text in [
            "postgresql://me:\(secret)@db.example:5432/mine?sslmode=require",
            "host=db.example dbname=mine user=me password=\(secret)",
            "host=db.example dbname=mine user=me password=\(secret) sslpassword=\(secret)",
        ] {
            let target = try ConnectionTarget(text)
            var dumped = ""
            dump(Holder(target: target), to: &dumped)
            dump([target: [target]], to: &dumped)
            let mirrored = Mirror(reflecting: target).children.map { "\($0)" }.joined()
            for shown in [
                "\(target)", String(reflecting: target), "\(Optional(target) as Any)", dumped, mirrored,
                "\(Holder(target: target))",
            ] {
                #expect(!shown.contains(secret) && !shown.contains("me:"))
            }
            #expect("\(target)" == "db.example/mine")
            #expect(target.host == "db.example")
            #expect("\(target.with(database: "other"))" == "db.example/other")
        }
        #expect("\(try ConnectionTarget("my service"))" == "service my service")
    }

    @Test(
        "What cannot be read is refused without repeating it",
        arguments: [
            "postgresql://me:s3cr3tpw@db:54x32/mine", "postgresql://me:pw@s3cr3tpw@db/mine",
            "postgresql://me:1/s3cr3tpw@db/mine",
            "postgresql://me:a/s3cr3tpw@db/mine", "postgresql://me:pw@db/mine?s3cr3tpw=1",
            "postgresql://[s3cr3tpw/mine", "password=x s3cr3tpw",
            "password='s3cr3tpw", "s3cr3tpw=1", "postgresql://me:%s3cr3tpw@db/", "mysql://me:s3cr3tpw@db/mine",
            "host=a port=s3cr3tpw", "",
        ])
    func unreadable(_ text: String) throws {
        let error = try refusal { _ = try ConnectionTarget(text) }
        var dumped = ""
        dump(error, to: &dumped)
        #expect(!dumped.contains(secret) && !"\(error)".contains(secret))
    }

    @Test("A parameter that only a newer libpq knows is named, and sslnegotiation is left out before libpq 17")
    func newerParameters() throws {
        do throws(PostgresError) {
            // Known from libpq 16 on.
            _ = try ConnectionTarget("postgresql://u:\(secret)@h/d?load_balance_hosts=random")
        } catch {
            #expect(error.message == "this libpq is too old for the parameter load_balance_hosts")
        }
        for text in [
            "postgresql://u:p?w@h/d?sslnegotiation=direct",
            "postgresql://u@h/d?sslmode=require&sslnegotiation=direct&user=x",
            "postgresql://u@h/d?sslnegotiation=postgres&sslmode=require",
        ] {
            #expect("\(try ConnectionTarget(text))" == "h/d")
        }
    }

    @Test("A password that is written as a URL wants it is taken whatever it holds")
    func encodedPassword() throws {
        for password in ["%40%2F%3A", "a?b", "a#b", "a:b", "%C3%A9"] {
            #expect("\(try ConnectionTarget("postgresql://u:\(password)@h:1,i:2/d"))" == "h,i/d")
        }
    }
}
