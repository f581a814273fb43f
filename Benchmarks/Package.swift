// swift-tools-version: 6.3

import PackageDescription

// A package of its own, so that nobody who builds `ruled` builds the benchmark harness.

let common: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

let scenarios = Target.Dependency.product(name: "Scenarios", package: "ruled-guard")

let package = Package(
    name: "ruled-benchmarks",
    products: [
        .executable(name: "rivals", targets: ["rivals"]),
        .executable(name: "empty-server", targets: ["empty-server"]),
    ],
    dependencies: [
        .package(name: "ruled", path: ".."),
        .package(name: "ruled-guard", path: "Guard"),
        // Without its traits: what they add does not work everywhere, and the guard counts allocations itself.
        .package(url: "https://github.com/ordo-one/benchmark", exact: "1.38.1", traits: []),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    ],
    targets: [
        // `swift package benchmark`: for people.
        .executableTarget(
            name: "RuledBenchmarks",
            dependencies: [scenarios, .product(name: "Benchmark", package: "benchmark")],
            path: "Benchmarks/RuledBenchmarks",
            swiftSettings: common,
            plugins: [.plugin(name: "BenchmarkPlugin", package: "benchmark")]),
        // What scripts/compare measures the review against.
        .executableTarget(name: "rivals", dependencies: [scenarios], swiftSettings: common),
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
