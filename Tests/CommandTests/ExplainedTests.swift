import Glibc
import Testing
import Witness

/// A way to a NIC, what `explain` says of it, and what packets are to say.
private struct Way: Sendable, CustomTestStringConvertible {
  let mode: String
  let via: String
  var keys: String
  var networks = ""
  /// Guest's addresses, and its routers.
  let own: [String]
  let routers: [String]
  /// Parts of what is explained.
  let claims: [String]
  let expected: Seen

  var testDescription: String { "\(mode) via \(via) {\(keys)}" }

  static let mac = "02:00:00:00:20:01"

  var text: String {
    "name: x\n\(networks)vms: {web: {nics: {eth0: {mac: \"\(Self.mac)\", \(keys)}}}}\n"
  }

  static let all = [translated, routed, bridged, unchecked]

  private static let translated = Way(
    mode: "shared", via: "nat",
    keys: #"network: net, address: [10.7.0.50, "fd00:7::50"], forward: ["8080 -> 80"]"#,
    networks: """
      networks: {net: {nat: true, address: [10.7.0.1/24, "fd00:7::1/64"], dhcp: false, dns: false, ra: false}}

      """,
    own: ["10.7.0.50/24", "fd00:7::50/64"], routers: ["10.7.0.1", "fd00:7::1"],
    claims: [
      "ping and traceroute outwards", "nobody outside can ping it", "as IPv4, translated too",
      "the LAN hears none of it", "none: the host routes IPv4 and IPv6",
      "others (GRE, protocol 41) by address",
      "what `forward` names; no new connection otherwise", "both ways by the guest's own address",
    ],
    expected: Seen(
      pings: [true, true], isPinged: [false, false], isConnected: false, forward: true, arp: false,
      ipx: false,
      gre: true, host: [true, true]))

  private static let routed = Way(
    mode: "tap", via: "tap",
    keys: #"mode: tap, address: [192.0.2.50, "2001:db8::50"], proxy: eth1"#,
    own: ["192.0.2.50/32", "2001:db8::50/128"], routers: ["169.254.0.1", "fe80::1"],
    claims: [
      "all of it, both ways", "as IPv4", "between guest and host alone",
      "none: the host routes IPv4 and IPv6",
      "every protocol of IP: GRE", "everything that finds a route to it", "both ways",
    ],
    expected: Seen(
      pings: [true, true], isPinged: [true, true], isConnected: true, arp: false, ipx: false, gre: true,
      host: [true, true]))

  private static let bridged = Way(
    mode: "bridged", via: "bridge", keys: "network: lan", networks: "networks: {lan: {uplink: eth1}}\n",
    own: ["192.0.2.50/24", "2001:db8::50/64"], routers: [],
    claims: [
      "all of it, both ways", "all of it, with the LAN's router advertisements",
      "its own, on the whole Ethernet",
      "none: IPv4, IPv6 and ARP alone pass, with `anti-spoof: false` too", "every protocol of IP: GRE",
      "everything: it is as open as any machine", "both ways where the host has an address there",
    ],
    expected: Seen(
      pings: [true, true], isPinged: [true, true], isConnected: true, arp: true, ipx: false, gre: true,
      host: [true, true]))

  private static let unchecked = {
    var way = bridged
    way.keys += ", anti-spoof: false"
    return way
  }()
}

/// What packets say of a guest; pairs are of IPv4 and IPv6, `host` from it and to it.
private struct Seen: Equatable {
  var pings: [Bool]
  var isPinged: [Bool]
  var isConnected: Bool
  var forward = false
  /// What the LAN hears of the guest.
  var arp: Bool
  var ipx: Bool
  var gre: Bool
  var host: [Bool]
}

@Suite(
  "what `explain` says of a mode, by packets",
  .enabled(if: Gate.services && Gate.nft, Comment(rawValue: Gate.servicesComment)))
struct ExplainedTests {
  @Test("its lines and what passes are the same", arguments: Way.all)
  fileprivate func passes(_ way: Way) throws {
    try Host.with { host in
      let said = try must([Tools.vnetApply, "explain", way.mode, "--via", way.via])
        .split(whereSeparator: \.isWhitespace).joined(separator: " ")
      for claim in way.claims { #expect(said.contains(claim), "\(claim)\n\(said)") }
      expect(try host.vnet("apply", try host.files.write("x.conf", way.text)), exits: 0)
      let guest = try SpaceGuest("web-eth0", mac: Way.mac, on: host)
      defer { guest.leave() }
      try prepare(guest, way, host)
      let seen = try seen(guest, way, host)
      #expect(seen == way.expected, "\(seen)")
    }
  }

  @Test(
    "where a process speaks for the guest nothing leaves it but connections of the host's",
    .enabled(if: Gate.passt && Tools.has("qemu-system-x86_64"), "needs passt and qemu-system-x86_64"),
    arguments: ["user", "passt"])
  func speaks(via: String) throws {
    try Host.with { host in
      let said = try must([Tools.vnetApply, "explain", "shared", "--via", via])
      for claim in ["none leaves it", "none but IPv4", "TCP and UDP alone: no GRE"] {
        #expect(said.contains(claim), "\(said)")
      }
      let text = "name: x\nallow: [open-loopback]\nvms: {web: {nics: {eth0: {mode: shared, via: \(via)}}}}\n"
      expect(try host.vnet("apply", try host.files.write("x.conf", text)), exits: 0)
      let attach = try host.vnet("attach", "web", "-c", host.files.path + "/x.conf").stdout
      var socket = attach.firstMatch(of: /addr\.path=(\S+)/).map { String($0.1) } ?? ""
      var software: Child?
      if via == "user" {
        // The VM software without a VM: what the guest would send comes by a socket.
        socket = host.files.path + "/guest"
        let netdev = try #require(attach.firstMatch(of: /-netdev (user,id=([^ ,]+)\S*)/))
        software = try host.space.start([
          "qemu-system-x86_64", "-M", "none", "-nodefaults", "-display", "none", "-netdev",
          String(netdev.1), "-netdev", "stream,id=s,server=on,addr.type=unix,addr.path=\(socket)",
          "-netdev", "hubport,id=a,hubid=0,netdev=\(netdev.2)", "-netdev", "hubport,id=b,hubid=0,netdev=s",
        ])
        #expect(Clock.wait(20) { access(socket, F_OK) == 0 })
      }
      defer {
        software?.signal(SIGKILL)
        _ = software?.finish(timeout: 5)
      }
      // An older passt takes the router for the host's loopback.
      try host.lan.ip("addr add 192.0.2.2/24 dev lan0")
      let (own, router) = via == "user" ? ("10.0.2.15", "10.0.2.2") : ("192.0.2.10", "192.0.2.1")
      let heard = try witnessed(host) {
        let outcome = try host.space.run(["python3", "-c", Self.guest, socket, own, router, Way.mac])
        expect(outcome, exits: 0)
        #expect(outcome.stdout.trimmed == "answered", "ARP: \(outcome)")
      }
      #expect(heard.contains { $0.contains("> 192.0.2.2.9: UDP") }, "\(heard)")
      #expect(
        !heard.contains { $0.contains(Way.mac) || $0.contains("8137") || $0.contains("GRE") }, "\(heard)")
    }
  }

  /// What the LAN's station sees meanwhile, in the words of tcpdump.
  private func witnessed(_ host: Host, _ body: () throws -> Void) throws -> [String] {
    let witness = try host.lan.start(["tcpdump", "-lenU", "-i", "lan0"])
    #expect(Clock.wait(10) { (try? host.lan.run(["ss", "-0nlp"]).stdout.contains("tcpdump")) ?? false })
    try body()
    // The last of them is heard after all others.
    _ = try lost(from: host.space, to: "192.0.2.1")
    witness.signal(SIGINT)
    return witness.finish(timeout: 10).stdout.lines
  }

  /// Everybody has the routes that there could be: what does not pass is the host's doing.
  private func prepare(_ guest: SpaceGuest, _ way: Way, _ host: Host) throws {
    for address in way.own { try guest.space.ip("addr add \(address) dev eth0 nodad") }
    for router in way.routers { try guest.space.ip("route add default via \(router) dev eth0 onlink") }
    if way.routers.isEmpty {
      try guest.space.ip("route add default via 192.0.2.1\nroute add default via 2001:db8::1 dev eth0")
    }
    if !way.networks.isEmpty, !way.routers.isEmpty {
      try host.lan.ip("route add 10.7.0.0/24 via 192.0.2.10\nroute add fd00:7::/64 via 2001:db8::10 dev lan0")
    }
  }

  private func seen(_ guest: SpaceGuest, _ way: Way, _ host: Host) throws -> Seen {
    let own = way.own.map { String($0.prefix { $0 != "/" }) }
    let server = try guest.space.start(["python3", "-c", Self.server])
    #expect(server.line() == "ready")
    var seen = Seen(
      pings: [], isPinged: [], isConnected: false, arp: false, ipx: false, gre: false, host: [])
    let heard = try witnessed(host) {
      seen.pings = try ["192.0.2.1", "2001:db8::1"].map { try lost(from: guest.space, to: $0) == 0 }
      seen.isPinged = try own.map { try lost(from: host.lan, to: $0) == 0 }
      seen.isConnected = try connects(host.lan, to: own[0], 80)
      seen.host = [
        try lost(from: guest.space, to: way.routers.first ?? "192.0.2.10") == 0,
        try lost(from: host.space, to: own[0]) == 0,
      ]
      seen.forward = try connects(host.lan, to: "192.0.2.10", 8080)
      try must(guest.space.command(["python3", "-c", Self.sender]))
      _ = try lost(from: guest.space, to: "192.0.2.1")
    }
    seen.arp = heard.contains { $0.contains(Way.mac) && $0.contains("ARP") }
    seen.ipx = heard.contains { $0.contains("0x8137") || $0.contains("IPX") }
    seen.gre = heard.contains { $0.contains("> 192.0.2.1: GRE") || $0.contains("> 192.0.2.1: gre") }
    server.signal(SIGKILL)
    _ = server.finish(timeout: 5)
    return seen
  }

  private func connects(_ space: Namespace, to address: String, _ port: Int) throws -> Bool {
    let ask = "import socket; socket.create_connection((\"\(address)\", \(port)), 1).recv(1)"
    return try space.run(["python3", "-c", ask]).code == 0
  }

  private static let server = """
    import socket
    s = socket.create_server(("", 80))
    print("ready", flush=True)
    while True:
        c = s.accept()[0]
        c.send(b"x")
        c.close()
    """

  /// A guest that asks for its router, and then sends IPX, GRE and UDP (frames behind their length, as passt and QEMU have them).
  private static let guest = """
    import socket, struct, sys
    place, own, router, mac = sys.argv[1:]
    mac = bytes.fromhex(mac.replace(":", ""))
    s = socket.socket(socket.AF_UNIX)
    s.connect(place)
    s.settimeout(10)
    def send(to, kind, data):
        frame = to + mac + struct.pack("!H", kind) + data
        s.sendall(struct.pack("!I", len(frame)) + frame)
    def receive():
        head = s.recv(4, socket.MSG_WAITALL)
        return s.recv(struct.unpack("!I", head)[0], socket.MSG_WAITALL)
    def ip(protocol, data, to):
        head = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(data), 1, 0, 64, protocol, 0, socket.inet_aton(own), socket.inet_aton(to))
        total = sum(struct.unpack("!10H", head))
        while total >> 16: total = (total & 0xffff) + (total >> 16)
        return head[:10] + struct.pack("!H", ~total & 0xffff) + head[12:] + data
    everybody = b"\\xff" * 6
    ask = struct.pack("!HHBBH6s4s6s4s", 1, 0x800, 6, 4, 1, mac, socket.inet_aton(own), bytes(6), socket.inet_aton(router))
    send(everybody, 0x806, ask)
    while True:
        frame = receive()
        if frame[12:14] == b"\\x08\\x06" and frame[20:22] == b"\\0\\2" and frame[28:32] == socket.inet_aton(router): break
    print("answered")
    gateway = frame[6:12]
    send(everybody, 0x8137, b"\\xff\\xff" + bytes(48))
    send(gateway, 0x800, ip(47, bytes.fromhex("00000800") + bytes(40), "192.0.2.2"))
    send(gateway, 0x800, ip(17, struct.pack("!HHHH", 40000, 9, 12, 0) + b"last", "192.0.2.2"))
    s.settimeout(1)
    try:
        while True: receive()
    except (TimeoutError, struct.error): pass
    """

  /// IPX to everybody, and GRE to the LAN's station.
  private static let sender = """
    import socket
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    s.bind(("eth0", 0))
    s.send(b"\\xff" * 6 + bytes.fromhex("\(Way.mac.replacing(":", with: ""))") + b"\\x81\\x37" + b"\\xff\\xff" + bytes(50))
    g = socket.socket(socket.AF_INET, socket.SOCK_RAW, 47)
    g.sendto(bytes.fromhex("00000800") + bytes(40), ("192.0.2.1", 0))
    """
}
