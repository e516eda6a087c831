import Witness

/// A host in a namespace with hardware NICs (veths), each with a LAN of one station behind it.
///
/// `eth1` carries 192.0.2.10/24, 2001:db8::10/64 and the default routes via its LAN's 192.0.2.1 and
/// 2001:db8::1; `eth2`, where asked for, 198.51.100.10/24 and 2001:db8:2::10/64.
struct Host {
  var space: Namespace
  let lan: Namespace
  let lan2: Namespace?
  let files: TemporaryFolder
  /// Commands go there from outside (`--netns`): what is mounted within `ip netns exec` nobody else sees.
  var isEnteredByName = false

  static let uplinkMAC = "02:00:5e:00:01:01"

  /// Runs `body` on a fresh host and removes it afterwards. Without `dad` no address is ever tentative.
  static func with(secondUplink: Bool = false, dad: Bool = false, _ body: (Host) throws -> Void) throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let space = try Namespace()
    defer { space.delete() }
    let lan = try Namespace()
    defer { lan.delete() }
    let lan2 = secondUplink ? try Namespace() : nil
    defer { lan2?.delete() }
    let host = Host(space: space, lan: lan, lan2: lan2, files: files)
    if !dad {
      for each in [space, lan, lan2].compactMap({ $0 }) {
        try each.sysctl("net.ipv6.conf.default.accept_dad=0")
      }
    }
    try host.wire("eth1", uplinkMAC, to: lan, v4: "192.0.2", v6: "2001:db8:")
    try space.ip(
      """
      route add default via 192.0.2.1
      route add default via 2001:db8::1 dev eth1
      """)
    if let lan2 { try host.wire("eth2", "02:00:5e:00:01:02", to: lan2, v4: "198.51.100", v6: "2001:db8:2:") }
    for uplink in lan2 == nil ? ["eth1"] : ["eth1", "eth2"] { try space.settle(uplink) }
    for each in [lan, lan2].compactMap({ $0 }) { try each.settle("lan0") }
    try body(host)
  }

  private func wire(_ name: String, _ mac: String, to lan: Namespace, v4: String, v6: String) throws {
    try space.ip(
      """
      link add name \(name) address \(mac) type veth peer name lan0 netns \(lan.name)
      link set \(name) up
      addr add \(v4).10/24 dev \(name)
      addr add \(v6):10/64 dev \(name)
      """)
    try lan.ip(
      """
      link set lan0 up
      addr add \(v4).1/24 dev lan0
      addr add \(v6):1/64 dev lan0
      """)
  }

  /// `vnet-apply ARGUMENTS` on this host.
  func vnet(_ arguments: [String], input: String = "", timeout: Double = 120) throws -> Outcome {
    try vnet(behind: [], arguments, input: input, timeout: timeout)
  }

  /// The same, as the words of another command, such as strace's.
  func vnet(
    behind words: [String], _ arguments: [String], input: String = "", timeout: Double = 120
  ) throws -> Outcome {
    if isEnteredByName, let command = arguments.first {
      return try run(
        words + [Tools.vnetApply, command, "--netns", space.name] + arguments.dropFirst(), input: input,
        timeout: timeout)
    }
    return try space.run(words + [Tools.vnetApply] + arguments, input: input, timeout: timeout)
  }

  func vnet(_ arguments: String...) throws -> Outcome { try vnet(arguments) }

  /// `plan --json` of a file.
  func plan(_ file: String, _ options: String...) throws -> Plan {
    let outcome = try vnet(["plan", "--json"] + options + [file])
    guard outcome.code == 0 || outcome.code == 2 else {
      throw CommandFailure(description: outcome.description)
    }
    return Plan(try JSON(parsing: outcome.stdout))
  }

  func link(_ name: String) throws -> JSON { try space.json("ip -d -j link show dev \(name)")[0] }

  var linkNames: Set<String> {
    get throws { Set(try space.json("ip -j link show").elements.compactMap { $0["ifname"].text }) }
  }

  /// `ADDRESS/LENGTH` of what a link carries, link-local IPv6 apart, in the kernel's order.
  func addresses(_ name: String) throws -> [String] {
    try space.json("ip -j addr show dev \(name)")[0]["addr_info"].elements
      .filter { !($0["family"].text == "inet6" && $0["scope"].text == "link") }
      .map { "\($0["local"].line)/\($0["prefixlen"].line)" }
  }

  func routes(_ family: Int, _ filter: String) throws -> [JSON] {
    try space.json("ip -\(family) -j route show \(filter)").elements
  }
}

/// The JSON form of a plan.
struct Plan {
  let json: JSON
  init(_ json: JSON) { self.json = json }

  struct Change: Hashable, CustomStringConvertible {
    let id: String
    let action: String
    var description: String { "\(action) \(id)" }
  }

  var changes: [Change] {
    json["changes"].elements.map { Change(id: $0["id"].text ?? "", action: $0["action"].text ?? "") }
  }

  func change(_ id: String) -> JSON { json["changes"].elements.first { $0["id"].text == id } ?? .null }
  var risks: [String] { json["risks"].elements.compactMap { $0["name"].text } }
}
