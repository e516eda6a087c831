/// A place where a key of the file was written.
struct WrittenKey: Sendable {
  /// Index into the table's keys.
  let key: UInt8
  let keyPosition: SourcePosition
  let position: SourcePosition
}

/// What a mapping of the file is read into. Every value is optional, so that layers can be laid over each
/// other.
protocol Keyed: Sendable {
  init()
  var written: [WrittenKey] { get set }
}

/// One key of a mapping: its name, its value, and where that goes.
///
/// Every run has all tables and few of the keys: a key's path and shape, which cost the runtime more to make than to use, are
/// made where the file has it.
struct TableKey<Record: Keyed>: Sendable {
  typealias Place<Value> = @Sendable () -> any WritableKeyPath<Record, Value?> & Sendable

  let name: String
  let about: String
  private let described: @Sendable () -> JSON
  let read: @Sendable (Node, WrittenKey, inout Record, inout NodeReader) -> Void
  /// Takes the value of a lower layer.
  let adopt: @Sendable (inout Record, Record) -> Void
  /// Completes a mapping from a lower layer; nil where the upper value simply replaces.
  let fill: (@Sendable (inout Record, Record) -> Void)?
  /// Keys below this one that the file wrote.
  let nested: (@Sendable (Record) -> [(path: String, written: WrittenKey)])?

  var schema: JSON { described() }

  init<Value>(
    _ name: String, _ value: @autoclosure @escaping Place<Value>,
    _ shape: @autoclosure @escaping @Sendable () -> ValueShape<Value>, _ about: String
  ) {
    self.init(
      name: name, about: about, schema: shape().schema,
      read: { node, _, record, reader in
        if let read = shape().read(node, &reader) { record[keyPath: value()] = read }
      },
      adopt: { $0[keyPath: value()] = $1[keyPath: value()] }, fill: nil, nested: nil)
  }

  /// A key whose value is one of a few words.
  static func choice<Value>(
    _ name: String, _ value: @autoclosure @escaping Place<Value>, _ about: String
  ) -> TableKey where Value: RawRepresentable & CaseIterable & Hashable & Sendable, Value.RawValue == String {
    TableKey(name, value(), ValueShape<Value>.choice, about)
  }

  /// A key whose value is a mapping of its own.
  static func mapping<Value: Keyed>(
    _ name: String, _ value: @autoclosure @escaping Place<Value>, _ table: KeyTable<Value>,
    _ about: String
  ) -> TableKey {
    TableKey(
      name: name, about: about, schema: table.reference,
      read: { node, _, record, reader in
        if let read = table.read(node, &reader) { record[keyPath: value()] = read }
      },
      adopt: { $0[keyPath: value()] = $1[keyPath: value()] },
      fill: { record, lower in
        guard var upper = record[keyPath: value()], let lower = lower[keyPath: value()] else { return }
        table.overlay(&upper, on: lower)
        record[keyPath: value()] = upper
      },
      nested: { record in record[keyPath: value()].map { table.writtenPaths($0) } ?? [] })
  }

  /// A key whose mapping can be switched off with `false`.
  static func toggle<Value: Keyed>(
    _ name: String, _ value: @autoclosure @escaping Place<Toggle<Value>>, _ table: KeyTable<Value>,
    _ about: String
  ) -> TableKey {
    TableKey(
      name: name, about: about, schema: ["anyOf": [["type": "boolean"], table.reference]],
      read: { node, _, record, reader in
        if node.isBooleanWord {
          guard let isOn = ValueShape<Bool>.boolean.read(node, &reader) else { return }
          record[keyPath: value()] = isOn ? .on(Value()) : .off
        } else if let read = table.read(node, &reader, or: "true, false or ") {
          record[keyPath: value()] = .on(read)
        }
      },
      adopt: { $0[keyPath: value()] = $1[keyPath: value()] }, fill: nil,
      nested: { record in
        guard case .on(let inner)? = record[keyPath: value()] else { return [] }
        return table.writtenPaths(inner)
      })
  }

  /// The same key in a mapping that holds this one's record.
  func lifted<Outer: Keyed>(
    _ inner: @autoclosure @escaping @Sendable () -> any WritableKeyPath<Outer, Record> & Sendable
  ) -> TableKey<Outer> {
    TableKey<Outer>(
      name: name, about: about, schema: schema,
      read: { [index = index] node, written, outer, reader in
        read(node, written, &outer[keyPath: inner()], &reader)
        outer[keyPath: inner()].written.append(
          WrittenKey(key: index, keyPosition: written.keyPosition, position: written.position))
      },
      adopt: { adopt(&$0[keyPath: inner()], $1[keyPath: inner()]) }, fill: nil, nested: nil)
  }

  private init(
    name: String, about: String, schema: @autoclosure @escaping @Sendable () -> JSON, index: UInt8 = 0,
    read: @escaping @Sendable (Node, WrittenKey, inout Record, inout NodeReader) -> Void,
    adopt: @escaping @Sendable (inout Record, Record) -> Void,
    fill: (@Sendable (inout Record, Record) -> Void)?,
    nested: (@Sendable (Record) -> [(path: String, written: WrittenKey)])?
  ) {
    self.name = name
    self.about = about
    described = schema
    self.index = index
    self.read = read
    self.adopt = adopt
    self.fill = fill
    self.nested = nested
  }

  /// Place in the table it was declared in.
  let index: UInt8

  func at(_ index: Int) -> TableKey {
    TableKey(
      name: name, about: about, schema: schema, index: UInt8(index), read: read, adopt: adopt, fill: fill,
      nested: nested)
  }
}

/// The keys of one kind of mapping. The reader and the JSON Schema both follow this table, so they cannot
/// drift apart.
struct KeyTable<Record: Keyed>: Sendable {
  /// "a NIC", for messages.
  let what: String
  /// Name under the schema's `$defs`.
  let name: String
  let keys: [TableKey<Record>]
  private let index: [String: Int]

  init(_ what: String, schema name: String, @KeyTableBuilder<Record> _ keys: () -> [TableKey<Record>]) {
    self.what = what
    self.name = name
    self.keys = keys().enumerated().map { $1.at($0) }
    index = Dictionary(uniqueKeysWithValues: self.keys.enumerated().map { ($1.name, $0) })
  }

  /// The same keys without some of them: what one reads lays over what the other reads.
  init(_ what: String, schema name: String, of other: KeyTable, without excluded: [String]) {
    self.what = what
    self.name = name
    keys = other.keys
    index = other.index.filter { !excluded.contains($0.key) }
  }

  /// The keys that may be written.
  var known: [TableKey<Record>] { keys.filter { index[$0.name] != nil } }

  func contains(_ name: String) -> Bool { index[name] != nil }

  func number(of name: String) -> UInt8 { UInt8(index[name]!) }

  /// `true` and nothing are the mapping without keys. `others` says what else would have been right.
  func read(_ node: Node, _ reader: inout NodeReader, or others: String = "") -> Record? {
    guard case .mapping(let entries) = node.content else {
      if node.isNull || node.isPlainTrue { return Record() }
      reader.wrongType(node, "\(others)a mapping, \(what)")
      return nil
    }
    var record = Record()
    record.written.reserveCapacity(entries.count)
    for entry in entries {
      guard let found = index[entry.key] else {
        unknown(entry, &reader)
        continue
      }
      let written = WrittenKey(
        key: UInt8(found), keyPosition: entry.keyPosition, position: entry.value.position)
      reader.path.append(entry.key)
      keys[found].read(entry.value, written, &record, &reader)
      reader.path.removeLast()
      record.written.append(written)
    }
    return record
  }

  private func unknown(_ entry: Node.Entry, _ reader: inout NodeReader) {
    if let homes = KeyHomes.of(entry.key) {
      return reader.report(
        .misplacedKey, entry.keyPosition, "`\(entry.key)` is not a key of \(what), but of \(homes)")
    }
    let near = nearest(entry.key, known.map(\.name))
    reader.report(
      .unknownKey, entry.keyPosition, "\(what) has no key `\(entry.key.shown)`",
      hint: near.map { "did you mean `\($0)`?" }
        ?? "its keys are \(known.map(\.name).joined(separator: ", "))"
    )
  }

  /// Completes `record` with what only `lower` says.
  func overlay(_ record: inout Record, on lower: Record) {
    for written in lower.written {
      let key = keys[Int(written.key)]
      if !record.written.contains(where: { $0.key == written.key }) {
        key.adopt(&record, lower)
        record.written.append(written)
      } else {
        key.fill?(&record, lower)
      }
    }
  }

  func position(_ name: String, in record: Record) -> SourcePosition? {
    written(name, in: record)?.position
  }

  func written(_ name: String, in record: Record) -> WrittenKey? {
    guard let found = index[name] else { return nil }
    return record.written.first { Int($0.key) == found }
  }

  /// Every key the file wrote, with those of mappings below it as `nat.out`.
  func writtenPaths(_ record: Record) -> [(path: String, written: WrittenKey)] {
    var out: [(path: String, written: WrittenKey)] = []
    out.reserveCapacity(record.written.count)
    for written in record.written {
      let key = keys[Int(written.key)]
      out.append((key.name, written))
      if let nested = key.nested {
        for below in nested(record) { out.append(("\(key.name).\(below.path)", below.written)) }
      }
    }
    return out
  }

  /// As `writtenPaths`, for the topology.
  func places(_ record: Record) -> [String: SourcePosition] {
    Dictionary(writtenPaths(record).map { ($0.path, $0.written.keyPosition) }) { first, _ in first }
  }

  var reference: JSON { ["$ref": .string("#/$defs/\(name)")] }
}

@resultBuilder
enum KeyTableBuilder<Record: Keyed> {
  static func buildExpression(_ key: TableKey<Record>) -> [TableKey<Record>] { [key] }
  static func buildExpression(_ keys: [TableKey<Record>]) -> [TableKey<Record>] { keys }
  static func buildBlock(_ parts: [TableKey<Record>]...) -> [TableKey<Record>] { parts.flatMap { $0 } }
}
