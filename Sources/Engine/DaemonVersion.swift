// SPDX-License-Identifier: MIT

/// The version of this dementiad.
public enum DaemonVersion {
    /// As in `dementiad --version`, in manifests and in the API.
    public static let current = "0.1.0"
}
