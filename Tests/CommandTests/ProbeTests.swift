import Testing
import Witness

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

  enum Sort: String, CaseIterable { case plain, nexthops, looseReversePath }

  /// A bridge drops what comes in between the moment when a link becomes its port and the port's forwarding
  /// (`br_add_if` registers the receiver first), and between the end of that and its leaving (`del_nbp` disables the
  /// port first). Where the host's packets can go past the bridge meanwhile, nothing is lost.
  @Test(
    "no probe is lost during take-in, nor during give-back, in either direction, with IPv4 and IPv6",
    .enabled(if: Gate.detours, "needs the hooks of Linux 6.6 (tcx)"), arguments: Sort.allCases)
  func nothingLost(sort: Sort) throws {
    try Host.with(dad: true) { host in
      switch sort {
      case .plain: break
      case .nexthops: try Quickstart.furnishNexthops(host)
      case .looseReversePath: try host.space.sysctl("net.ipv4.conf.all.rp_filter=2")
      }
      let file = try host.files.write("quick.conf", Quickstart.text)
      for _ in 1...(Campaign.bound == nil ? 2 : 5) {
        for command in ["apply", "remove"] {
          for (way, result) in try probed([command, file], host).sorted(by: { $0.key < $1.key }) {
            print("  \(command), \(way): \(result)")
            #expect(result.lost == 0 && result.sent > 1500, "\(command), \(way): \(result)")
          }
        }
      }
    }
  }

  @Test(
    "without the privilege to load a program, take-in and give-back work all the same",
    .enabled(if: Tools.has("setpriv"), "needs setpriv"))
  func unprivileged() throws {
    try Host.with { host in
      let file = try host.files.write("quick.conf", Quickstart.text)
      let before = try host.space.dump()
      for command in ["apply", "remove"] {
        let outcome = try host.space.run(
          ["setpriv", "--bounding-set=-bpf,-sys_admin", "--inh-caps=-all", Tools.vnetApply, command, file])
        expect(outcome, exits: 0)
      }
      expectEqual(before, try host.space.dump())
    }
  }
}
