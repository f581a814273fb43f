// swift-tools-version: 6.2

import PackageDescription

// What the guard needs and no more: no harness and no SwiftNIO is built for it.

let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "ruled-guard",
    products: [
        .library(name: "Scenarios", targets: ["Scenarios"]),
        .executable(name: "measure", targets: ["measure"]),
    ],
    dependencies: [.package(name: "ruled", path: "../..")],
    targets: [
        // What is measured, for all who measure it.
        .target(
            name: "Scenarios",
            dependencies: [
                .product(name: "Engine", package: "ruled"),
                .product(name: "RuleLang", package: "ruled"),
            ],
            swiftSettings: common),
        // scripts/benchmark-guard and scripts/compare run this.
        .executableTarget(name: "measure", dependencies: ["Scenarios"], swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)
