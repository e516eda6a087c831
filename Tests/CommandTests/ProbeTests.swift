import Testing

@Suite(
  "a live uplink under 1 kHz probes", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)),
  .serialized)
struct ProbeTests {
  /// Probes in both directions, with both families, while `vnet-apply` does something and for longer than
  /// duplicate address detection afterwards.
  private func expectNothingLost(_ arguments: [String], _ host: Host) throws {
    let probers = [
      ("host to LAN, IPv4", try Prober("192.0.2.1", in: host.space)),
      ("host to LAN, IPv6", try Prober("2001:db8::1", in: host.space)),
      ("LAN to host, IPv4", try Prober("192.0.2.10", in: host.lan)),
      ("LAN to host, IPv6", try Prober("2001:db8::10", in: host.lan)),
    ]
    Clock.sleep(0.3)
    let outcome = try host.vnet(arguments)
    Clock.sleep(1.7)
    for (_, prober) in probers { prober.stop() }
    for (way, prober) in probers {
      let result = try prober.finish()
      print("  \(arguments[0]), \(way): \(result)")
      #expect(result.lost == 0 && result.sent > 1500, "\(arguments[0]), \(way): \(result)")
    }
    expect(outcome, exits: 0)
  }

  @Test("no probe is lost during take-in, nor during give-back, in either direction, with IPv4 and IPv6")
  func nothingLost() throws {
    try Host.with(dad: true) { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      try expectNothingLost(["apply", file], host)
      try expectNothingLost(["remove", file], host)
    }
  }
}
