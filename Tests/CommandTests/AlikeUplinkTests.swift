import Testing
import Witness

@Suite("an uplink with routes that are alike", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct AlikeUplinkTests {
  /// Routes whose order alone tells them apart, on the uplink (eth1) and elsewhere.
  static let layouts = [
    // The first, the last, one in the middle, both outer ones, all.
    "append default via 198.51.100.1 dev eth2",
    "del default via 192.0.2.1\nappend default via 198.51.100.1 dev eth2\nappend default via 192.0.2.1 dev eth1",
    """
    del default via 192.0.2.1
    append default via 198.51.100.1 dev eth2
    append default via 192.0.2.1 dev eth1
    append default via 198.51.100.2 dev eth2
    """,
    "append default via 198.51.100.1 dev eth2\nappend default via 192.0.2.3 dev eth1",
    "append default via 192.0.2.3 dev eth1\nappend default via 192.0.2.4 dev eth1",
    // Without gateways, and not in the main table.
    """
    append 203.0.113.0/24 dev eth2 table 100 metric 5
    append 203.0.113.0/24 dev eth1 table 100 metric 5
    append 203.0.113.0/24 via 198.51.100.1 dev eth2 table 100 metric 5
    """,
    // IPv6 keeps those without a gateway apart; those with one are ways of one route.
    "append 2001:db8:9::/48 dev eth2 metric 7\nappend 2001:db8:9::/48 dev eth1 metric 7",
    "append 2001:db8:9::/48 dev eth1 metric 7\nappend 2001:db8:9::/48 dev eth2 metric 7",
  ]

  private func withRoutes(_ layout: String, _ body: (Host) throws -> Void) throws {
    try Host.with(secondUplink: true) { host in
      try host.space.ip(layout.lines.map { "route " + $0 }.joined(separator: "\n"))
      try #require(try order(host, layout.contains("2001:") ? 6 : 4).count > 1)
      try body(host)
    }
  }

  /// The ways out, in the order in which the kernel has them.
  private func order(_ host: Host, _ family: Int) throws -> [String] {
    let routes = try host.space.json("ip -\(family) -d -j route show table all").elements
    let ours = routes.filter { $0["protocol"].text == "boot" }
    return
      ours
      .map { "\($0["dst"].line) \($0["table"].line) \($0["gateway"].line) \($0["dev"].line)" }
  }

  @Test("moves them in their order, and they come back in it", arguments: layouts)
  func keep(layout: String) throws {
    try withRoutes(layout) { host in
      let before = try host.space.dump()
      let orders = try [4, 6].map { try order(host, $0) }
      let file = try host.files.write("n.conf", "name: n\nnetworks: {office: {uplink: eth1}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      for (family, order) in zip([4, 6], orders) {
        #expect(try self.order(host, family) == order.map { $0.replacing("eth1", with: "office") })
      }
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try [4, 6].map { try order(host, $0) } == orders)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("leaves those of other links, and its own come back among them", arguments: layouts)
  func none(layout: String) throws {
    try withRoutes(layout) { host in
      let before = try host.space.dump()
      let orders = try [4, 6].map { try order(host, $0) }
      let file = try host.files.write("n.conf", "name: n\nnetworks: {office: {uplink: eth1, host: none}}\n")
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      for (family, order) in zip([4, 6], orders) {
        #expect(try self.order(host, family) == order.filter { !$0.hasSuffix("eth1") })
      }
      expect(try host.vnet("plan", "--allow", "default-route", file), exits: 0)
      try host.files.write("n.conf", "name: n\nnetworks: {office: {uplink: eth1}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      for (family, order) in zip([4, 6], orders) {
        #expect(try self.order(host, family) == order.map { $0.replacing("eth1", with: "office") })
      }
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try [4, 6].map { try order(host, $0) } == orders)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("has one of them at every instant", arguments: layouts)
  func neverWithout(layout: String) throws {
    try withRoutes(layout) { host in
      let file = try host.files.write("n.conf", "name: n\nnetworks: {office: {uplink: eth1}}\n")
      let isIPv6 = layout.contains("2001:")
      let orders = try order(host, isIPv6 ? 6 : 4)
      let key = try #require(layout.lines.last?.words[1])
      let monitor = try host.space.start(["ip", isIPv6 ? "-6" : "-4", "-o", "monitor", "route"])
      Clock.sleep(0.2)
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      Clock.sleep(0.2)
      monitor.signal(15)
      var present = Set(orders.filter { $0.hasPrefix(key) }.map { $0.words.suffix(2).joined(separator: " ") })
      for line in monitor.finish(timeout: 5).stdout.lines where line.contains("\(key) ") {
        let (words, isGone) = (line.words, line.hasPrefix("Deleted"))
        let value = { (name: String) in words.firstIndex(of: name).map { words[$0 + 1] } ?? "null" }
        let way = "\(value("via")) \(value("dev"))"
        if isGone { present.remove(way) } else { present.insert(way) }
        #expect(!present.isEmpty, "after \(line)")
      }
      #expect(
        present.isSuperset(
          of: orders.filter { $0.hasPrefix(key) }.map { $0.words.suffix(2).joined(separator: " ") }))
    }
  }

  @Test("an apply that fails leaves them in their order", arguments: layouts)
  func undone(layout: String) throws {
    try withRoutes(layout) { host in
      let before = try host.space.dump()
      let orders = try [4, 6].map { try order(host, $0) }
      let file = try host.files.write("n.conf", "name: n\nnetworks: {office: {uplink: eth1}}\n")
      let failed = try host.space.run([
        "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2", "-e",
        "inject=rename,renameat,renameat2:error=EIO:when=2+", Tools.vnetApply, "apply", file,
      ])
      expect(failed, exits: 1)
      #expect(try [4, 6].map { try order(host, $0) } == orders)
      expectEqual(before, try host.space.dump())
    }
  }
}
