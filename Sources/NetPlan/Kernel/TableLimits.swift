// Limits in tables. To nftables a limit is an object with a name, which a map's elements name; here an element's value
// is what the limit is, and its name follows from that and the key: one that changes is another object, because the
// kernel does not change one that is there (`nft_limit_obj_ops` has no `update`, net/netfilter/nft_limit.c).

extension TableSet {
  /// The name of the object behind an element. An interface's name has its quotes off: those of ours need none. A MAC has
  /// lost its colons, which no name may hold.
  func name(ofLimit definition: String, _ key: String) -> String {
    let digits = definition.split(separator: " ").compactMap { Int($0).map(String.init) }
    let place = key.replacing("\"", with: "").replacing(" . ", with: "-").replacing(":", with: "")
    // `rate` for what guests send, `rate-in` for what they receive.
    return ([name.replacing("nic-", with: ""), place] + digits).joined(separator: "-")
  }
}

extension Table {
  /// Puts what limits are in the place of their names; what belongs to no element is seen to differ.
  mutating func resolve(_ limits: [String: String]) {
    var unused = limits
    for index in sets.indices where sets[index].value == TableSet.limit {
      for (key, name) in sets[index].elements {
        unused[name] = nil
        let definition = limits[name] ?? "?"
        let isUsual = sets[index].name(ofLimit: definition, key) == name
        sets[index].elements[key] = isUsual ? definition : "\(Table.strange) \(name): \(definition)"
      }
    }
    for (name, definition) in unused.sorted(by: { $0.key < $1.key }) {
      chains.append(TableChain("\(Table.strange) \(name)", [definition]))
    }
  }

  private static let strange = "limit"

  /// Some of its limits go by other names than those of ours: only the whole table can be replaced.
  var hasStrangeLimits: Bool {
    sets.contains { set in
      set.value == TableSet.limit && set.elements.values.contains { $0.hasPrefix(Table.strange) }
    }
  }
}

extension RuleText {
  /// `rate over 2500000 bytes/second`, whatever units a listing has chosen.
  static func limit(_ json: JSON) -> String {
    let units: [String: Int64] = ["bytes": 1, "kbytes": 1 << 10, "mbytes": 1 << 20]
    guard let rate = json["rate"]?.int, let unit = json["rate_unit"]?.string.flatMap({ units[$0] }),
      json["inv"]?.bool == true, json["per"]?.string == "second", json["burst"]?.int ?? 0 == 0,
      !rate.multipliedReportingOverflow(by: unit).overflow
    else { return json.without(["family", "table", "name", "handle"]).text() }
    return TableSet.definition(ofLimit: UInt64(clamping: rate * unit))
  }
}

extension JSON {
  fileprivate func without(_ names: Set<String>) -> JSON {
    guard case .object(let members) = self else { return self }
    return .object(members.filter { !names.contains($0.name) })
  }
}
