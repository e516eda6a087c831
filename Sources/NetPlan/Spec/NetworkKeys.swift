/// What the file says about a network.
struct NetworkKeys: Keyed {
  var written: [WrittenKey] = []
  var uplink: HardwareReference?
  var existing: LinkName?
  var network: String?
  var vlan: Int?
  var host: HostKeys?
  var device: LinkName?
  var mac: MACAddress?
  var mtu: Int?
  var stp: Bool?
  var multicastSnooping: Bool?
  var vlanFiltering: Bool?
  var native: Int?
  var address: [HostAddress]?
  var nat: Toggle<NATKeys>?
  var route: Bool?
  var proxy: HardwareReference?
  var dhcp: Toggle<DHCPKeys>?
  var dns: Toggle<DNSKeys>?
  var ra: Bool?
  var reach: ReachKeys?
  var toHost: HostReach?
  var block: [IPPrefix]?
  var isolated: Bool?
  var defaults: Node?
  var allow: [RiskAcceptance]?
  var was: String?

  static let table = KeyTable<NetworkKeys>("a network", schema: "network") {
    segment
    bridge
    services
    TableKey("reach", \.reach, .reach, "networks whose guests these may open connections to, or `all`")
    TableKey<NetworkKeys>.choice("to-host", \.toHost, "what guests reach on the host")
    TableKey("block", \.block, ValueShape<IPPrefix>.prefix.list, "prefixes that guests may not send to")
    TableKey("isolated", \.isolated, .boolean, "its NICs reach uplink and host, not each other")
    TableKey("defaults", \.defaults, .networkDefaults, "for its NICs that do not say otherwise")
    TableKey("allow", \.allow, ValueShape<RiskAcceptance>.risk.list, "risks accepted for this network")
    TableKey("was", \.was, .name("a network"), "former name: renamed in place")
  }

  @KeyTableBuilder<NetworkKeys> private static var segment: [TableKey<NetworkKeys>] {
    TableKey("uplink", \.uplink, .hardware, "hardware NIC that joins the bridge")
    TableKey("existing", \.existing, .linkName("the name of a bridge"), "a bridge that someone else owns")
    TableKey("network", \.network, .reference("a network"), "the network of which this is one VLAN")
    TableKey("vlan", \.vlan, .vlan, "the VLAN of `network` that this is")
    TableKey("host", \.host, .host, "the host's own presence on a network with an uplink")
  }

  @KeyTableBuilder<NetworkKeys> private static var bridge: [TableKey<NetworkKeys>] {
    TableKey(
      "device", \.device, .linkName("the name of a bridge"),
      "name of the bridge; the network's where left out")
    TableKey("mac", \.mac, .mac, "MAC address of the bridge; the uplink's, else derived")
    TableKey("mtu", \.mtu, .mtu, "MTU in bytes; the uplink's, else 1500")
    TableKey("stp", \.stp, .boolean, "spanning tree")
    TableKey("multicast-snooping", \.multicastSnooping, .boolean, "IGMP and MLD snooping")
    TableKey("vlan-filtering", \.vlanFiltering, .boolean, "on as soon as anything names a VLAN")
    TableKey("native", \.native, .vlan, "untagged VLAN of the uplink")
  }

  @KeyTableBuilder<NetworkKeys> private static var services: [TableKey<NetworkKeys>] {
    TableKey(
      "address", \.address, ValueShape<HostAddress>.hostAddress.list, "the host's addresses there, or `auto`")
    TableKey<NetworkKeys>.toggle("nat", \.nat, NATKeys.table, "guests leave with the host's address")
    TableKey("route", \.route, .boolean, "guests are routed without translation")
    TableKey("proxy", \.proxy, .hardware, "hardware NIC on whose LAN the guests' addresses are answered for")
    TableKey<NetworkKeys>.toggle("dhcp", \.dhcp, DHCPKeys.table, "DHCP server")
    TableKey<NetworkKeys>.toggle("dns", \.dns, DNSKeys.table, "DNS server")
    TableKey("ra", \.ra, .boolean, "IPv6 router advertisements")
  }
}

extension ValueShape where Value == Node {
  /// Read again for each NIC that has templates in it; here for what is wrong in any case.
  static var networkDefaults: ValueShape {
    ValueShape(NICKeys.networkDefaults.reference) { node, _ in node }
  }
}

extension NICKeys {
  static let networkDefaults = KeyTable(
    "a network's defaults", schema: "network-defaults", of: table, without: ["network", "was", "allow"])
}

/// `host`, the host's own presence on a network with an uplink.
enum HostKeys: Sendable {
  case keep
  case none
  case stated(StatedHost)
}

struct StatedHost: Keyed {
  var written: [WrittenKey] = []
  var address: [Sourced<IPInterface>]?
  var gateway: [Sourced<IPAddress>]?
  var vlan: Int?

  static let table = KeyTable<StatedHost>("the host's presence", schema: "host") {
    TableKey(
      "address", \.address, ValueShape<IPInterface>.interface(requiresLength: true).sourced.list,
      "the host's addresses")
    TableKey("gateway", \.gateway, ValueShape<IPAddress>.address.sourced.list, "the host's default gateways")
    TableKey("vlan", \.vlan, .vlan, "VLAN that the host is in")
  }
}

extension ValueShape where Value == HostKeys {
  static var host: ValueShape {
    ValueShape(["anyOf": [["enum": ["keep", "none"]], StatedHost.table.reference]]) { node, reader in
      guard case .scalar(let text, _) = node.content, !node.isNull, !node.isPlainTrue else {
        return StatedHost.table.read(node, &reader).map { HostKeys.stated($0) }
      }
      if text == "keep" { return .keep }
      if text == "none" { return HostKeys.none }
      reader.report(
        .badChoice, node.position,
        "`\(text.shown)` is not `keep`, `none` or {address: …, gateway: …, vlan: …}",
        hint: nearest(text, ["keep", "none"]).map { "did you mean `\($0)`?" })
      return nil
    }
  }
}

struct NATKeys: Keyed {
  var written: [WrittenKey] = []
  var source: IPAddress?
  var out: HardwareReference?

  static let table = KeyTable<NATKeys>("nat", schema: "nat") {
    TableKey("source", \.source, .address, "address that guests leave with")
    TableKey("out", \.out, .hardware, "hardware NIC that guests leave through")
  }
}

struct DHCPKeys: Keyed {
  var written: [WrittenKey] = []
  var range: [ClosedRange<IPAddress>]?
  var lease: Int?
  var router: IPAddress?
  var dns: [IPAddress]?
  var ntp: [IPAddress]?
  var domain: String?
  var boot: BootKeys?

  static let table = KeyTable<DHCPKeys>("dhcp", schema: "dhcp") {
    TableKey(
      "range", \.range, ValueShape<ClosedRange<IPAddress>>.addressRange.list,
      "addresses for guests unknown here")
    TableKey("lease", \.lease, .duration, "lease time; one hour where left out")
    TableKey("router", \.router, .address, "gateway that guests are told; the host where left out")
    TableKey("dns", \.dns, ValueShape<IPAddress>.address.list, "DNS servers that guests are told")
    TableKey("ntp", \.ntp, ValueShape<IPAddress>.address.list, "time servers that guests are told")
    TableKey("domain", \.domain, .domain, "DNS domain that guests are told")
    TableKey<DHCPKeys>.mapping("boot", \.boot, BootKeys.table, "network boot")
  }
}

struct BootKeys: Keyed {
  var written: [WrittenKey] = []
  var file: String?
  var server: String?

  static let table = KeyTable<BootKeys>("boot", schema: "boot") {
    TableKey("file", \.file, .text("the name of a boot file"), "boot file")
    TableKey("server", \.server, .text("a host name or address"), "TFTP server; the host where left out")
  }
}

struct DNSKeys: Keyed {
  var written: [WrittenKey] = []
  var domain: String?
  var hosts: [String: [IPAddress]]?
  var upstream: [IPAddress]?

  static let table = KeyTable<DNSKeys>("dns", schema: "dns") {
    TableKey("domain", \.domain, .domain, "domain of the guests' names; `internal` where left out")
    TableKey("hosts", \.hosts, .hosts, "further names with their addresses")
    TableKey(
      "upstream", \.upstream, ValueShape<IPAddress>.address.list,
      "servers that are asked for other names; the host's own where left out")
  }
}

extension ValueShape where Value == [String: [IPAddress]] {
  static var hosts: ValueShape {
    let addresses = ValueShape<IPAddress>.address.list
    return ValueShape(["type": "object", "additionalProperties": addresses.schema]) { node, reader in
      guard case .mapping(let entries) = node.content else {
        if node.isNull { return [:] }
        reader.wrongType(node, "a mapping of host names to addresses")
        return nil
      }
      var hosts: [String: [IPAddress]] = [:]
      for entry in entries {
        if !entry.key.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isDNSLabel) {
          reader.report(.badText, entry.keyPosition, "`\(entry.key.shown)` is not a host name")
        }
        hosts[entry.key] = reader.within(entry.key) { addresses.read(entry.value, &$0) }
      }
      return hosts
    }
  }
}
