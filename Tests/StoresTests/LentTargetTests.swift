// SPDX-License-Identifier: MIT

import GuardCore
import Testing

@testable import Stores

/// A place that is not configured is reached with nothing but what it says itself and what libpq looks for by itself.
@Suite("Targets that are not configured")
struct LentTargetTests {
    @Test(
        "They take no file, service or key from the text that names them",
        arguments: [
            "host=elsewhere dbname=db passfile=/home/ann/.pgpass#shop", "postgres://elsewhere/db?passfile=/x#shop",
            "postgres://elsewhere/db?sslkey=/home/ann/key&sslcert=/home/ann/cert#shop",
            "host=elsewhere sslpassword=x sslkey=/k#shop",
        ])
    func refused(_ place: String) throws {
        let servers = try PostgresServers(["postgres://configured.example/db"])
        let error = #expect(throws: GuardError.self) { try servers.store(named: place) }
        #expect(
            error?.code == .usage && error?.hint?.contains("postgres.connections") == true, "\(error?.message ?? "")")
        #expect(error?.message.contains("/home/ann") == false)
    }

    @Test("A plain one is taken, and one that is configured brings what the configuration says")
    func taken() throws {
        let servers = try PostgresServers(["postgres://configured.example/db?passfile=/home/ann/.pgpass"])
        let plain = try servers.store(named: "postgres://ann@elsewhere:5433/db?sslmode=verify-full#shop")
        #expect(plain.location.name == "elsewhere:5433/db#shop")
        let known = try servers.store(named: "postgres://configured.example/db?passfile=/x#shop")
        #expect(known.location.name == "configured.example:5432/db#shop")
    }
}
