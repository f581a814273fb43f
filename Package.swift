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
    ],
    targets: [
        .target(name: "RuleLang", swiftSettings: core),
        .target(name: "Engine", dependencies: ["RuleLang"], swiftSettings: core),
        .testTarget(name: "RuleLangTests", dependencies: ["RuleLang"], swiftSettings: common),
        .testTarget(name: "DocumentTests", dependencies: ["Engine", "RuleLang"], swiftSettings: common),
        .testTarget(
            name: "EngineTests", dependencies: ["Engine", "RuleLang"], exclude: ["Fixtures"], swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)
