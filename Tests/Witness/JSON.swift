/// Any JSON value, as `ip -j` and friends print it.
package enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  package init(parsing text: String) throws {
    guard let value = JSONText.value(of: Array(text.utf8)) else {
      throw NotJSON(text: text)
    }
    self = value
  }

  package subscript(key: String) -> JSON {
    if case .object(let members) = self { members[key] ?? .null } else { .null }
  }

  package subscript(index: Int) -> JSON {
    let elements = self.elements
    return elements.indices.contains(index) ? elements[index] : .null
  }

  package var elements: [JSON] { if case .array(let elements) = self { elements } else { [] } }
  package var members: [String: JSON] { if case .object(let members) = self { members } else { [:] } }
  package var text: String? { if case .string(let text) = self { text } else { nil } }
  package var int: Int? { if case .number(let number) = self { Int(exactly: number) } else { nil } }
  package var isTrue: Bool { self == .bool(true) }
  package var isNull: Bool { self == .null }

  /// One line, members sorted by key.
  package var line: String {
    switch self {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let number): Int(exactly: number).map(String.init) ?? "\(number)"
    case .string(let text): text
    case .array(let elements): "[" + elements.map(\.line).joined(separator: " ") + "]"
    case .object(let members):
      "{" + members.sorted { $0.key < $1.key }.map { "\($0)=\($1.line)" }.joined(separator: " ") + "}"
    }
  }

  /// `path=value` for every leaf; the elements of an array of plain values stay on one line.
  package func leaves(under path: String) -> [String] {
    switch self {
    case .object(let members): members.flatMap { $1.leaves(under: "\(path).\($0)") }
    case .array(let elements) where elements.contains { !$0.members.isEmpty }:
      elements.enumerated().flatMap { $1.leaves(under: "\(path)[\($0)]") }
    default: ["\(path)=\(line)"]
    }
  }

  /// The elements under `key`, which have no order, in one, wherever they stand.
  package func sorting(_ key: String) -> JSON {
    guard case .object(let members) = self else { return self }
    return .object(
      members.reduce(into: [:]) { result, member in
        let value = member.value.sorting(key)
        guard member.key == key, case .array(let elements) = value else { return result[member.key] = value }
        result[member.key] = .array(elements.sorted { $0.line < $1.line })
      })
  }

  /// The same value without the members that `keys` names, at any depth.
  package func without(_ keys: Set<String>) -> JSON {
    switch self {
    case .object(let members):
      .object(members.filter { !keys.contains($0.key) }.mapValues { $0.without(keys) })
    case .array(let elements): .array(elements.map { $0.without(keys) })
    default: self
    }
  }
}

package struct NotJSON: Error, CustomStringConvertible {
  let text: String

  package var description: String { "not JSON: \(text.prefix(2000))" }
}
