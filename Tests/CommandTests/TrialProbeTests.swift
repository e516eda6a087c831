import Glibc
import Testing
import Witness

/// Questions to the network that a change has to pass.
@Suite("probes of a change", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct TrialProbeTests {
  private static let text = "networks: {office: {uplink: eth1}}\n"

  @Test(
    "one that answers lets the change through",
    arguments: [
      "gateway", "ping:192.0.2.1", "ping:2001:db8::1", "ping:[2001:db8::1]", "ping:127.0.0.1", "ping:::1",
      "tcp:192.0.2.1:7777", "tcp:[2001:db8::1]:7777", "dns:localhost",
    ])
  func answered(_ probe: String) throws {
    try Host.with { host in
      let server = try host.lan.start([
        "python3", "-c",
        "import socket; s=socket.socket(socket.AF_INET6); s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0);"
          + "s.bind(('::', 7777)); s.listen(); print('ready', flush=True)\nwhile True: s.accept()",
      ])
      defer {
        server.signal(SIGKILL)
        _ = server.finish(timeout: 5)
      }
      #expect(server.line() == "ready")
      let file = try host.files.write("office.conf", Self.text)
      let apply = try host.vnet("apply", "--probe", probe, file)
      expect(apply, exits: 0)
      #expect(apply.seconds < 8 * Clock.patience, "\(apply)")
    }
  }

  @Test(
    "one that stays without an answer undoes it, with exit 1 and what was heard",
    arguments: [
      ("ping:192.0.2.200", "No route to host|no echo comes back"),
      ("tcp:192.0.2.1:7778", "Connection refused"),
      ("tcp:192.0.2.200:22", "Connection timed out|No route to host"),
      ("dns:no-such-name.invalid", "Name or service not known|Temporary failure in name resolution"),
    ])
  func unanswered(_ probe: String, _ words: String) throws {
    try Host.with { host in
      let before = try host.space.dump()
      let file = try host.files.write("office.conf", Self.text)
      let apply = try host.vnet(
        "apply", "--probe", "gateway", "--probe", probe, "--probe-timeout", "1500ms", file)
      expect(apply, exits: 1)
      let heard = words.split(separator: "|").contains {
        apply.stderr.contains("error: probe \(probe): \($0)")
      }
      #expect(heard && apply.stderr.contains("the host is as it was before"), "\(apply)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("a gateway that answers no echo is found by its address; one that is gone is not")
  func gateway() throws {
    try Host.with { host in
      try host.lan.sysctl("net.ipv4.icmp_echo_ignore_all=1", "net.ipv6.icmp.echo_ignore_all=1")
      let file = try host.files.write("office.conf", Self.text)
      expect(try host.vnet("apply", "--probe", "gateway", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      try host.lan.ip("addr del 192.0.2.1/24 dev lan0")
      let before = try host.space.dump()
      let apply = try host.vnet("apply", "--probe", "gateway", "--probe-timeout", "3s", file)
      expect(apply, exits: 1)
      #expect(apply.stderr.contains("no answer from 192.0.2.1, for 3 s"), "\(apply)")
      expectEqual(before, try host.space.dump())
    }
  }
}
