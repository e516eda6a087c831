import Testing

@Suite(
  "a live uplink under 1 kHz probes", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)),
  .serialized)
struct ProbeTests {
  @Test("no probe is lost during take-in and give-back, in either direction, with IPv4 and IPv6")
  func nothingLost() throws {
    try Host.with(dad: true) { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let outward = [try Prober("192.0.2.1", in: host.space), try Prober("2001:db8::1", in: host.space)]
      let inward = [try Prober("192.0.2.10", in: host.lan), try Prober("2001:db8::10", in: host.lan)]
      Clock.sleep(0.3)
      let apply = try host.vnet("apply", file)
      Clock.sleep(1.5)  // longer than duplicate address detection
      let remove = try host.vnet("remove", file)
      Clock.sleep(1.5)
      let results = try (outward + inward).map { try $0.finish() }
      expect(apply, exits: 0)
      expect(remove, exits: 0)
      for (result, way) in zip(
        results, ["host to LAN, v4", "host to LAN, v6", "LAN to host, v4", "LAN to host, v6"])
      {
        print("  \(way): \(result)")
        #expect(result.lost == 0 && result.sent > 2000, "\(way): \(result)")
      }
    }
  }
}
