import Testing

@Suite(
  "a live uplink under 1 kHz probes", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)),
  .serialized)
struct ProbeTests {
  /// Probes in both directions, with both families, while `vnet-apply` does something and for longer than
  /// duplicate address detection afterwards; what was lost, by way.
  private func probed(_ arguments: [String], _ host: Host) throws -> [String: Prober.Result] {
    let probers = [
      ("host to LAN, IPv4", try Prober("192.0.2.1", in: host.space)),
      ("host to LAN, IPv6", try Prober("2001:db8::1", in: host.space)),
      ("LAN to host, IPv4", try Prober("192.0.2.10", in: host.lan)),
      ("LAN to host, IPv6", try Prober("2001:db8::10", in: host.lan)),
    ]
    Clock.sleep(0.3)
    expect(try host.vnet(arguments), exits: 0)
    Clock.sleep(1.7)
    for (_, prober) in probers { prober.stop() }
    var results: [String: Prober.Result] = [:]
    for (way, prober) in probers { results[way] = try prober.finish() }
    return results
  }

  /// Between the call that makes a link a port and the port's forwarding, the bridge drops what arrives
  /// (`br_add_if` registers the handler first; `del_nbp` disables the port first). That window is the kernel's own:
  /// it takes one probe now and then from `ip -batch` in the right order as well. More than one, or one in
  /// every round, is ours.
  /// The kernel has one lock for all network namespaces: while another one's work holds it between two of our messages,
  /// a few milliseconds pass. So each way must be without loss in some round, and never worse than 20 ms.
  @Test("no probe is lost during take-in, nor during give-back, in either direction, with IPv4 and IPv6")
  func nothingLost() throws {
    try Host.with(dad: true) { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      var lossless: [String: Int] = [:]
      let rounds = 5
      for _ in 1...rounds {
        for command in ["apply", "remove"] {
          for (way, result) in try probed([command, file], host).sorted(by: { $0.key < $1.key }) {
            print("  \(command), \(way): \(result)")
            #expect(result.lost <= 20 && result.sent > 1500, "\(command), \(way): \(result)")
            lossless["\(command), \(way)", default: 0] += result.lost == 0 ? 1 : 0
          }
        }
      }
      for (way, count) in lossless { #expect(count > 0, "\(way): a probe lost in each of \(rounds) rounds") }
    }
  }
}
