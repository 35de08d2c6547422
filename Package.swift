// swift-tools-version: 6.2
// SPDX-License-Identifier: MIT

import PackageDescription

/// One set of rules for every target: Swift 6 mode, explicit existentials and imports, and warnings are errors.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// The house, top down: a target knows only what stands above it (`Sources/README.md`).
let package = Package(
    name: "dementiad",
    products: [
        .executable(name: "dementiad", targets: ["dementiad"]),
        .executable(name: "dementiactl", targets: ["dementiactl"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-http-types.git", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.14.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-extras.git", from: "1.34.1"),
        // Without its default traits, which bring configuration files and all of Foundation.
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.13.0"),
    ],
    targets: [
        // System libraries and shims, nothing else.
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CLibpq", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .target(name: "CLinux"),

        // Safe wrappers that know nothing of Dementia.
        .target(name: "LinuxKit", dependencies: ["CLinux"], swiftSettings: strict),
        .target(name: "SQLiteKit", dependencies: ["CSQLite", "LinuxKit"], swiftSettings: strict),
        .target(name: "PostgresKit", dependencies: ["CLibpq", "LinuxKit"], swiftSettings: strict),
        .target(name: "SchemaDump", dependencies: ["LinuxKit", "PostgresKit"], swiftSettings: strict),
        .target(name: "SystemdKit", dependencies: ["CSystemd", "LinuxKit"], swiftSettings: strict),
        .target(name: "YAMLKit", dependencies: ["CYAML"], swiftSettings: strict),
        .target(name: "ZstdKit", dependencies: ["CZstd"], swiftSettings: strict),
        .target(name: "HashKit", dependencies: ["CCrypto"], swiftSettings: strict),

        // Facts, values and rules. No I/O.
        .target(
            name: "Dementia",
            dependencies: ["HashKit"],
            resources: [.embedInCode("Migrations")],
            swiftSettings: strict
        ),
        .target(name: "GuardCore", dependencies: ["Dementia", "HashKit"], swiftSettings: strict),

        // One job each.
        .target(
            name: "Vault",
            dependencies: ["GuardCore", "HashKit", "LinuxKit", "ZstdKit"],
            swiftSettings: strict
        ),
        .target(
            name: "Contents",
            dependencies: ["HashKit", "LinuxKit", "SQLiteKit", "SchemaDump"],
            swiftSettings: strict
        ),
        .target(
            name: "Stores",
            dependencies: [
                "Dementia", "GuardCore", "HashKit", "LinuxKit", "PostgresKit", "SQLiteKit", "SchemaDump",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Transfer",
            dependencies: [
                "Dementia", "GuardCore", "HashKit", "LinuxKit", "PostgresKit", "SQLiteKit", "SchemaDump", "Stores",
            ],
            swiftSettings: strict
        ),
        .target(
            name: "Releases", dependencies: ["Dementia", "GuardCore", "HashKit", "LinuxKit"], swiftSettings: strict),
        .target(
            name: "Journal",
            dependencies: ["GuardCore", "HashKit", "LinuxKit", "SQLiteKit"],
            swiftSettings: strict
        ),
        .target(
            name: "GuardConfiguration",
            dependencies: ["GuardCore", "YAMLKit"],
            swiftSettings: strict
        ),
        .target(name: "Watcher", dependencies: ["LinuxKit"], swiftSettings: strict),

        // How both programs speak to people.
        .target(name: "Terminal", dependencies: ["GuardCore"], swiftSettings: strict),
        .target(
            name: "GuardLog",
            dependencies: [
                "GuardCore", "LinuxKit", "SystemdKit", "Terminal", .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),

        // The forms that both ends of the control socket share.
        .target(name: "ControlAPI", dependencies: ["GuardCore"], swiftSettings: strict),

        // The only one that decides.
        .target(
            name: "Engine",
            dependencies: [
                "Contents", "ControlAPI", "Dementia", "GuardCore", "HashKit", "Journal", "LinuxKit", "Releases",
                "SQLiteKit", "Stores", "Transfer", "Vault", "Watcher",
            ],
            swiftSettings: strict
        ),

        // The two ends of the control socket, and the only two users of NIO.
        .target(
            name: "ControlServer",
            dependencies: [
                "CLinux", "ControlAPI", "GuardCore", "LinuxKit",
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .target(
            name: "ControlClient",
            dependencies: [
                "ControlAPI", "GuardCore", "LinuxKit",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: strict
        ),

        // Findings, and what mends them. For both ends of the socket, so it knows no server and no database.
        .target(
            name: "Doctor", dependencies: ["ControlAPI", "GuardCore", "LinuxKit", "Terminal"], swiftSettings: strict),

        // Composition roots: parse, build, run, translate errors.
        .executableTarget(
            name: "dementiad",
            dependencies: [
                "ControlAPI", "ControlServer", "Dementia", "Doctor", "Engine", "GuardConfiguration", "GuardCore",
                "GuardLog", "Journal", "LinuxKit", "Releases", "Stores", "SystemdKit", "Terminal", "Vault", "Watcher",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "dementiactl",
            dependencies: [
                "ControlAPI", "ControlClient", "Doctor", "GuardCore", "HashKit", "LinuxKit", "Terminal",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: strict
        ),

        // Shared by the tests.
        .target(
            name: "TestSupport",
            dependencies: ["LinuxKit", "SQLiteKit"],
            path: "Tests/Support",
            swiftSettings: strict
        ),
        // A daemon without an engine, for the tests of the control socket.
        .target(
            name: "ControlTestKit",
            dependencies: [
                "ControlAPI", "ControlServer", "GuardCore", "HashKit", "LinuxKit", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            path: "Tests/ControlTestKit",
            swiftSettings: strict
        ),
        .executableTarget(
            name: "ControlFixture",
            dependencies: ["ControlTestKit"],
            path: "Tests/ControlFixture",
            swiftSettings: strict
        ),
        // Its own target: a million inputs take longer than all tests together.
        .executableTarget(
            name: "ControlFuzz", dependencies: ["ControlTestKit"], path: "Tests/ControlFuzz", swiftSettings: strict),
        .testTarget(
            name: "ControlAPITests", dependencies: ["ControlAPI", "ControlTestKit", "GuardCore"], swiftSettings: strict),
        .testTarget(
            name: "ControlServerTests",
            dependencies: [
                "ControlAPI", "ControlFixture", "ControlServer", "ControlTestKit", "GuardCore", "LinuxKit",
                "TestSupport",
            ],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ControlClientTests",
            dependencies: [
                "ControlAPI", "ControlClient", "ControlFixture", "ControlServer", "ControlTestKit", "GuardCore",
                "LinuxKit", "TestSupport",
            ],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DoctorTests",
            dependencies: [
                "ControlAPI", "ControlServer", "ControlTestKit", "Dementia", "Doctor", "Engine", "GuardCore", "Journal",
                "LinuxKit", "SQLiteKit", "Stores", "Terminal", "TestSupport", "Vault", "Watcher", "dementiactl",
                "dementiad",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "dementiactlTests",
            dependencies: [
                "ControlAPI", "ControlTestKit", "GuardCore", "LinuxKit", "Terminal", "dementiactl",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            exclude: ["Golden"],
            swiftSettings: strict
        ),
        // Tests: one target per module.
        .testTarget(
            name: "GuardConfigurationTests", dependencies: ["GuardConfiguration", "GuardCore"], swiftSettings: strict),
        .testTarget(
            name: "DementiaTests",
            dependencies: ["Dementia"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "SQLiteKitTests",
            dependencies: ["LinuxKit", "SQLiteKit", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "PostgresKitTests",
            dependencies: ["LinuxKit", "PostgresKit", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(name: "GuardCoreTests", dependencies: ["Dementia", "GuardCore", "HashKit"], swiftSettings: strict),
        .testTarget(
            name: "SchemaDumpTests",
            dependencies: ["PostgresKit", "SchemaDump", "TestSupport"],
            exclude: ["Shapes"],
            swiftSettings: strict
        ),
        .testTarget(name: "LintTests", dependencies: ["LinuxKit"], swiftSettings: strict),
        // The service under a booted systemd; what runs in there is in Tests/Systemd.
        .testTarget(
            name: "SystemdTests",
            dependencies: ["LinuxKit", "TestSupport", "dementiactl", "dementiad"],
            swiftSettings: strict
        ),
        .testTarget(name: "LinuxKitTests", dependencies: ["LinuxKit", "TestSupport"], swiftSettings: strict),
        // Stands before a service manager of the tests' making.
        .executableTarget(
            name: "SystemdFixture",
            dependencies: ["LinuxKit", "SystemdKit"],
            path: "Tests/SystemdFixture",
            swiftSettings: strict
        ),
        .testTarget(
            name: "SystemdKitTests",
            dependencies: ["LinuxKit", "SystemdFixture", "SystemdKit", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "GuardLogTests",
            dependencies: [
                "GuardCore", "GuardLog", "LinuxKit", "SystemdKit", "TestSupport",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict
        ),
        .testTarget(name: "YAMLKitTests", dependencies: ["YAMLKit"], swiftSettings: strict),
        .testTarget(name: "ZstdKitTests", dependencies: ["ZstdKit"], swiftSettings: strict),
        .testTarget(name: "WatcherTests", dependencies: ["LinuxKit", "TestSupport", "Watcher"], swiftSettings: strict),
        .testTarget(
            name: "VaultTests",
            dependencies: ["GuardCore", "HashKit", "LinuxKit", "Vault"],
            swiftSettings: strict
        ),
        .executableTarget(
            name: "JournalCrashHelper",
            dependencies: ["GuardCore", "Journal"],
            path: "Tests/JournalCrashHelper",
            swiftSettings: strict
        ),
        .testTarget(
            name: "JournalTests",
            dependencies: ["GuardCore", "Journal", "JournalCrashHelper", "LinuxKit", "SQLiteKit"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ContentsTests",
            dependencies: ["Contents", "LinuxKit", "SQLiteKit", "TestSupport"],
            swiftSettings: strict
        ),
        .testTarget(
            name: "StoresTests",
            dependencies: [
                "Dementia", "GuardCore", "HashKit", "LinuxKit", "PostgresKit", "SQLiteKit", "Stores", "TestSupport",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "TransferTests",
            dependencies: [
                "Dementia", "GuardCore", "HashKit", "LinuxKit", "PostgresKit", "SQLiteKit", "Stores", "TestSupport",
                "Transfer",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "ReleasesTests",
            dependencies: ["Dementia", "GuardCore", "HashKit", "LinuxKit", "Releases", "TestSupport"],
            swiftSettings: strict
        ),
        // Runs a pass and ends itself with SIGKILL at a chosen write of the journal.
        .executableTarget(
            name: "crash-runner",
            dependencies: ["ControlAPI", "Dementia", "Engine", "GuardCore", "Journal", "LinuxKit", "Stores", "Vault"],
            path: "Tests/CrashRunner",
            swiftSettings: strict
        ),
        .testTarget(
            name: "EngineTests",
            dependencies: [
                "ControlAPI", "Dementia", "Engine", "GuardCore", "HashKit", "Journal", "LinuxKit", "Releases",
                "SQLiteKit", "Stores", "TestSupport", "Vault", "Watcher",
            ],
            swiftSettings: strict
        ),
        // Starts the quick selection of the laboratory in Reliability.
        .testTarget(
            name: "ReliabilityTests", dependencies: ["LinuxKit", "TestSupport", "dementiad"], swiftSettings: strict),
        .testTarget(
            name: "SimulationTests",
            dependencies: [
                "ControlAPI", "Dementia", "Engine", "GuardCore", "HashKit", "Journal", "LinuxKit", "Stores",
                "TestSupport", "Vault",
            ],
            swiftSettings: strict
        ),
        .testTarget(
            name: "DementiadTests",
            dependencies: [
                "ControlAPI", "Engine", "GuardCore", "LinuxKit", "SQLiteKit", "Stores", "TestSupport", "dementiactl",
                "dementiad",
            ],
            swiftSettings: strict
        ),
    ]
)
