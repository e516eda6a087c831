/// Settles what the files leave open: defaults, counts, names, and whether all of it fits together.
struct Resolver {
  var reader: NodeReader
  let keys: ConfigurationKeys
  let names: DerivedNames
  /// By name, port groups included.
  var networks: [String: ResolvedNetwork] = [:]
  /// Every name a network stanza has, well-formed or not: a reference to it is no second error.
  let networkNames: Set<String>
  var vms: [VM] = []
  /// Every file could be read: what is not found is not there.
  var isWhole = true
  var fileDefaults = Layer<VMKeys>(table: VMKeys.defaults, path: ["defaults"])

  init(_ keys: ConfigurationKeys, names: DerivedNames, reader: NodeReader) {
    self.keys = keys
    self.names = names
    self.reader = reader
    networkNames = Set((keys.networks ?? []).map(\.name))
  }

  mutating func topology() -> Topology {
    fileDefaults.load(keys.defaults, &reader)
    resolveNetworks()
    resolveVMs()
    nameVLANs()
    checkAll()
    let allow = keys.allow ?? []
    return Topology(
      name: names.configuration, networks: networks.values.map(\.network).sorted { $0.name < $1.name },
      vms: vms,
      allow: allow, coexist: coexist, names: names)
  }

  private var coexist: Coexist {
    let keys = keys.coexist ?? CoexistKeys()
    return Coexist(
      docker: keys.docker != nil, brNetfilterExempt: keys.brNetfilter != nil, firewalldZone: keys.firewalld,
      ufw: keys.ufw != nil, networkManagerUnmanaged: keys.networkManager != nil,
      networkdUnmanaged: keys.networkd != nil, written: CoexistKeys.table.places(keys))
  }

  mutating func reach(_ keys: ReachKeys?) -> Reach {
    guard case .networks(let wanted)? = keys else { return keys == nil ? .networks([]) : .all }
    for network in wanted where !networkNames.contains(network.value) {
      undefinedNetwork(network.value, network.position)
    }
    return .networks(wanted.map(\.value))
  }

  mutating func undefinedNetwork(_ name: String, _ at: SourcePosition?) {
    guard isWhole else { return }
    // Ten thousand NICs with one mistake each need no ten thousand searches.
    if reader.diagnostics.errorCount > 100 {
      return reader.report(.undefinedNetwork, at, "there is no network `\(name.shown)`")
    }
    let hint =
      nearest(name, networkNames.sorted()).map { "did you mean `\($0)`?" }
      ?? (networkNames.isEmpty
        ? "there are no `networks`"
        : "the networks are \(networkNames.sorted().prefix(10).joined(separator: ", "))")
    reader.report(.undefinedNetwork, at, "there is no network `\(name.shown)`", hint: hint)
  }
}

extension Resolver {
  /// Two places that cannot both stand: the later one is the error.
  mutating func clash(
    _ code: DiagnosticCode, _ path: [String], _ at: SourcePosition?, _ other: SourcePosition?,
    _ message: String,
    hint: String? = nil
  ) {
    var (later, earlier) = (at, other)
    if let at, let other, at < other { (later, earlier) = (other, at) }
    reader.path = path
    reader.report(
      code, later, message, hint: hint,
      related: earlier.flatMap { $0 == later ? nil : .init(message: "the other", position: $0) })
    reader.path = []
  }
}

/// Defaults: read once, or again for each number where they hold templates.
struct Layer<Record: Keyed> {
  let table: KeyTable<Record>
  let path: [String]
  private var node: Node?
  private var isNumbered = false
  private var value = Record()

  init(table: KeyTable<Record>, path: [String]) {
    self.table = table
    self.path = path
  }

  mutating func load(_ node: Node?, _ reader: inout NodeReader) {
    guard let node else { return }
    self.node = node
    isNumbered = node.dependsOnNumber
    // What is wrong in any case is found even where no VM uses it.
    value = read(isNumbered ? VMNumber(number: 1, count: 1) : nil, &reader)
  }

  func value(_ reader: inout NodeReader) -> Record {
    isNumbered ? read(reader.number, &reader) : value
  }

  private func read(_ number: VMNumber?, _ reader: inout NodeReader) -> Record {
    guard let node else { return Record() }
    let before = (reader.path, reader.number, reader.readsTemplates)
    defer { (reader.path, reader.number, reader.readsTemplates) = before }
    (reader.path, reader.number, reader.readsTemplates) = (path, number, true)
    return table.read(node, &reader) ?? Record()
  }
}
