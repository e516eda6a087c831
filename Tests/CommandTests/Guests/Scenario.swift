import Testing

/// Two guests with NICs alike, a third one on another network of the same host, and a LAN behind the host's uplink.
struct Scenario: Sendable, CustomTestStringConvertible {
  /// What the NICs are, for a reader of docs/reachability.md.
  let title: String
  /// The network `net`, where the NICs stand on one.
  var network: String?
  /// The NIC of both; `{n}` is 1 and 2.
  let nic: String
  /// What VirtualBox calls such a NIC, where it has one.
  var virtualBox: String?
  /// The subnet of the guests, whose addresses end in 51 and 52.
  let subnet: Subnet
  /// What each asks of the other; where nothing stands, nothing gets through.
  let reach: [Way: Reach]

  var testDescription: String { title }

  /// Who asks whom. Raw values head the columns.
  enum Way: String, CaseIterable {
    case toHost = "VM → host"
    case fromHost = "host → VM"
    case betweenVMs = "VM ↔ VM"
    case toLAN = "VM → LAN"
    case fromLAN = "LAN → VM"
    case toOther = "VM → other network"
    case fromOther = "other network → VM"
  }

  struct Subnet: Sendable {
    let ipv4: String
    let ipv6: String
    /// How a guest reaches the host, and by whom everything else. Without a router everything is a neighbour; without
    /// a subnet of Ethernet `attach` says what to type.
    let host: (ipv4: String, ipv6: String)
    var router: (ipv4: String, ipv6: String)?
    var isRouted = false

    static let office = Subnet(
      ipv4: "192.0.2.", ipv6: "2001:db8::", host: ("192.0.2.10", "2001:db8::10"),
      router: ("192.0.2.1", "2001:db8::1"))
    static let own = Subnet(
      ipv4: "10.7.0.", ipv6: "2001:db8:7::", host: ("10.7.0.1", "2001:db8:7::1"),
      router: ("10.7.0.1", "2001:db8:7::1"))
    static let closed = Subnet(ipv4: "10.7.0.", ipv6: "2001:db8:7::", host: office.host)
    static let behind = Subnet(
      ipv4: "203.0.113.", ipv6: "2001:db8:f::", host: office.host, isRouted: true)
    static let proxied = Subnet(ipv4: "192.0.2.", ipv6: "2001:db8::", host: office.host, isRouted: true)

    /// What to type in the guest whose addresses end in `end`.
    func commands(_ end: Int) -> String {
      let ways =
        router.map { "via \($0.ipv4)\nip -6 route add default via \($0.ipv6)" }
        ?? "dev eth0\nip -6 route add default dev eth0"
      return """
        ip link set eth0 up
        ip addr add \(ipv4)\(end)/24 dev eth0
        ip -6 addr add \(ipv6)\(end)/64 dev eth0
        ip route add default \(ways)
        """
    }
  }

  var isTranslated: Bool { network?.contains("nat: true") == true }

  /// The network in a few words of the language.
  var kind: String {
    let kinds = [("nat: true", "{nat: true}"), ("uplink", "{uplink: eth1}"), ("address", "{address: auto}")]
    let network = kinds.first { self.network?.contains($0.0) == true }?.1 ?? "{}"
    return "`\(network)`" + (nic.contains("isolated") ? ", `isolated`" : "")
  }

  /// As a configuration that one could write, in one line.
  var shown: String {
    (network.map { "`networks: {net: \($0)}` " } ?? "") + "`vms: {vm: {count: 2, nics: {eth0: \(nic)}}}`"
  }

  var text: String {
    """
    name: reach
    networks:
      far: {\(Inner.other)}
    \(network.map { "  net: \($0)" } ?? "")
    vms:
      vm: {count: 2, nics: {eth0: \(nic)}}
    \(Inner.vm("far", "far", Self.far))
    """
  }

  /// The guest on the other network, a namespace.
  static let far = Inner.place(51, of: 8)
}

extension Scenario {
  private static let ownNetwork =
    "{address: [10.7.0.1/24, \"2001:db8:7::1/64\"], dhcp: false, dns: false, ra: false}"

  private static let natNetwork = ownNetwork.replacing("{address", with: "{nat: true, address")

  /// The guests' addresses are typed by hand, and no others would pass.
  private static let ownNIC = "{network: net, address: [\"10.7.0.{50+n}\", \"2001:db8:7::{50+n}\"]}"

  static let all: [Scenario] = [
    Scenario(
      title: "`bridged`, the network has an uplink", network: "{uplink: eth1}", nic: "{network: net}",
      virtualBox: "Bridged networking", subnet: .office,
      reach: [.toHost: .all, .fromHost: .all, .betweenVMs: .all, .toLAN: .all, .fromLAN: .all]),
    Scenario(
      title: "the same, `isolated`", network: "{uplink: eth1}", nic: "{network: net, isolated: true}",
      subnet: .office,
      reach: [.toHost: .all, .fromHost: .all, .toLAN: .all, .fromLAN: .all]),
    Scenario(
      title: "`bridged`, the network has an address of the host", network: ownNetwork, nic: ownNIC,
      virtualBox: "Host-only networking", subnet: .own,
      reach: [.toHost: .all, .fromHost: .all, .betweenVMs: .all]),
    Scenario(
      title: "`tap` via `vde` on such a network", network: ownNetwork,
      nic: ownNIC.replacing("network: net,", with: "mode: tap, via: vde, network: net,"), subnet: .own,
      reach: [.toHost: .all, .fromHost: .all, .betweenVMs: .all]),
    Scenario(
      title: "`shared`, the network has `nat`", network: natNetwork, nic: ownNIC,
      virtualBox: "NAT service (NAT network)", subnet: .own,
      reach: [.toHost: .all, .fromHost: .all, .betweenVMs: .all, .toLAN: .all]),
    Scenario(
      title: "the same, `isolated` too", network: natNetwork,
      nic: ownNIC.replacing("}\"]}", with: "}\"], isolated: true}"), virtualBox: "NAT", subnet: .own,
      reach: [.toHost: .all, .fromHost: .all, .toLAN: .all]),
    Scenario(
      title: "`bridged`, the network has neither", network: "{}", nic: "{network: net}",
      virtualBox: "Internal networking", subnet: .closed,
      reach: [.betweenVMs: .all]),
    Scenario(
      title: "`tap`, the LAN has a route to the guest",
      nic: "{mode: tap, address: [\"203.0.113.{50+n}\", \"2001:db8:f::{50+n}\"]}", subnet: .behind,
      reach: [
        .toHost: .all, .fromHost: .all, .toLAN: .all, .fromLAN: .all,
      ]),
    Scenario(
      title: "`tap` with `proxy`",
      nic: "{mode: tap, proxy: eth1, address: [\"192.0.2.{50+n}\", \"2001:db8::{50+n}\"]}", subnet: .proxied,
      reach: [
        .toHost: .all, .fromHost: .all, .toLAN: .all, .fromLAN: .all,
      ]),
  ]
}

extension Scenario {
  /// Scenarios whose guests are configured alike: those of the first run on in the others, which a plan makes of it in place.
  struct Series: Sendable, CustomTestStringConvertible {
    var scenarios: [Scenario]

    var testDescription: String { scenarios.map(\.title).joined(separator: "; ") }
  }

  static let series: [Series] = all.reduce(into: []) { series, scenario in
    func isAlike(_ other: Scenario) -> Bool {
      scenario.subnet.commands(51) == other.subnet.commands(51)
        && scenario.nic.contains("via: vde") == other.nic.contains("via: vde")
    }
    if let place = series.firstIndex(where: { isAlike($0.scenarios[0]) }) {
      series[place].scenarios.append(scenario)
    } else {
      series.append(Series(scenarios: [scenario]))
    }
  }
}
