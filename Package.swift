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

/// What ships, and what tests it, asks for no type by its mangled name: for one with parameters the runtime would look for
/// conformances, through thousands of them each time, which was a sixth of what a run does.
let shipped =
  strict + [
    .unsafeFlags(
      ["-Xfrontend", "-disable-concrete-type-metadata-mangled-name-accessors"], .when(configuration: .release)
    )
  ]

/// Tests are built as they are in a debug build in either configuration: optimising them takes longer than they run.
let tests =
  shipped + [
    .unsafeFlags(
      ["-Onone", "-no-whole-module-optimization", "-enable-batch-mode"], .when(configuration: .release))
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
      swiftSettings: shipped + [.strictMemorySafety(), .enableExperimentalFeature("Lifetimes")]),

    // Model, specification, plan, transaction. Who uses it gets an interface, and no bodies to inline.
    .target(
      name: "NetPlan", dependencies: ["Netlink", "CYAML"],
      swiftSettings: shipped + [.unsafeFlags(["-disable-cmo"], .when(configuration: .release))]),

    .executableTarget(
      name: "vnet-apply",
      dependencies: ["NetPlan", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      swiftSettings: shipped,
      // What ships needs no Swift on the host. The option `--static-swift-stdlib` would do the same, and have everything
      // built once more for the tests, whose libraries are shared ones.
      linkerSettings: [
        .unsafeFlags(
          [
            "-static-stdlib", "-l_FoundationCollections", "-l_FoundationCShims", "-lswiftSynchronization",
            "-Xlinker", "-s",
          ],
          .when(configuration: .release))
      ]),

    .testTarget(
      name: "NetlinkTests", dependencies: ["Netlink"], resources: [.copy("Fixtures")], swiftSettings: tests),
    .testTarget(
      name: "NetPlanTests", dependencies: ["NetPlan", "Netlink"], resources: [.copy("Fixtures")],
      swiftSettings: tests),
    .testTarget(name: "CommandTests", dependencies: ["Witness"], swiftSettings: tests),
    // What other programs say of a host, read and compared: optimised, since campaigns do little else.
    .target(name: "Witness", path: "Tests/Witness", swiftSettings: shipped),

    // A guest without a hypervisor and a 1 kHz prober, for the acceptance tests and the demo.
    .executableTarget(
      name: "stand-in", path: "Tests/Guest",
      cSettings: [.treatAllWarnings(as: .error), .enableWarning("all"), .enableWarning("extra")]),
  ],
  cLanguageStandard: .gnu17
)
