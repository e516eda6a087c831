import Testing

/// What the lab's kernels do: IPv6 is forwarded for all interfaces or for none before Linux 6.17.
@Suite(
  "automatic subnets where IPv6 cannot be forwarded",
  .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct AutomaticFamilyTests {
  static let isOld = (try? run(["test", "-e", "/proc/sys/net/ipv6/conf/all/force_forwarding"]).code) != 0

  @Test(
    "a network with `nat` is IPv4 alone, says so once, and gives the host back",
    .enabled(if: isOld, "this kernel has force_forwarding; the lab's have not"))
  func old() throws {
    try Host.with { host in
      let file = try host.files.write(
        "nat.conf", "networks: {lab: {nat: true}}\nvms: {web: {nics: {eth0: {network: lab}}}}\n")
      let before = try host.space.dump()
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      #expect(outcome.output.contains("ipv4-only link/lab"), "\(outcome)")
      let own = try host.space.json("ip -j addr show dev lab")[0]["addr_info"].elements
      #expect(own.filter { $0["scope"].text == "global" }.compactMap { $0["family"].text } == ["inet"])
      let again = try host.vnet("plan", file)
      expect(again, exits: 0)
      #expect(!again.output.contains("ipv4-only"), "\(again)")
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }
}
