/// A JSON value (RFC 8259) that keeps the order of its members, so that output is deterministic.
///
/// Our own because plans and snapshots of ten thousand objects pass through it at every run, and a generic coder
/// costs more than the kernel's own dump.
package enum JSON: Sendable, Hashable {
  case null
  case bool(Bool)
  case int(Int64)
  /// A number that is no 64-bit integer, as written.
  case number(String)
  case string(String)
  case array([JSON])
  case object([Member])

  package struct Member: Sendable, Hashable {
    package var name: String
    package var value: JSON

    package init(_ name: String, _ value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// The first member of that name.
  package subscript(_ name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  package var array: [JSON]? { if case .array(let items) = self { items } else { nil } }
  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var int: Int64? { if case .int(let value) = self { value } else { nil } }
  package var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
}

/// A value with one JSON form.
package protocol JSONRepresentable: Sendable {
  var json: JSON { get }
  init?(json: JSON)
}

extension Bool: JSONRepresentable {
  package var json: JSON { .bool(self) }
  package init?(json: JSON) { if let value = json.bool { self = value } else { return nil } }
}

extension String: JSONRepresentable {
  package var json: JSON { .string(self) }
  package init?(json: JSON) { if let value = json.string { self = value } else { return nil } }
}

extension JSONRepresentable where Self: FixedWidthInteger {
  package var json: JSON { .int(Int64(truncatingIfNeeded: self)) }
  package init?(json: JSON) {
    guard let value = json.int, let exact = Self(exactly: value) else { return nil }
    self = exact
  }
}
extension Int: JSONRepresentable {}
extension Int64: JSONRepresentable {}
extension Int32: JSONRepresentable {}
extension UInt64: JSONRepresentable {}
extension UInt32: JSONRepresentable {}
extension UInt16: JSONRepresentable {}
extension UInt8: JSONRepresentable {}

extension JSONRepresentable where Self: RawRepresentable, RawValue: JSONRepresentable {
  package var json: JSON { rawValue.json }
  package init?(json: JSON) {
    guard let raw = RawValue(json: json) else { return nil }
    self.init(rawValue: raw)
  }
}

extension Array: JSONRepresentable where Element: JSONRepresentable {
  package var json: JSON { .array(map(\.json)) }
  package init?(json: JSON) {
    guard let items = json.array else { return nil }
    self = []
    reserveCapacity(items.count)
    for item in items {
      guard let element = Element(json: item) else { return nil }
      append(element)
    }
  }
}

/// Types whose text form is their JSON form.
package protocol TextRepresentable: JSONRepresentable, CustomStringConvertible { init?(_ text: String) }

extension TextRepresentable {
  package var json: JSON { .string(description) }
  package init?(json: JSON) {
    guard let text = json.string else { return nil }
    self.init(text)
  }
}
extension MACAddress: TextRepresentable { package init?(_ text: String) { self.init(text[...]) } }
extension IPAddress: TextRepresentable { package init?(_ text: String) { self.init(text[...]) } }
extension IPPrefix: TextRepresentable { package init?(_ text: String) { self.init(text[...]) } }
extension IPInterface: TextRepresentable { package init?(_ text: String) { self.init(text[...]) } }
extension LinkName: TextRepresentable { package init?(_ text: String) { self.init(text[...]) } }
