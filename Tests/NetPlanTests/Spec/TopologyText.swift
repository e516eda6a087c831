import NetPlan

/// A topology as readable lines; what is at its default is left out.
extension Topology {
  var text: String {
    var out = "configuration \(name)\n"
    out += lines("allow", allow.map(\.text))
    out += coexist.text
    for network in networks { out += network.text }
    for vm in vms { out += vm.text }
    return out
  }
}

private func lines(_ label: String, _ values: [String]) -> String {
  values.isEmpty ? "" : "  \(label): \(values.joined(separator: ", "))\n"
}

private func lines<Value>(_ label: String, _ value: Value?) -> String {
  value.map { "  \(label): \($0)\n" } ?? ""
}

private func indented(_ text: String) -> String {
  text.split(separator: "\n").map { "  \($0)\n" }.joined()
}

extension RiskAcceptance {
  var text: String { object.map { "\(risk)=\($0)" } ?? risk }
}

extension HardwareReference {
  var text: String {
    switch self {
    case .name(let name): "\(name)"
    case .mac(let mac): "mac \(mac)"
    case .pci(let address): "pci \(address)"
    case .defaultRoute: "default-route"
    }
  }
}

extension Reach {
  var text: String? {
    switch self {
    case .all: "all"
    case .networks(let names): names.isEmpty ? nil : names.joined(separator: ", ")
    }
  }
}

extension Coexist {
  var text: String {
    lines("docker", docker ? "accept" : nil) + lines("br-netfilter", brNetfilterExempt ? "exempt" : nil)
      + lines("firewalld", firewalldZone) + lines("ufw", ufw ? "accept" : nil)
      + lines("network-manager", networkManagerUnmanaged ? "unmanaged" : nil)
      + lines("networkd", networkdUnmanaged ? "unmanaged" : nil)
  }
}

extension Network {
  var text: String {
    var out = "network \(name)\(was.map { " (was \($0))" } ?? "")\n"
    out += lines("device", device.text)
    switch segment {
    case .uplink(let uplink): out += lines("uplink", uplink.value.text)
    case .existing(let bridge): out += lines("existing", bridge.value.text)
    case .portGroup(let network, let vlan): out += lines("vlan", "\(vlan) of \(network)")
    case .own: break
    }
    switch host {
    case .keep: out += lines("host", "keep")
    case .none: break
    case .stated(let vlan): out += lines("host", "stated\(vlan.map { " on VLAN \($0)" } ?? "")")
    }
    out += lines("mac", mac.map { "\($0)" } ?? "derived \(derivedMAC)")
    out += lines("mtu", mtu?.value) + lines("stp", stp ? true : nil)
    out += lines("multicast snooping", multicastSnooping ? true : nil)
    if vlanFiltering { out += lines("vlan filtering", "native \(native)") }
    out += lines("uplink VLANs", uplinkVLANs.map(String.init))
    out += lines("addresses", addresses.map { "\($0.value)" })
    out += lines("address", automaticAddress ? "automatic" : nil)
    out += lines("gateways", gateways.map { "\($0.value)" })
    if let nat {
      let parts = [nat.source.map { "source \($0)" }, nat.out.map { "out \($0.value.text)" }].compactMap(
        \.self)
      out += lines("nat", parts.isEmpty ? "on" : parts.joined(separator: ", "))
    }
    out += lines("route", route ? true : nil) + lines("proxy", proxy?.value.text)
    out += lines("dhcp", dhcp?.text) + lines("dns", dns?.text) + lines("ra", ra ? true : nil)
    out += lines("reach", reach.text) + lines("to-host", toHost == .all ? nil : toHost.rawValue)
    out += lines("block", block.map { "\($0)" }) + lines("allow", allow.map(\.text))
    out += lines("written", written.keys.sorted())
    return out
  }
}

extension DHCP {
  var text: String {
    var parts = range.map { "\($0.lowerBound)-\($0.upperBound)" } + ["lease \(lease) s"]
    if let router { parts.append("router \(router)") }
    if !dns.isEmpty { parts.append("dns \(dns.map { "\($0)" }.joined(separator: " "))") }
    if !ntp.isEmpty { parts.append("ntp \(ntp.map { "\($0)" }.joined(separator: " "))") }
    if let domain { parts.append("domain \(domain)") }
    if let bootFile { parts.append("boot \(bootFile) from \(bootServer ?? "the host")") }
    return parts.joined(separator: ", ")
  }
}

extension DNS {
  var text: String {
    var parts = [domain.map { "domain \($0)" } ?? "on"]
    for (name, addresses) in hosts.sorted(by: { $0.key < $1.key }) {
      parts.append("\(name) \(addresses.map { "\($0)" }.joined(separator: " "))")
    }
    if let upstream { parts.append((["upstream"] + upstream.map { "\($0)" }).joined(separator: " ")) }
    return parts.joined(separator: ", ")
  }
}

extension Owner.Account {
  var text: String {
    switch self {
    case .name(let name): name
    case .id(let id): "#\(id)"
    }
  }
}

extension VM {
  var text: String {
    var out = "vm \(name)\(was.map { " (was \($0))" } ?? "")"
    if let stanza, let number { out += " = \(stanza) #\(number)" }
    out += ", \(vmm.rawValue)\n"
    out += lines("owner", owner?.user?.value.text) + lines("group", owner?.group?.value.text)
    out += lines("netns", netns?.value) + lines("allow", allow.map(\.text))
    out += lines("written", written.keys.sorted())
    for nic in nics { out += indented(nic.text) }
    return out
  }
}

extension NIC {
  var text: String {
    var out = "nic \(name)\(was.map { " (was \($0))" } ?? ""): \(mode.rawValue) via \(via.rawValue)"
    out += network.map { " on \($0.value)" } ?? ""
    out += hardware.map { " on hardware \($0.value.text)" } ?? ""
    out += "\n" + lines("device", device.text) + lines("mac", "\(mac), host \(hostMAC)")
    out += lines("mtu", mtu?.value) + lines("queues", queues?.value) + lines("vlan", vlan)
    out += lines("trunk", trunk.map(String.init)) + lines("addresses", addresses.map { "\($0.value)" })
    out += lines("host addresses", hostAddresses.map { "\($0)" })
    out +=
      lines("inner addresses", innerAddresses.map { "\($0)" }) + lines("routes", routes.map { "\($0.value)" })
    if let enclosure {
      out += lines("outer", enclosure.outer.text) + lines("peer", enclosure.peer.text)
      out += lines("wire", enclosure.bridge.text) + lines("inner mac", enclosure.innerMAC.map { "\($0)" })
    }
    out += lines("proxy", proxy?.value.text)
    for forward in forwards { out += lines("forward", forward.text) }
    out += lines("reach", reach.text) + lines("to-host", toHost == .all ? nil : toHost.rawValue)
    out += lines("block", block.map { "\($0)" }) + lines("isolated", isolated ? true : nil)
    let checks = AntiSpoofCheck.allCases.filter(antiSpoof.contains).map(\.rawValue)
    if checks.count < AntiSpoofCheck.allCases.count {
      out += "  anti-spoof: \(checks.joined(separator: ", "))\n"
    }
    out += lines("also", alsoMACs.map { "\($0)" } + alsoPrefixes.map { "\($0)" })
    out += lines("limit in", limitIn) + lines("limit out", limitOut) + lines("macvtap", macvtapMode?.rawValue)
    out +=
      lines("host access", hostAccess ? true : nil)
      + lines("vf", via == .sriov ? vf.map(String.init) ?? "auto" : nil)
    out += lines("hand-over", via == .sriov ? handOver.rawValue : nil) + lines("trust", trust)
    out += lines("link state", linkState?.rawValue) + lines("qos", qos) + lines("socket", socket)
    out += lines("host loopback", hostLoopback) + lines("allow", allow.map(\.text))
    return out + lines("written", written.keys.sorted())
  }
}

extension DeviceName {
  var text: String {
    switch self {
    case .written(let name): "\(name)"
    case .derived(let preferred, let fallback): "\(preferred), else \(fallback)"
    case .pattern(let pattern): "pattern \(pattern)"
    }
  }
}

extension Forward {
  var text: String {
    func range(_ ports: ClosedRange<UInt16>) -> String {
      ports.count == 1 ? "\(ports.lowerBound)" : "\(ports.lowerBound)-\(ports.upperBound)"
    }
    let host = listen.map { $0.family == .ipv6 ? "[\($0)]" : "\($0)" } ?? "*"
    let allowed = from.isEmpty ? "" : " from \(from.map { "\($0)" }.joined(separator: " "))"
    return "\(transport.rawValue) \(host):\(range(ports)) -> \(range(to))\(allowed)"
  }
}
