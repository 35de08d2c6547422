// SPDX-License-Identifier: MIT

internal import Glibc

/// The terminal at the other end of standard output and standard error.
public enum Screen {
    /// The columns and rows of the terminal at `descriptor`: what it says itself, what the environment says, or what terminals once were.
    public static func size(of descriptor: Int32) -> (columns: Int, rows: Int) {
        var size = winsize()
        // What is no terminal has no size, and then it stays 0.
        _ = ioctl(descriptor, UInt(TIOCGWINSZ), &size)
        func number(_ name: String) -> Int? {
            getenv(name).flatMap { Int(String(cString: $0)) }.flatMap { $0 > 0 ? $0 : nil }
        }
        return (
            size.ws_col > 0 ? Int(size.ws_col) : number("COLUMNS") ?? 80,
            size.ws_row > 0 ? Int(size.ws_row) : number("LINES") ?? 24
        )
    }
}
