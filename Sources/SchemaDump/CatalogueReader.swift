// SPDX-License-Identifier: MIT

internal import PostgresKit

struct CatalogueReader {
    let schema: String
    let connection: Connection

    mutating func readAll() throws(PostgresError) {}

    func inventory(excluding isExcluded: (String, String) -> Bool) -> SchemaInventory {
        SchemaInventory(schema: schema, content: .init(), facts: .init())
    }
}
