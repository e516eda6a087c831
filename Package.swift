// swift-tools-version: 6.2
import PackageDescription

/// Every target is held to the same rules; a warning is an error.
let strict: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "vnet-apply",
  products: [
    .executable(name: "vnet-apply", targets: ["vnet-apply"]),
    .library(name: "NetPlan", targets: ["NetPlan"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0")
  ],
  targets: [
    // C: kernel headers, libmnl, and the few calls that Swift cannot express.
    .target(name: "CNetlink", linkerSettings: [.linkedLibrary("mnl")]),
    .systemLibrary(name: "CYAML", providers: [.apt(["libyaml-dev"])]),

    // Bytes and sockets. Every `unsafe` of the project is here.
    .target(
      name: "Netlink",
      dependencies: ["CNetlink"],
      swiftSettings: strict + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]),

    // Model, specification, plan, transaction.
    .target(name: "NetPlan", dependencies: ["Netlink", "CYAML"], swiftSettings: strict),

    .executableTarget(
      name: "vnet-apply",
      dependencies: ["NetPlan", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: strict),

    .testTarget(
      name: "NetlinkTests", dependencies: ["Netlink"], resources: [.copy("Fixtures")], swiftSettings: strict),
    .testTarget(
      name: "NetPlanTests", dependencies: ["NetPlan", "Netlink"], resources: [.copy("Fixtures")],
      swiftSettings: strict),
    .testTarget(name: "CommandTests", swiftSettings: strict),

    // A guest without a hypervisor and a 1 kHz prober, for the acceptance tests and the demo.
    .executableTarget(
      name: "stand-in", path: "Tests/Guest",
      cSettings: [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]),
  ],
  cLanguageStandard: .gnu17
)
