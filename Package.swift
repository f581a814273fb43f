// swift-tools-version: 6.2

import PackageDescription

let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// The rule core reads hostile bytes: every unsafe construct in it has to be spelled out.
let core: [SwiftSetting] = common + [.strictMemorySafety()]

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
    ],
    targets: [
        .target(name: "RuleLang", swiftSettings: core),
        .target(name: "Engine", dependencies: ["RuleLang"], swiftSettings: core),
        .executableTarget(
            name: "ruled",
            dependencies: [
                "Engine", "RuleLang",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"),
            ],
            swiftSettings: common,
            plugins: ["EmbedDocuments"]
        ),
        // The pages that `ruled docs` prints are in the executable itself, made of docs/ when it is built.
        .executableTarget(name: "embed-documents", swiftSettings: common),
        .plugin(name: "EmbedDocuments", capability: .buildTool(), dependencies: ["embed-documents"]),
        .testTarget(name: "RuleLangTests", dependencies: ["RuleLang"], swiftSettings: common),
        .testTarget(name: "DocumentTests", dependencies: ["Engine", "RuleLang"], swiftSettings: common),
        .testTarget(
            name: "EngineTests", dependencies: ["Engine", "RuleLang"], exclude: ["Fixtures"], swiftSettings: common),
        .testTarget(name: "ruledTests", dependencies: ["ruled"], swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)
