extension Observation {
  /// The observed state as JSON, for planning elsewhere and for reports: format 1.
  package func json(redacted: Bool = false) -> JSON {
    var redaction = Redaction()
    var facts = facts
    if redacted {
      facts.machineID = facts.machineID.map { _ in "redacted" }
      facts.users = nil
      facts.groups = nil
    }
    let objects = state.sorted.map { object in redacted ? redaction.apply(to: object).json : object.json }
    return .object([
      .init("format", .int(1)), .init("facts", facts.json), .init("objects", .array(objects)),
    ])
  }

  package init?(json: JSON) {
    guard json["format"]?.int == 1, let facts = json["facts"].flatMap(HostFacts.init(json:)),
      let items = json["objects"]?.array
    else { return nil }
    var state = State()
    state.objects.reserveCapacity(items.count)
    for item in items {
      guard let object = Object(json: item) else { return nil }
      state.insert(object)
    }
    self.init(state: state, facts: facts)
  }
}

/// Replaces what could tell whose host it is, alike values alike: hardware addresses.
private struct Redaction {
  private var seen: [MACAddress: MACAddress] = [:]

  mutating func apply(to object: Object) -> Object {
    if case .reservation(var reservation) = object {
      reservation.mac = reservation.mac.map { replace($0) }
      return .reservation(reservation)
    }
    if case .netns(var netns) = object {
      netns.objects = netns.objects.map { apply(to: $0) }
      return .netns(netns)
    }
    if case .table(var table) = object {
      for index in table.sets.indices {
        let elements = table.sets[index].elements.map { (redact($0.key), $0.value) }
        table.sets[index].elements = Dictionary(elements) { first, _ in first }
      }
      return .table(table)
    }
    if case .service(var service) = object {
      service.hosts = service.hosts.map { host in
        MACAddress(host.prefix(17)).map { "\(replace($0))\(host.dropFirst(17))" } ?? host
      }
      return .service(service)
    }
    guard case .link(var link) = object else { return object }
    link.mac = link.mac.map { replace($0) }
    if let permanent = link.facts?.permanentMAC { link.facts?.permanentMAC = replace(permanent) }
    return .link(link)
  }

  /// An element of a set: interfaces, MACs, addresses.
  private mutating func redact(_ element: String) -> String {
    element.split(separator: " . ").map { part in MACAddress(part).map { "\(replace($0))" } ?? String(part) }
      .joined(separator: " . ")
  }

  private mutating func replace(_ mac: MACAddress) -> MACAddress {
    if mac.isZero { return mac }
    if let known = seen[mac] { return known }
    let new = MACAddress(bits: 0x0200_0000_0000 | UInt64(seen.count + 1))
    seen[mac] = new
    return new
  }
}
