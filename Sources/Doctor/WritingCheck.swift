// SPDX-License-Identifier: MIT

public import ControlAPI
public import GuardCore

/// Places that the daemon has to write to, and may not.
public struct WritingCheck: Check {
    /// What a place is to the daemon.
    public enum Purpose: Sendable, Equatable {
        /// Journal and vault.
        case state
        /// A memory, its file or its folder.
        case store(StoreID)
    }

    /// Why a place cannot be written.
    public enum Obstacle: Sendable, Equatable {
        /// It is mounted read-only for this process alone, at `mount`.
        case sandbox(mount: String)
        /// The filesystem at `mount` is read-only for everybody.
        case readOnly(mount: String)
        /// A mode or an owner. `owner` is nil when it is this user's own.
        case denied(owner: String?)
    }

    /// A place that cannot be written.
    public struct Place: Sendable, Equatable {
        let path: String
        let purpose: Purpose
        let obstacle: Obstacle
        /// What a drop-in should name: the watched folder that it is in, or the folder itself.
        let folder: String

        public init(_ path: String, _ purpose: Purpose, _ obstacle: Obstacle, in folder: String) {
            self.path = path
            self.purpose = purpose
            self.obstacle = obstacle
            self.folder = folder
        }
    }

    private let places: [Place]
    private let unit: ServiceUnit?

    /// - Parameters:
    ///   - places: what cannot be written
    ///   - unit: what the daemon runs as; nil when no manager started it
    public init(_ places: [Place], unit: ServiceUnit?) {
        self.places = places
        self.unit = unit
    }

    public var diagnoses: [Diagnosis] {
        var folders: [String: [Place]] = [:]
        var mounts: [String: [Place]] = [:]
        var others: [Place] = []
        for place in places {
            switch place.obstacle {
            case .sandbox(let mount):
                if unit == nil {
                    mounts[mount, default: []].append(place)
                } else {
                    folders[place.folder, default: []].append(place)
                }
            case .readOnly(let mount): mounts[mount, default: []].append(place)
            case .denied: others.append(place)
            }
        }
        return folders.sorted { $0.key < $1.key }.compactMap { sandboxed($0.key, $0.value) }
            + mounts.sorted { $0.key < $1.key }.map { readOnly($0.key, $0.value) } + others.map(denied)
    }

    private func sandboxed(_ folder: String, _ places: [Place]) -> Diagnosis? {
        guard let unit else { return nil }
        return Diagnosis(
            .unitMayNotWrite, .failure,
            "\(unit.service) may not write in \(folder), where \(what(places)): it can be neither migrated nor restored.",
            store: store(places),
            remedy: .init(
                "Allow the unit to write there.", command: unit.reread,
                file: .init(
                    path: unit.dropIn(ServiceUnit.topic(folder)),
                    text: "[Service]\nReadWritePaths=-\(Self.unitPath(folder))\n")))
    }

    private func readOnly(_ mount: String, _ places: [Place]) -> Diagnosis {
        Diagnosis(
            .readOnlyFilesystem, .failure,
            "The filesystem at \(mount) is read-only, where \(what(places)): it can be neither migrated nor restored.",
            store: store(places),
            remedy: .init(
                "Let it be written again. After errors of the disk, check it first: sudo dmesg.",
                command: "sudo mount -o remount,rw \(ShellText.word(mount))"))
    }

    private func denied(_ place: Place) -> Diagnosis {
        var owner: String?
        if case .denied(let name) = place.obstacle { owner = name }
        let message = "\(place.path) may not be read and written by this user, where \(what([place]))"
        guard let owner else {
            return Diagnosis(
                .notPermitted, .failure, "\(message): its mode forbids it.", store: store([place]),
                remedy: .init(
                    "Let its owner read and write it.", command: "chmod u+rwX \(ShellText.word(place.path))"))
        }
        return Diagnosis(
            .notPermitted, .failure, "\(message): it is \(owner)'s.", store: store([place]),
            remedy: .init(
                "Have it guarded as its owner, and named in discover.ignore here: sudo systemctl enable --now "
                    + ShellText.word("dementiad@\(owner)")))
    }

    private func what(_ places: [Place]) -> String {
        let stores = Set(places.compactMap { if case .store(let id) = $0.purpose { id } else { nil } }).count
        if places.contains(where: { $0.purpose == .state }) { return "journal and vault are" }
        return stores == 1 ? "a memory is" : "\(stores) memories are"
    }

    /// The only one that is concerned, if it is one.
    private func store(_ places: [Place]) -> StoreID? {
        let stores = Set(places.compactMap { if case .store(let id) = $0.purpose { id } else { nil } })
        return stores.count == 1 && !places.contains { $0.purpose == .state } ? stores.first : nil
    }

    /// `path` as systemd.unit(5) reads it: blanks end it, and a percent sign begins a specifier.
    static func unitPath(_ path: String) -> String {
        let escaped = QuotedText.escaped(path, ["\\": "\\\\", "%": "%%", "\"": "\\\""])
        return escaped.contains(" ") ? "\"\(escaped)\"" : escaped
    }
}
