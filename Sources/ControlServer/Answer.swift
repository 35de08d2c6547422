// SPDX-License-Identifier: MIT

internal import ControlAPI
internal import GuardCore
internal import HTTPTypes
internal import Hummingbird
internal import NIOCore

/// A finished answer.
struct Answer {
    let head: HTTPResponse
    let bytes: ByteBuffer

    /// A form.
    static func form(_ value: some Encodable, status: Int = 200, fields: HTTPFields = [:]) throws(GuardError) -> Answer
    {
        Answer(status, "application/json", try ControlJSON.encode(value), fields)
    }

    /// An error in the form of RFC 9457.
    static func problem(_ error: GuardError, fields: HTTPFields = [:], closing: Bool = false) -> Answer {
        let problem = Problem(error)
        var fields = fields
        if closing { fields[.connection] = "close" }
        // A problem is made of texts and always has a JSON form; an empty body is still better than no answer.
        let bytes = (try? ControlJSON.encode(problem)) ?? []
        return Answer(problem.status, "application/problem+json", bytes, fields)
    }

    /// A JSON document that stands already.
    static func json(_ bytes: [UInt8]) -> Answer { Answer(200, "application/json", bytes, [:]) }

    /// Text that ends with a line end.
    static func text(_ text: String, type: String) -> Answer { Answer(200, type, Array(text.utf8.dropLast()), [:]) }

    private init(_ status: Int, _ type: String, _ json: [UInt8], _ fields: HTTPFields) {
        var fields = fields
        fields[.contentType] = type
        // An answer is how things stand now.
        fields[.cacheControl] = "no-store"
        fields[.contentLength] = String(json.count + 1)
        head = HTTPResponse(status: .init(code: status), headerFields: fields)
        // A line end, for whoever reads it in a terminal.
        bytes = ByteBuffer(bytes: json + [UInt8(ascii: "\n")])
    }

    /// As the router wants it. A HEAD gets the same header and nothing more.
    func response(toHead: Bool = false) -> Response {
        Response(
            status: head.status, headers: head.headerFields,
            body: toHead ? ResponseBody() : ResponseBody(byteBuffer: bytes))
    }
}
