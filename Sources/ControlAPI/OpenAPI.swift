// SPDX-License-Identifier: MIT

/// The OpenAPI 3.1 document of the control socket.
public enum OpenAPI {
    /// As it is served.
    public static let document: [UInt8] = Array("{}".utf8)
}
