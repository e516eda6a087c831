import Testing
import Witness

/// Guests that are namespaces on networks of a host that forwards for them, and machines that say at port 80 whom they
/// hear.
final class Inner {
  let host: Host
  let file: String
  private(set) var guests: [String: SpaceGuest] = [:]
  private var answering: [Answering] = []
  private var talks: [Talk] = []

  /// The addresses of a guest, of the host on the guest's network, and the prefix lengths.
  struct Place: Sendable {
    let mac: String
    let ipv4: String
    let ipv6: String
    let gateway4: String
    let gateway6: String
    var isRouted = false
  }

  static let net = #"address: [10.7.0.1/24, "2001:db8:7::1/64"], dhcp: false, dns: false, ra: false"#
  static let other = #"address: [10.8.0.1/24, "2001:db8:8::1/64"], dhcp: false, dns: false, ra: false"#

  /// The guest of 10.7.0.0/24 or 10.8.0.0/24 whose addresses end in `end`.
  static func place(_ end: Int, of subnet: Int = 7) -> Place {
    Place(
      mac: "02:00:00:00:\(subnet + 10):\(end)", ipv4: "10.\(subnet).0.\(end)",
      ipv6: "2001:db8:\(subnet)::\(end)", gateway4: "10.\(subnet).0.1", gateway6: "2001:db8:\(subnet)::1")
  }

  /// `NAME: {nics: {eth0: {…}}}` of a guest on a network.
  static func vm(_ name: String, _ network: String, _ place: Place, _ keys: String = "") -> String {
    let more = keys.isEmpty ? "" : ", " + keys
    return "  \(name): {nics: {eth0: {network: \(network), mac: \"\(place.mac)\", "
      + "address: [\(place.ipv4), \"\(place.ipv6)\"]\(more)}}}\n"
  }

  private init(_ host: Host, _ file: String) { (self.host, self.file) = (host, file) }

  /// Applies `text`, after which nothing is left to do, boots the guests and gives the host back afterwards.
  static func with(
    _ text: String, _ places: [String: Place], host: Host, _ body: (Inner) throws -> Void
  ) throws {
    let file = try host.files.write("inner.conf", "name: inner\n" + text)
    let before = try host.space.dump()
    let outcome = try host.vnet("apply", file)
    expect(outcome, exits: 0)
    guard outcome.code == 0 else { return }
    expect(try host.vnet("plan", file), exits: 0)
    let inner = Inner(host, file)
    do {
      defer { inner.leave() }
      for (name, place) in places { try inner.boot(name, place) }
      try inner.answer("host", in: host.space)
      try inner.answer("lan", in: host.lan)
      try body(inner)
    }
    expect(try host.vnet("remove", file), exits: 0)
    expectEqual(before, try host.space.dump())
  }

  /// The same on a host of its own.
  static func withHost(
    _ text: String, _ places: [String: Place], _ body: (Inner) throws -> Void
  ) throws {
    try Host.with { try with(text, places, host: $0, body) }
  }

  private func boot(_ name: String, _ place: Place) throws {
    let guest = try SpaceGuest(name, at: place, on: host)
    guests[name] = guest
    try answer(name, in: guest.space)
  }

  func answer(_ name: String, in space: Namespace) throws {
    answering.append(try Answering(name, in: space, files: host.files))
  }

  /// It ends with the guests.
  func keep(_ talk: Talk) { talks.append(talk) }

  private func leave() {
    for each in talks { each.leave() }
    for each in answering { each.leave() }
    for guest in guests.values { guest.leave() }
  }

  func space(_ name: String) -> Namespace {
    switch name {
    case "host": host.space
    case "lan": host.lan
    default: guests[name]!.space
    }
  }

  /// `NAME ADDRESS`: who answered at an address over TCP, and from where it was asked; nil where nobody did.
  func who(_ name: String, asks address: String, port: Int = 80) throws -> String? {
    try asked(by: space(name), address, port)
  }

  func asked(by space: Namespace, _ address: String, _ port: Int = 80) throws -> String? {
    let written = address.contains(":") ? "[\(address)]" : address
    let outcome = try space.run(
      [
        "timeout", "\(1.6 * Clock.patience)", "busybox", "wget", "-q", "-O", "-",
        "http://\(written):\(port)/cgi-bin/who",
      ])
    let plain = outcome.stdout.trimmed.filter { !"[]".contains($0) }.replacing("::ffff:", with: "")
    return outcome.code == 0 ? plain : nil
  }
}

extension SpaceGuest {
  /// A VM of one NIC that has its addresses and knows the way.
  init(_ name: String, at place: Inner.Place, on host: Host) throws {
    try self.init("\(name)-eth0", mac: place.mac, on: host)
    let (length4, length6) = place.isRouted ? (32, 128) : (24, 64)
    let gateway4 = place.isRouted ? "via inet \(place.gateway4) dev eth0 onlink" : "via \(place.gateway4)"
    try space.ip(
      """
      addr add \(place.ipv4)/\(length4) dev eth0
      addr add \(place.ipv6)/\(length6) dev eth0
      route add default \(gateway4)
      route add default via \(place.gateway6) dev eth0
      """)
  }
}
