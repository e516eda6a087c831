extension ValueShape where Value == MACAddress {
  static var mac: ValueShape {
    ValueShape(["type": "string", "pattern": "^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$"]) { node, reader in
      guard let (text, _) = reader.text(node, "a MAC address") else { return nil }
      guard let mac = MACAddress(text) else {
        reader.report(
          .badMAC, node.position, "`\(text.shown)` is not a MAC address",
          hint: "six octets: `52:54:00:12:34:56`")
        return nil
      }
      guard !mac.isMulticast, !mac.isZero else {
        reader.report(
          .badMAC, node.position,
          "`\(mac)` is \(mac.isZero ? "nobody's" : "a group's") address, not a station's",
          hint: mac.isZero ? nil : "the first octet is even")
        return nil
      }
      return mac
    }
  }
}

extension ValueShape where Value == IPAddress {
  static var address: ValueShape {
    parsed("an IP address", .badAddress, hint: "`192.0.2.1` or \"2001:db8::1\", without a prefix length") {
      IPAddress($0)
    }
  }
}

extension ValueShape where Value == IPPrefix {
  static var prefix: ValueShape {
    ValueShape(["type": "string"]) { node, reader in
      guard let (text, _) = reader.text(node, "a prefix") else { return nil }
      if let prefix = IPPrefix(text) { return prefix }
      let hint = IPInterface(text).map { "its network is `\($0.prefix)`, the host alone `\($0.address)`" }
      reader.report(
        .badPrefix, node.position,
        "`\(text.shown)` is not a prefix" + (hint == nil ? "" : ": it has bits set beyond its length"),
        hint: hint ?? "`192.0.2.0/24` or \"2001:db8::/64\"")
      return nil
    }
  }
}

extension ValueShape where Value == IPInterface {
  /// An address of the host with its subnet's length.
  static func interface(requiresLength: Bool) -> ValueShape {
    ValueShape(["type": "string"]) { node, reader in
      guard let (text, _) = reader.text(node, "an address with its prefix length") else { return nil }
      guard let interface = IPInterface(text), !requiresLength || text.utf8.contains(UInt8(ascii: "/")) else {
        let bare = IPAddress(text).map {
          "say how long its prefix is: `\($0)/\($0.family == .ipv4 ? 24 : 64)`"
        }
        reader.report(
          .badPrefix, node.position, "`\(text.shown)` is not an address with its prefix length",
          hint: bare ?? "`192.0.2.1/24` or \"2001:db8::1/64\"")
        return nil
      }
      return reader.checked(interface, node.position)
    }
  }
}

extension NodeReader {
  /// An address that a host can have.
  mutating func checked(_ interface: IPInterface, _ at: SourcePosition) -> IPInterface? {
    let address = interface.address
    var reason: String?
    if address.isUnspecified { reason = "is nobody's address" }
    if address.isMulticast { reason = "is a multicast address" }
    if address.isLoopback { reason = "is a loopback address" }
    if address.family == .ipv4, address.value == 0xffff_ffff { reason = "is the broadcast address" }
    guard let reason else { return interface }
    report(.badAddress, at, "`\(address)` \(reason)")
    return nil
  }
}

/// A network's own address: `auto`, or written out.
enum HostAddress: Sendable {
  case automatic
  case written(Sourced<IPInterface>)
}

extension ValueShape where Value == HostAddress {
  static var hostAddress: ValueShape {
    ValueShape(["type": "string"]) { node, reader in
      if case .scalar("auto", _) = node.content { return .automatic }
      return ValueShape<IPInterface>.interface(requiresLength: true).sourced.read(node, &reader)
        .map { .written($0) }
    }
  }
}

/// An address of a guest; the length is nil where the file leaves it out.
struct GuestAddress: Sendable {
  var address: IPAddress
  var length: Int?
  /// Where one VM of a `count` got its address from.
  var range: ClosedRange<IPAddress>?
  var position: SourcePosition
}

extension ValueShape where Value == GuestAddress {
  /// `A`, `A/length`, or `A-B` of which the n-th VM gets the n-th.
  static var guestAddress: ValueShape {
    ValueShape(["type": "string"]) { node, reader in
      guard let (text, _) = reader.text(node, "an address") else { return nil }
      guard let range = AddressRange(text) else {
        reader.report(
          .badAddress, node.position, "`\(text.shown)` is not an address",
          hint: "`192.0.2.10`, `192.0.2.10/24`, or with `count` a range `192.0.2.10-192.0.2.99`")
        return nil
      }
      let address = range.isRange ? reader.pick(range, text, node.position) : range.first
      guard let address, let interface = IPInterface(address, length: range.length ?? address.family.bits),
        reader.checked(interface, node.position) != nil
      else { return nil }
      return GuestAddress(
        address: address, length: range.length, range: range.isRange ? range.first...range.last : nil,
        position: node.position)
    }
  }
}

extension NodeReader {
  fileprivate mutating func pick(_ range: AddressRange, _ text: String, _ at: SourcePosition) -> IPAddress? {
    guard let number else {
      report(
        .rangeWithoutCount, at, "`\(text.shown)` is a range, and this VM has no `count`",
        hint: "a range gives the n-th VM of a `count` the n-th address")
      return nil
    }
    guard let address = range.first.advanced(by: number.number - 1), address <= range.last else {
      let size = range.last.value - range.first.value + 1
      report(
        .rangeTooSmall, at, "`\(text.shown)` has \(size) addresses for a `count` of \(number.count)")
      return nil
    }
    return address
  }
}

/// `A`, `A-B`, each with an optional `/length`.
struct AddressRange: Sendable, Hashable {
  let first: IPAddress
  let last: IPAddress
  let length: Int?
  let isRange: Bool

  init?(_ text: String) {
    let halves = text.split(separator: "-", omittingEmptySubsequences: false)
    guard halves.count <= 2, let end = IPInterface(halves[halves.count - 1]) else { return nil }
    length = text.utf8.contains(UInt8(ascii: "/")) ? end.length : nil
    last = end.address
    isRange = halves.count == 2
    if isRange {
      guard let start = IPAddress(halves[0]), start.family == last.family, start <= last else { return nil }
      first = start
    } else {
      first = last
    }
  }
}

extension ValueShape where Value == ClosedRange<IPAddress> {
  static var addressRange: ValueShape {
    parsed("a range of addresses", .badAddress, hint: "`192.0.2.100-192.0.2.199`") { text in
      AddressRange(text).flatMap { $0.length == nil ? $0.first...$0.last : nil }
    }
  }
}
