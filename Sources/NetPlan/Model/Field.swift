/// One attribute of an object kind: its name, and how it is read, written, taken over and shown.
///
/// A kind lists its fields once; rendering, JSON, journal, merge and comparison all walk that list, so that none
/// of them can forget an attribute.
package struct Field<Root>: Sendable {
  package let name: String
  package let json: @Sendable (Root) -> JSON?
  /// False where the value does not fit.
  package let set: @Sendable (inout Root, JSON) -> Bool
  /// Takes the other's value where this one's is not stated.
  package let adopt: @Sendable (inout Root, Root) -> Void
  package let equal: @Sendable (Root, Root) -> Bool

  /// An attribute that may be left open (nil: whatever the kernel has).
  package static func open<Value: JSONRepresentable & Equatable>(
    _ name: String, _ path: any WritableKeyPath<Root, Value?> & Sendable
  ) -> Field {
    Field(
      name: name,
      json: { $0[keyPath: path]?.json },
      set: { root, json in
        guard let value = Value(json: json) else { return false }
        root[keyPath: path] = value
        return true
      },
      adopt: { root, other in if root[keyPath: path] == nil { root[keyPath: path] = other[keyPath: path] } },
      equal: { $0[keyPath: path] == $1[keyPath: path] })
  }

  /// An attribute that every object of the kind has.
  package static func always<Value: JSONRepresentable & Equatable>(
    _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable
  ) -> Field {
    Field(
      name: name,
      json: { $0[keyPath: path].json },
      set: { root, json in
        guard let value = Value(json: json) else { return false }
        root[keyPath: path] = value
        return true
      },
      adopt: { _, _ in },
      equal: { $0[keyPath: path] == $1[keyPath: path] })
  }

  /// An attribute that an object has or has not: nil says that there is none.
  package static func exact<Value: JSONRepresentable & Equatable>(
    _ name: String, _ path: any WritableKeyPath<Root, Value?> & Sendable
  ) -> Field {
    let field = open(name, path)
    return Field(name: name, json: field.json, set: field.set, adopt: { _, _ in }, equal: field.equal)
  }

  /// Something told about the object that is no part of what it is: never compared, taken over where it is unknown.
  package static func fact<Value: JSONRepresentable & Equatable>(
    _ name: String, _ path: any WritableKeyPath<Root, Value?> & Sendable
  ) -> Field {
    let field = open(name, path)
    return Field(name: name, json: field.json, set: field.set, adopt: field.adopt, equal: { _, _ in true })
  }
}

/// A value described by its fields.
package protocol Described: Equatable, Sendable {
  static var fields: [Field<Self>] { get }
  /// A value to be filled field by field.
  static var blank: Self { get }
}

extension Described {
  package var json: JSON { .object(members()) }

  @specialized(where Self == Link)
  private func members() -> [JSON.Member] {
    var members: [JSON.Member] = []
    for field in Self.fields {
      if let value = field.json(self) { members.append(JSON.Member(field.name, value)) }
    }
    return members
  }

  /// Unknown members are refused: a plan or a journal from another version must not be half understood.
  package init?(json: JSON) {
    guard case .object(let members) = json else { return nil }
    self = Self.blank
    for member in members {
      guard let field = Self.fields.first(where: { $0.name == member.name }) else { return nil }
      guard field.set(&self, member.value) else { return nil }
    }
  }

  /// This value with everything it leaves open taken from `other`.
  @specialized(where Self == Link)
  package func completed(from other: Self) -> Self {
    if self == other { return self }
    var result = self
    for field in Self.fields { field.adopt(&result, other) }
    return result
  }

  /// Names of the fields in which the two differ, in the kind's own order.
  package func differences(from other: Self) -> [Field<Self>] {
    Self.fields.filter { !$0.equal(self, other) }
  }
}
