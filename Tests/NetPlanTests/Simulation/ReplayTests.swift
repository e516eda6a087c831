import Glibc
import NetPlan
import Testing

/// The simulated kernel is only worth something if it does as the real one.
@Suite("Simulated kernel", .enabled(if: geteuid() == 0 && access("/dev/net/tun", R_OK | W_OK) == 0))
struct ReplayTests {
  /// What this machine's kernel has.
  private static func features() throws -> SimulatedKernel.Features {
    try withNetworkNamespace {
      var host = try LinuxHost(places: StatePlaces(directory: "/nonexistent", lasting: "/nonexistent"))
      // The bridge module comes with the first bridge.
      _ = host.perform(
        Batch(
          stage: .create,
          steps: [
            Step(
              index: 0, change: Change(before: nil, after: .link(Link(name: LinkName("br0")!, kind: .bridge)))
            )
          ]))
      var fresh = try LinuxHost(places: StatePlaces(directory: "/nonexistent", lasting: "/nonexistent"))
      try fresh.lookUpVLANInterfaces()
      let facts = try fresh.observe().facts
      var features = SimulatedKernel.Features()
      features.vlanFiltering = facts.vlanFiltering == true
      features.vlanInterfaces = facts.vlanInterfaces == true
      features.forceForwarding = facts.forceForwarding == true
      return features
    }
  }

  @Test("the simulated kernel answers random requests as the real one does, and comes to the same state")
  func replay() throws {
    let features = try Self.features()
    try Campaign("VNET_REPLAYS", 12).hold { seed in
      try Replay(seed: seed, on: features).shrunk().map { "\($1)\nafter\n\($0)" }
    }
  }
}
