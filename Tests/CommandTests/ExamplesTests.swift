import Testing
import Witness

/// A file of examples/.
private struct Example: Sendable, CustomTestStringConvertible {
  let name: String

  static let all: [Example] =
    ((try? must(["ls", "\(Tools.repository)/examples"])) ?? "").words.map(Example.init)

  var testDescription: String { name }
  var path: String { "\(Tools.repository)/examples/\(name)" }
  private var text: String { (try? must(["sed", "s/#.*//", path])) ?? "" }

  var namesNetns: Bool { text.contains(/\bnetns:/) }
  /// The VM software does all by itself.
  var asksNothing: Bool {
    !text.contains("networks:") && !text.contains(/mode: (tap|bridged|dedicated)|via: (nat|passt)/)
  }

  var namesSwitches: Bool { text.contains("via: vde") }

  /// The VM software makes ports of which only the beginning of the name is known.
  var awaitsPatterns: Bool { text.contains("via: vmm}") }

  /// The guest has hardware that only the lab's machine has to give.
  var namesDevices: Bool { text.contains(/via: (vfio|sriov)/) }

  /// NICs that the VM software has by itself.
  var userModes: Int { text.matches(of: /mode: shared(?!, via)/).count }

  /// Ports that it makes later, and hardware that went to a namespace as it is.
  var others: Int { text.matches(of: /via: (vmm|netns)/).count }

  var namesVLANs: Bool { text.contains(/\b(vlan|trunk|native):/) }

  /// Names of what must be there before it: hardware, and bridges of somebody else.
  var hardware: Set<String> {
    Set(text.matches(of: /\b(?:uplink|proxy|out|hardware): *(\w+)/).map { String($0.1) })
  }
  var bridges: Set<String> { Set(text.matches(of: /\bexisting: *(\w+)/).map { String($0.1) }) }
}

@Suite(
  "every file of examples/, as somebody would try it",
  .enabled(
    if: Gate.services && Gate.passt && Gate.vde,
    "needs root, /dev/net/tun, iproute2, nft, dnsmasq, passt and vde2")
)
struct ExamplesTests {
  /// Check, plan, apply, nothing left to do, and the host back.
  private func tried(_ example: Example) throws {
    try Host.with { host in
      var host = host
      host.isEnteredByName = example.namesNetns
      host.space.opensTun = example.namesSwitches
      for name in example.hardware.subtracting(["eth1"]) {
        try host.space.ip("link add name \(name) type veth peer name \(name)-lan\nlink set \(name) up")
      }
      for name in example.bridges {
        // Like one in use, it has a MAC of its own, a port and a carrier; without, it takes MAC and offloads from
        // ours (`br_stp_recalculate_bridge_id`, `br_features_recompute`), and its link-local address comes late.
        try host.space.ip(
          """
          link add name \(name) address 52:54:00:5e:00:01 type bridge
          link add name vnet9 type veth peer name vnet9-vm
          link set vnet9-vm up
          link set vnet9 master \(name) up
          link set \(name) up
          """)
        try host.space.settle(name)
      }
      // As systemd sets it (50-default.conf of sysctl.d); the kernel's own lets nobody ping.
      try host.space.sysctl("net.ipv4.ping_group_range=0 2147483647")
      let before = try host.space.dump()
      expect(try host.vnet("check", example.path), exits: 0)
      expect(try host.vnet("plan", example.path), exits: example.asksNothing ? 0 : 2)
      expectEqual(before, try host.space.dump(), "plan")
      let applied = try host.vnet("apply", example.path)
      expect(applied, exits: 0)
      guard applied.code == 0 else { return }
      let second = try host.vnet("plan", example.path)
      expect(second, exits: 0)
      // What the VM software may do on this host is said each time.
      #expect(
        example.userModes > 0 ? second.stdout.hasSuffix("No changes.\n") : second.stdout == "No changes.\n")
      let status = try host.vnet("status", "--json", example.path)
      expect(status, exits: 0)
      let rows = try JSON(parsing: status.stdout)["nics"].elements
      let devices = rows.filter { !$0["device"].isNull }
      #expect(!rows.isEmpty)
      #expect(rows.count - devices.count == host.passts.count + example.userModes + example.others)
      for netns in Set(devices.map { $0["netns"].text }).union([nil]) {
        let space = netns.map(Namespace.init(existing:)) ?? host.space
        let told = Set(devices.filter { $0["netns"].text == netns }.compactMap { $0["device"].text })
        let there = try space.json("ip -d -j link show").elements.filter {
          ["tun", "macvtap"].contains($0["linkinfo"]["info_kind"].text)
        }
        #expect(Set(there.compactMap { $0["ifname"].text }) == told)
      }
      expect(try host.vnet("remove", example.path), exits: 0)
      expectEqual(before, try host.space.dump())
      #expect(host.space.processes == [])
    }
  }

  @Test(
    "applied, nothing is left to do; removed, the host is as it was",
    arguments: Example.all.filter { !$0.namesVLANs && !$0.awaitsPatterns && !$0.namesDevices })
  fileprivate func plain(_ example: Example) throws { try tried(example) }

  @Test(
    "the same with VLANs", .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
    arguments: Example.all.filter { $0.namesVLANs && !$0.namesDevices })
  fileprivate func vlans(_ example: Example) throws { try tried(example) }

  @Test("each of them is of one of these kinds, and there are as many as there are files")
  func complete() throws {
    #expect(Example.all.count > 5)
    #expect(Example.all.filter { !$0.namesVLANs }.count > 3)
    for example in Example.all { #expect(example.name.hasSuffix(".conf"), "\(example.name)") }
  }
}
