// swift-tools-version: 6.2

import PackageDescription

let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// Tens of thousands of rule sets are gone through by brute force where the core and its tests are optimised in debug
/// builds too; scripts/test asks for that. Not by default: a package with such flags is no dependency of others.
let optimised: [SwiftSetting] =
    Context.environment["RULED_OPTIMISED"] == nil ? [] : [.unsafeFlags(["-O"], .when(configuration: .debug))]

/// The rule core reads hostile bytes: every unsafe construct in it has to be spelled out.
let core: [SwiftSetting] = common + [.strictMemorySafety()] + optimised

let package = Package(
    name: "ruled",
    products: [
        .library(name: "RuleLang", targets: ["RuleLang"]),
        .library(name: "Engine", targets: ["Engine"]),
        .executable(name: "ruled", targets: ["ruled"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    ],
    targets: [
        .target(name: "RuleLang", swiftSettings: core),
        .target(name: "Engine", dependencies: ["RuleLang"], swiftSettings: core),
        .executableTarget(
            name: "ruled",
            dependencies: [
                "Cluster", "Engine", "RuleLang", "Server",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: common,
            plugins: ["EmbedDocuments"]
        ),
        // The pages that `ruled docs` prints are in the executable itself, made of docs/ when it is built.
        .executableTarget(name: "embed-documents", swiftSettings: common),
        .plugin(name: "EmbedDocuments", capability: .buildTool(), dependencies: ["embed-documents"]),
        // What `ruled` asks of the Kubernetes API: namespaces, and the CA that it keeps there.
        .target(
            name: "Cluster",
            dependencies: [
                "Server",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: common),
        // Headers only: what Swift's own Glibc module lacks.
        .systemLibrary(name: "CRuled"),
        .target(
            name: "Server",
            dependencies: [
                "CRuled", "Engine", "RuleLang",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: common),
        .testTarget(name: "RuleLangTests", dependencies: ["RuleLang"], swiftSettings: common),
        .testTarget(name: "DocumentTests", dependencies: ["Engine", "RuleLang"], swiftSettings: common),
        .testTarget(
            name: "EngineTests", dependencies: ["Engine", "RuleLang"], exclude: ["Fixtures"],
            swiftSettings: common + optimised),
        .testTarget(name: "ruledTests", dependencies: ["ruled"], exclude: ["Fixtures"], swiftSettings: common),
        .testTarget(
            name: "ClusterTests",
            dependencies: [
                "Cluster", "Server",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
                .product(name: "X509", package: "swift-certificates"),
            ],
            swiftSettings: common),
        .testTarget(
            name: "ServerTests",
            dependencies: [
                "Engine", "RuleLang", "Server",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)
