import Testing
import Witness

@Suite(
  "every file of examples/, as somebody would try it",
  .enabled(
    if: Gate.services && Gate.passt && Gate.vde,
    "needs root, /dev/net/tun, iproute2, nft, dnsmasq, passt and vde2")
)
struct ExamplesTests {
  /// Check, plan, apply, nothing left to do, and the host back.
  private func tried(_ example: Example) throws {
    try example.withHost { host in
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
  func plain(_ example: Example) throws { try tried(example) }

  @Test(
    "the same with VLANs", .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
    arguments: Example.all.filter { $0.namesVLANs && !$0.namesDevices })
  func vlans(_ example: Example) throws { try tried(example) }

  @Test("each of them is of one of these kinds, and there are as many as there are files")
  func complete() throws {
    #expect(Example.all.count > 5)
    #expect(Example.all.filter { !$0.namesVLANs }.count > 3)
    for example in Example.all { #expect(example.name.hasSuffix(".conf"), "\(example.name)") }
  }
}
