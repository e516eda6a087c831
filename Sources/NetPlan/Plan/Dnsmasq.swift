/// What dnsmasq(8) is told about a network: pure text.
///
/// Every value is of a type that cannot hold what the program would read as something else, or passes `quoted` or
/// `word`; nothing of a configuration gets into these lines by another way.
struct Dnsmasq {
  let link: LinkName
  /// The host's addresses there.
  let addresses: [IPInterface]
  let dhcp: DHCP?
  let dns: DNS?
  let advertises: Bool

  /// The domain of guests' names where none is written: ICANN keeps `internal` for private use.
  static let domain = "internal"

  /// Why a value cannot be told.
  struct Unfit: Error, Hashable {
    var key: String
    var message: String
  }

  // MARK: The configuration proper

  func configuration() throws(Unfit) -> [String] {
    try checkPrefixes()
    var lines = ["interface=\(try device())", "except-interface=lo", "bind-dynamic", "no-hosts"]
    lines += names
    if let dhcp { lines += try lease(dhcp) }
    let prefixes = subnets.filter { $0.family == .ipv6 }
    if advertises, !prefixes.isEmpty {
      lines.append("enable-ra")
      if dhcp == nil { lines += prefixes.map { "dhcp-range=\($0.address),ra-only,\($0.length)" } }
    }
    return lines
  }

  /// Those in which there is room for guests.
  private var subnets: [IPPrefix] {
    addresses.map(\.prefix).filter { $0.length < $0.family.bits - 1 && !$0.address.isLinkLocal }
  }

  private func checkPrefixes() throws(Unfit) {
    guard dhcp != nil || advertises else { return }
    if let short = subnets.first(where: { $0.family == .ipv6 && $0.length < 64 }) {
      throw Unfit(
        key: "address",
        message: "DHCPv6 and router advertisements serve prefixes of 64 bits and longer, not \(short)")
    }
    for range in dhcp?.range ?? []
    where !subnets.contains(where: { $0.contains(range.lowerBound) && $0.contains(range.upperBound) }) {
      throw Unfit(
        key: "dhcp.range",
        message: "\(range.lowerBound)-\(range.upperBound) is in no subnet of the host's there: "
          + addresses.map { "\($0)" }.joined(separator: ", "))
    }
  }

  /// A trailing asterisk would be a pattern, and no quotes help against it.
  private func device() throws(Unfit) -> String {
    guard let word = Dnsmasq.word(link.text) else {
      throw Unfit(key: "device", message: "'\(link)' is no name of an interface that can be told to dnsmasq")
    }
    return word
  }

  private var names: [String] {
    guard let dns else { return ["port=0"] }
    let domain = dns.domain ?? Dnsmasq.domain
    var lines = ["domain=\(domain)", "local=/\(domain)/", "expand-hosts", "domain-needed", "bogus-priv"]
    if let upstream = dns.upstream {
      lines.append("no-resolv")
      lines += upstream.map { "server=\($0)" }
    }
    return lines
  }

  // MARK: DHCP

  private func lease(_ dhcp: DHCP) throws(Unfit) -> [String] {
    // Names are those of the file: no guest gives itself another's.
    var lines = ["dhcp-authoritative", "dhcp-ignore-names", "dhcp-lease-max=65535"]
    for subnet in subnets { lines += ranges(dhcp, subnet) }
    if let router = dhcp.router {
      guard router.family == .ipv4 else {
        throw Unfit(key: "dhcp.router", message: "\(router) cannot be told: an IPv6 router advertises itself")
      }
      lines.append("dhcp-option=option:router,\(router)")
    }
    lines += options("dns-server", dhcp.dns) + options("ntp-server", dhcp.ntp)
    if let domain = dhcp.domain {
      lines += ["dhcp-option=option:domain-name,\(domain)", "dhcp-option=option6:domain-search,\(domain)"]
    }
    if let file = dhcp.bootFile { lines.append(try boot(file, dhcp.bootServer)) }
    return lines
  }

  /// Guests that have a reservation get it in any subnet that has a range, be it an empty one (`static`).
  private func ranges(_ dhcp: DHCP, _ subnet: IPPrefix) -> [String] {
    var rest: [String]
    if subnet.family == .ipv4 {
      rest = ["\(IPAddress(family: .ipv4, value: IPPrefix.mask(.ipv4, subnet.length)))"]
    } else {
      // Guests that know no DHCPv6 make their addresses of the prefix (RFC 4862), which takes 64 bits.
      rest = (advertises && subnet.length == 64 ? ["slaac"] : []) + ["\(subnet.length)"]
    }
    rest.append("\(dhcp.lease)")
    let written = dhcp.range.filter { subnet.contains($0.lowerBound) }
    let spans =
      written.isEmpty
      ? ["\(subnet.address),static"] : written.map { "\($0.lowerBound),\($0.upperBound)" }
    return spans.map { "dhcp-range=\($0),\(rest.joined(separator: ","))" }
  }

  private func options(_ name: String, _ servers: [IPAddress]) -> [String] {
    let v4 = servers.filter { $0.family == .ipv4 }.map { "\($0)" }
    let v6 = servers.filter { $0.family == .ipv6 }.map { "[\($0)]" }
    return (v4.isEmpty ? [] : ["dhcp-option=option:\(name),\(v4.joined(separator: ","))"])
      + (v6.isEmpty ? [] : ["dhcp-option=option6:\(name),\(v6.joined(separator: ","))"])
  }

  private func boot(_ file: String, _ server: String?) throws(Unfit) -> String {
    let head = "dhcp-boot=\(Dnsmasq.quoted(file))"
    guard let server else { return head }
    guard IPAddress(server)?.family == .ipv4 || Dnsmasq.isHostName(server) else {
      throw Unfit(
        key: "dhcp.boot.server", message: "'\(server)' is neither an IPv4 address nor a host's name")
    }
    return "\(head),,\(server)"
  }

  // MARK: Guests

  struct Guest {
    var mac: MACAddress
    var addresses: [IPAddress]
    /// nil for a further NIC of a VM, which has its name already.
    var name: String?
  }

  /// A line of `dhcp-hostsfile`.
  static func host(_ guest: Guest) -> String {
    var parts = ["\(guest.mac)"]
    parts += guest.addresses.map { $0.family == .ipv4 ? "\($0)" : "[\($0)]" }
    if let name = guest.name, isHostName(name) { parts.append(name) }
    return parts.joined(separator: ",")
  }

  /// Lines of hosts(5).
  static func names(of addresses: [IPAddress], _ name: String) -> [String] {
    isHostName(name) ? addresses.map { "\($0) \(name)" } : []
  }

  // MARK: Words

  /// Between quotes a value is taken as it stands, a comma or a `#` in it too (`read_file`, option.c of dnsmasq).
  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars where scalar.value >= 0x20 && scalar.value != 0x7f {
      if scalar == "\"" || scalar == "\\" { out += "\\" }
      out.unicodeScalars.append(scalar)
    }
    return out + "\""
  }

  /// The text where it has no character that could mean anything.
  static func word(_ text: String) -> String? {
    text.utf8.allSatisfy { isAlphanumeric($0) || "_.-".utf8.contains($0) } ? text : nil
  }

  static func isHostName(_ text: String) -> Bool {
    text.utf8.count <= 253
      && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isDNSLabel)
  }
}
