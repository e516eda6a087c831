/// `also`: further source MACs and prefixes of a NIC.
enum AlsoSource: Sendable {
  case mac(MACAddress)
  case prefix(IPPrefix)
}

extension ValueShape where Value == AlsoSource {
  static var also: ValueShape {
    parsed(
      "a MAC address or a prefix", .badPrefix, hint: "`52:54:00:00:00:01`, `192.0.2.7` or `198.51.100.0/28`"
    ) { text in
      if let mac = MACAddress(text) { return mac.isMulticast || mac.isZero ? nil : .mac(mac) }
      return IPPrefix(text).map { .prefix($0) }
    }
  }
}

extension ValueShape where Value == [Int] {
  /// Sorted VLANs of `[10, 20-29]`.
  static var vlans: ValueShape {
    let item: JSON = [
      "anyOf": [
        ["type": "integer", "minimum": 1, "maximum": 4094],
        ["type": "string", "pattern": "^[0-9]+(-[0-9]+)?$"],
      ]
    ]
    return ValueShape(["anyOf": [item, ["type": "array", "items": item]]]) { node, reader in
      var vlans: Set<Int> = []
      let items = if case .sequence(let items) = node.content { items } else { [node] }
      var isGood = true
      for item in items {
        guard let (text, _) = reader.text(item, "a VLAN or a range of VLANs") else {
          isGood = false
          continue
        }
        let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { decimal($0) }
        guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first <= last,
          first >= 1,
          last <= 4094
        else {
          reader.report(
            .badVLAN, item.position, "`\(text.shown)` is not a VLAN or a range of VLANs, 1 … 4094",
            hint: "`[10, 20-29]`")
          isGood = false
          continue
        }
        vlans.formUnion(first...last)
      }
      return isGood ? vlans.sorted() : nil
    }
  }
}

extension ValueShape where Value == Set<AntiSpoofCheck> {
  static var antiSpoof: ValueShape {
    let some = ValueShape<AntiSpoofCheck>.choice.list
    return ValueShape(["anyOf": [["type": "boolean"], some.schema]]) { node, reader in
      if case .scalar(let text, quoted: false) = node.content, text == "true" || text == "false" {
        return text == "true" ? AntiSpoofCheck.all : []
      }
      return some.read(node, &reader).map { Set($0) }
    }
  }
}

/// `reach`, its networks not yet looked up.
enum ReachKeys: Sendable {
  case all
  case networks([Sourced<String>])
}

extension ValueShape where Value == ReachKeys {
  static var reach: ValueShape {
    let names = ValueShape<String>.reference("a network").sourced.list
    return ValueShape(names.schema) { node, reader in
      if case .scalar("all", _) = node.content { return .all }
      return names.read(node, &reader).map { .networks($0) }
    }
  }
}

extension ValueShape where Value == RiskAcceptance {
  static let risks = [
    "in-use", "ssh-session", "default-route", "net-root", "prune-many", "managed-uplink",
    "firewall-by-interface",
    "stp-delay", "dhcp-on-uplink", "overlap", "mac-changes", "public-forward", "firewall-drops",
    "foreign-object",
    "nat-flows", "bound-sockets", "managed-links", "open-loopback",
  ]

  static var risk: ValueShape {
    ValueShape(["type": "string", "pattern": .string("^(\(risks.joined(separator: "|")))(=.+)?$")]) {
      node, reader in
      guard let (text, _) = reader.text(node, "a risk") else { return nil }
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let risk = String(parts[0])
      guard risks.contains(risk), parts.count == 1 || !parts[1].isEmpty else {
        reader.report(
          .badRisk, node.position, "`\(text.shown)` is not a risk",
          hint: nearest(risk, risks).map { "did you mean `\($0)`?" }
            ?? "the risks are \(risks.joined(separator: ", "))")
        return nil
      }
      return RiskAcceptance(
        risk: risk, object: parts.count == 2 ? String(parts[1]) : nil, position: node.position)
    }
  }
}

/// `vf: auto`, or its number.
enum VFChoice: Sendable {
  case automatic
  case number(Int)
}

extension ValueShape where Value == VFChoice {
  static var vf: ValueShape {
    let number = ValueShape<Int>.integer(0...255, "the number of a virtual function")
    return ValueShape(["anyOf": [["const": "auto"], number.schema]]) { node, reader in
      if case .scalar("auto", _) = node.content { return .automatic }
      return number.read(node, &reader).map { .number($0) }
    }
  }
}
