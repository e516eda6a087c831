import Testing
import Witness

/// Uplinks that are no plain NICs: bonds, VLAN interfaces, VLAN interfaces of bonds, which others have made.
@Suite(
  "uplinks on top of NICs",
  .enabled(if: Gate.bonds && Gate.vlanLinks, "needs root, and a kernel with bonds and 802.1Q"))
struct StackedUplinkTests {
  enum Stack: String, CaseIterable { case bond, vlan, bondedVLAN }

  /// The host's addresses of `eth2` are on what stands on it.
  private static func with(_ stack: Stack, _ body: (Host, _ uplink: String) throws -> Void) throws {
    try Host.with(secondUplink: true) { host in
      var top = "eth2"
      try host.space.ip("addr flush dev eth2")
      if stack != .vlan {
        try host.space.ip(
          """
          link add bond0 type bond mode active-backup miimon 100
          link set eth2 down
          link set eth2 master bond0
          link set bond0 up
          """)
        top = "bond0"
      }
      if stack != .bond {
        try host.space.ip("link add link \(top) name \(top).100 type vlan id 100\nlink set \(top).100 up")
        top += ".100"
        try host.lan2?.ip(
          """
          addr flush dev lan0
          link add link lan0 name lan0.100 type vlan id 100
          link set lan0.100 up
          addr add 198.51.100.1/24 dev lan0.100
          """)
      }
      try host.space.ip(
        "addr add 198.51.100.10/24 dev \(top)\nroute add 203.0.113.0/24 via 198.51.100.1 dev \(top) metric 50"
      )
      #expect(Clock.wait(10) { (try? host.link(top)["operstate"].text) == "UP" })
      try host.space.settle(top)
      try body(host, top)
    }
  }

  @Test(
    "the host and a guest are on its LAN by the bridge, and it comes back as it was",
    arguments: Stack.allCases)
  func taken(_ stack: Stack) throws {
    try Self.with(stack) { host, uplink in
      let before = try host.space.dump()
      let file = try host.files.write(
        "u.conf",
        "name: u\nnetworks: {office: {uplink: \(uplink)}}\nvms: {a: {nics: {eth0: {network: office}}}}\n")
      #expect(try lost(from: host.space, to: "198.51.100.1") == 0)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      #expect(try host.addresses("office").contains("198.51.100.10/24"))
      #expect(try lost(from: host.space, to: "198.51.100.1") == 0)
      let guest = try Station("a-eth0", in: host.space, "--address 198.51.100.50/24")
      #expect(try guest.lost(to: "198.51.100.1") == 0)
      #expect(try guest.lost(to: "198.51.100.10") == 0)
      guest.leave()
      expect(try host.vnet("remove", file), exits: 0)
      try host.space.settle(uplink)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test(
    "what is below a bond or a VLAN interface is refused, with what it would lose", arguments: Stack.allCases)
  func below(_ stack: Stack) throws {
    try Self.with(stack) { host, uplink in
      let file = try host.files.write("u.conf", "name: u\nnetworks: {office: {uplink: eth2}}\n")
      let outcome = try host.vnet("plan", file)
      guard stack == .vlan else {
        expect(outcome, exits: 65)
        return #expect(outcome.stderr.contains("'eth2' is already a port of 'bond0'"), "\(outcome)")
      }
      // VLANs on top of a bridge's port go on receiving their frames.
      expect(outcome, exits: 2)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try lost(from: host.space, to: "198.51.100.1") == 0)
      expect(try host.vnet("remove", file), exits: 0)
    }
  }

  @Test("an uplink named by its MAC is the same under another name")
  func renamed() throws {
    try Host.with(secondUplink: true) { host in
      let before = try host.space.dump()
      let file = try host.files.write(
        "u.conf", "name: u\nnetworks: {office: {uplink: {mac: \"02:00:5e:00:01:02\"}}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      try host.space.ip("link set eth2 down\nlink set eth2 name wan9\nlink set wan9 up")
      // From the next apply on the ledger speaks of it by that name.
      let plan = try host.vnet("plan", file)
      expect(plan, exits: 2)
      #expect(
        plan.stdout
          == "- ledger link/eth2\n+ ledger link/wan9\nPlan: 1 to create, 0 to change, 1 to delete.\n")
      #expect(try lost(from: host.space, to: "198.51.100.1") == 0)
      try host.space.ip("link set wan9 down\nlink set wan9 name eth2\nlink set eth2 up")
      expect(try host.vnet("remove", file), exits: 0)
      try host.space.settle("eth2")
      expectEqual(before, try host.space.dump())
    }
  }
}

extension Gate {
  static let bonds =
    ready && ((try? must(["unshare", "-n", "ip", "link", "add", "type", "bond"])) != nil)
}
