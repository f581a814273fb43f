// swift-tools-version: 6.2

import PackageDescription

// A package of its own, so that nobody who builds `ruled` builds the benchmark harness.

let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let package = Package(
    name: "ruled-benchmarks",
    products: [
        .executable(name: "measure", targets: ["measure"]),
        .executable(name: "rivals", targets: ["rivals"]),
        .executable(name: "empty-server", targets: ["empty-server"]),
    ],
    dependencies: [
        .package(name: "ruled", path: ".."),
        // Without its traits: what they add does not work on every machine, and the guard counts allocations itself.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ],
    targets: [
        // What is measured, for all who measure it.
        .target(
            name: "Scenarios",
            dependencies: [
                .product(name: "Engine", package: "ruled"),
                .product(name: "RuleLang", package: "ruled"),
            ],
            swiftSettings: common),
        // `swift package benchmark`: for people.
        .executableTarget(
            name: "RuledBenchmarks",
            dependencies: ["Scenarios", .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/RuledBenchmarks",
            swiftSettings: common,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        // scripts/benchmark-guard and scripts/compare run this.
        .executableTarget(name: "measure", dependencies: ["Scenarios"], swiftSettings: common),
        // What scripts/compare measures the review against.
        .executableTarget(name: "rivals", dependencies: ["Scenarios"], swiftSettings: common),
        // What scripts/compare measures the server against.
        .executableTarget(
            name: "empty-server",
            dependencies: [
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ],
            swiftSettings: common),
    ],
    swiftLanguageModes: [.v6]
)
