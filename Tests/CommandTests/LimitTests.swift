import Testing
import Witness

/// Rates by TCP connections of guests that are namespaces; `tc` and `nft` are the other witnesses.
@Suite(
  "what guests receive and send no faster than they may",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct LimitTests {
  private static let bridged = Inner.place(51)
  private static let routed = Inner.Place(
    mac: "02:00:00:00:17:61", ipv4: "10.9.0.61", ipv6: "2001:db8:9::61", gateway4: "169.254.0.1",
    gateway6: "fe80::1", isRouted: true)

  private static func text(_ limit: String, bridged keys: String = "") -> String {
    """
    networks: {net: {\(Inner.net)}}
    vms:
    \(Inner.vm("one", "net", bridged, limit + keys))\
      far: {nics: {eth0: {mode: tap, mac: "\(routed.mac)", address: [\(routed.ipv4), "\(routed.ipv6)"], \(limit)}}}

    """
  }

  private static let places = ["one": bridged, "far": routed]

  /// Bits per second that arrive, from the third second of a connection to its seventh: by then it is past what may go at
  /// once.
  private func rate(
    from sender: Namespace, to receiver: Namespace, _ address: String, _ files: TemporaryFolder
  )
    throws -> Double
  {
    let file = files.path + "/arrived"
    let server = try receiver.start(["timeout", "15", "busybox", "sh", "-c", "nc -l -p 5001 >\(file)"])
    defer { _ = server.finish(timeout: 5) }
    _ = try Clock.wait(5) { try receiver.run(["ss", "-Hltn", "sport = 5001"]).stdout.contains("5001") }
    let client = try sender.start(
      ["timeout", "10", "busybox", "sh", "-c", "exec nc \(address) 5001 </dev/zero"])
    defer {
      client.signal(15)
      _ = client.finish(timeout: 5)
    }
    func arrived() throws -> (bytes: Double, time: Double) {
      (Double(try must(["stat", "-c", "%s", file]).trimmed) ?? 0, Clock.seconds)
    }
    Clock.sleep(2)
    let first = try arrived()
    Clock.sleep(4)
    let last = try arrived()
    return (last.bytes - first.bytes) * 8 / (last.time - first.time)
  }

  @Test("at 20mbit either way a TCP stream has at least half and at most 1.25 of that, bridged and routed")
  func rates() throws {
    try Host.with { host in
      let text = Self.text("limit: {in: 20mbit, out: 20mbit}")
      try Inner.with(text, Self.places, host: host) { inner in
        for (name, place) in Self.places.sorted(by: { $0.key < $1.key }) {
          let guest = inner.space(name)
          let host = (space: inner.space("host"), address: name == "one" ? place.gateway4 : "192.0.2.10")
          let out = try rate(from: guest, to: host.space, host.address, inner.host.files)
          let into = try rate(from: host.space, to: guest, place.ipv4, inner.host.files)
          print("  \(name): \((out / 1e6).rounded(to: 1)) Mbit/s out, \((into / 1e6).rounded(to: 1)) in")
          #expect((10e6...25e6).contains(out), "\(name) out: \(out)")
          #expect((10e6...25e6).contains(into), "\(name) in: \(into)")
        }
      }
    }
  }

  /// The token bucket at the root of a TAP.
  private func bucket(_ device: String, _ space: Namespace) throws -> JSON {
    try space.json("tc -j qdisc show dev \(device) root").elements.first { $0["kind"].text == "tbf" } ?? .null
  }

  /// Rates of the limits in our tables, by name.
  private func limits(_ space: Namespace) throws -> [String: Int] {
    var limits: [String: Int] = [:]
    for item in try space.json("nft -j list limits")["nftables"].elements {
      guard let name = item["limit"]["name"].text else { continue }
      let unit = ["kbytes": 1 << 10, "mbytes": 1 << 20][item["limit"]["rate_unit"].text ?? ""] ?? 1
      limits[name] = (Int(item["limit"]["rate"].line) ?? 0) * unit
    }
    return limits
  }

  @Test("a rate is a token bucket of handle d6: and an object of nftables; another changes in place")
  func changed() throws {
    try Host.with { host in
      let before = try host.space.dump()
      let file = try host.files.write(
        "inner.conf", "name: inner\n" + Self.text("limit: {in: 20mbit, out: 8mbit}"))
      expect(try host.vnet("apply", file), exits: 0)
      let first = try bucket("one-eth0", host.space)
      #expect(first["handle"].text == "d6:" && first["options"]["rate"].line == "2500000", "\(first.line)")
      #expect(
        try limits(host.space) == ["rate-one-eth0-1000000": 1_000_000, "rate-far-eth0-1000000": 1_000_000])
      let index = try host.link("one-eth0")["ifindex"].line
      try host.files.write("inner.conf", "name: inner\n" + Self.text("limit: {in: 40mbit, out: 800kbit}"))
      let plan = try host.plan(file)
      #expect(
        plan.changes.map(\.description) == [
          "change qdisc/far-eth0", "change qdisc/one-eth0", "change table/bridge/vnet-inner",
          "change table/inet/vnet-inner",
        ])
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try bucket("one-eth0", host.space)["options"]["rate"].line == "5000000")
      #expect(try limits(host.space) == ["rate-one-eth0-100000": 100_000, "rate-far-eth0-100000": 100_000])
      #expect(try host.link("one-eth0")["ifindex"].line == index)
      try host.files.write("inner.conf", "name: inner\n" + Self.text("mtu: 1500"))
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      #expect(try bucket("one-eth0", host.space) == .null)
      #expect(try limits(host.space).isEmpty)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("what a foreign hand does to a limit is named by plan and mended by apply")
  func drift() throws {
    try Host.with { host in
      let file = try host.files.write(
        "inner.conf", "name: inner\n" + Self.text("limit: {in: 20mbit, out: 8mbit}"))
      expect(try host.vnet("apply", file), exits: 0)
      let after = try host.comparableDump()
      let place = "bridge vnet-inner"
      let hands = [
        ("tc qdisc delete dev one-eth0 root", "create qdisc/one-eth0"),
        (
          "tc qdisc change dev one-eth0 root handle d6: tbf rate 9mbit burst 9000 limit 90000",
          "change qdisc/one-eth0"
        ),
        ("nft 'delete element \(place) nic-rate { \"one-eth0\" }'", "change table/bridge/vnet-inner"),
        ("nft 'add limit \(place) other { rate over 1 kbytes/second; }'", "change table/bridge/vnet-inner"),
      ]
      for (hand, change) in hands {
        expect(try host.space.run(["sh", "-c", hand]), exits: 0)
        #expect(try host.plan(file).changes.map(\.description) == [change], "\(hand)")
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        expectEqual(after, try host.comparableDump(), "after `\(hand)`")
      }
    }
  }

  @Test("somebody else's queueing discipline on a TAP is named, and nothing is changed")
  func foreign() throws {
    try Host.with { host in
      let file = try host.files.write("inner.conf", "name: inner\n" + Self.text("mtu: 1500"))
      expect(try host.vnet("apply", file), exits: 0)
      try must(host.space.command("tc qdisc add dev one-eth0 root handle 7: pfifo limit 9".words))
      let before = try host.space.dump()
      try host.files.write("inner.conf", "name: inner\n" + Self.text("limit: {in: 20mbit}"))
      let outcome = try host.vnet("apply", file)
      #expect(outcome.code != 0)
      #expect(
        outcome.output.contains("'one-eth0' has a queueing discipline that is not ours (pfifo)"), "\(outcome)"
      )
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a limit stays with its NIC: renamed, made anew with more queues, with another MTU")
  func followed() throws {
    try Host.with { host in
      func text(_ keys: String) -> String {
        "name: inner\n" + Self.text("limit: {in: 20mbit, out: 8mbit}", bridged: keys)
      }
      let file = try host.files.write("inner.conf", text(""))
      expect(try host.vnet("apply", file), exits: 0)
      for (keys, device) in [
        (", device: renamed", "renamed"), (", device: renamed, queues: 2", "renamed"),
        (", device: renamed, queues: 2, mtu: 1400", "renamed"), ("", "one-eth0"),
      ] {
        try host.files.write("inner.conf", text(keys))
        expect(try host.vnet("apply", file), exits: 0)
        expect(try host.vnet("plan", file), exits: 0)
        #expect(try bucket(device, host.space)["options"]["rate"].line == "2500000", "\(keys)")
        #expect(try limits(host.space)["rate-\(device)-1000000"] == 1_000_000, "\(keys)")
      }
    }
  }
}
