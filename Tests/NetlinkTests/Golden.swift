import Netlink
import Testing

/// A recorded message, and the value it stands for.
struct Golden: Sendable, CustomTestStringConvertible {
  /// How the encoding of the value compares with the bytes.
  enum Sameness: Sendable {
    case exact
    /// The same attributes; their order aside, and NLA_F_NESTED, which iproute2 leaves out here and there.
    /// `besides` are attributes of ours that the sender does without, `apart` bytes of the fixed structure.
    case attributes(AttributeTree.Nests, besides: Set<Int> = [], apart: Set<Int> = [])
    /// What is encoded is among the bytes, which hold more than the value keeps.
    case part(AttributeTree.Nests, apart: Set<Int> = [])
  }

  let testDescription: String
  let verify: @Sendable () throws -> Void

  /// `header` is the length of the fixed structure.
  init<Message: NetlinkMessage>(
    _ name: String, _ sameness: Sameness = .exact, header: Int, _ expected: Message
  ) {
    testDescription = name
    verify = {
      let payload = try Fixture(name).payload
      let decoded = try Message(decoding: payload.rawSpan)
      #expect(decoded == expected)
      let bytes = encoded(expected)
      #expect(try Message(decoding: bytes.rawSpan) == expected)
      switch sameness {
      case .exact: #expect(bytes == payload)
      case .attributes(let nests, let besides, let apart):
        for index in 0..<header where !apart.contains(index) { #expect(bytes[index] == payload[index]) }
        let ours = AttributeTree.list(bytes.dropFirst(header), nests).filter { !besides.contains($0.type) }
        #expect(ours == AttributeTree.list(payload.dropFirst(header), nests))
      case .part(let nests, let apart):
        for index in 0..<header where !apart.contains(index) { #expect(bytes[index] == payload[index]) }
        let theirs = AttributeTree.list(payload.dropFirst(header), nests)
        for tree in AttributeTree.list(bytes.dropFirst(header), nests) { #expect(tree.isPart(of: theirs)) }
      }
    }
  }
}

/// A value, changed by `body`.
func with<Value>(_ value: Value, _ body: (inout Value) -> Void) -> Value {
  var value = value
  body(&value)
  return value
}

extension Golden {
  static func lifetimes(_ preferred: UInt32, _ valid: UInt32, _ stamp: UInt32) -> AddressMessage.Lifetimes {
    with(.init(preferred: preferred, valid: valid)) {
      $0.created = stamp
      $0.updated = stamp
    }
  }
}
