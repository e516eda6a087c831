/// A value of a message of D-Bus, whatever its type: containers are lists, and so are the two halves of an entry of a
/// dictionary; a variant is what is in it.
package indirect enum BusValue: Hashable, Sendable {
  /// `s`, `o`, `g`
  case string(String)
  /// `y`, `b`, `n`, `q`, `i`, `u`, `x`, `t`, `h`; `d` by its bits
  case number(UInt64)
  case list([BusValue])

  package var string: String? { if case .string(let text) = self { text } else { nil } }
  package var number: UInt64? { if case .number(let value) = self { value } else { nil } }
  package var list: [BusValue] { if case .list(let items) = self { items } else { [] } }

  /// Of a dictionary.
  package subscript(key: String) -> BusValue? {
    list.lazy.map(\.list).first { $0.count == 2 && $0[0].string == key }?[1]
  }
}

/// Bytes that are no message, or not of their signature.
package struct MalformedBusMessage: Error {}

/// Reads values by their signature (D-Bus Specification, "Marshaling"). Every length is checked against what is there.
struct BusReader {
  private let bytes: [UInt8]
  private let isBigEndian: Bool
  private(set) var place: Int
  private let end: Int

  /// Values are aligned from the beginning of the message, or of its body, both of which are at a multiple of 8.
  init(_ bytes: [UInt8], from place: Int = 0, to end: Int? = nil, bigEndian: Bool) {
    self.bytes = bytes
    self.place = place
    self.end = min(end ?? bytes.count, bytes.count)
    isBigEndian = bigEndian
  }

  /// As deep as the specification lets containers be.
  private static let depth = 64

  mutating func values(_ signature: String) throws(MalformedBusMessage) -> [BusValue] {
    let types = Array(signature.utf8)
    var at = 0
    var list: [BusValue] = []
    while at < types.count { list.append(try value(types, &at, 0)) }
    return list
  }

  mutating func align(to size: Int) throws(MalformedBusMessage) {
    let next = (place + size - 1) / size * size
    guard next <= end else { throw MalformedBusMessage() }
    place = next
  }

  private mutating func value(_ types: [UInt8], _ at: inout Int, _ depth: Int) throws(MalformedBusMessage)
    -> BusValue
  {
    guard at < types.count, depth < Self.depth else { throw MalformedBusMessage() }
    defer { at += 1 }
    switch types[at] {
    case UInt8(ascii: "y"): return .number(try number(1))
    case UInt8(ascii: "n"), UInt8(ascii: "q"): return .number(try number(2))
    case UInt8(ascii: "b"), UInt8(ascii: "i"), UInt8(ascii: "u"), UInt8(ascii: "h"):
      return .number(try number(4))
    case UInt8(ascii: "x"), UInt8(ascii: "t"), UInt8(ascii: "d"): return .number(try number(8))
    case UInt8(ascii: "s"), UInt8(ascii: "o"): return .string(try text(Int(try number(4))))
    case UInt8(ascii: "g"): return .string(try text(Int(try number(1))))
    case UInt8(ascii: "v"):
      let inner = Array(try text(Int(try number(1))).utf8)
      var first = 0
      return try value(inner, &first, depth + 1)
    case UInt8(ascii: "a"): return .list(try array(types, &at, depth))
    case UInt8(ascii: "("), UInt8(ascii: "{"):
      try align(to: 8)
      var items: [BusValue] = []
      at += 1
      while at < types.count, types[at] != UInt8(ascii: ")"), types[at] != UInt8(ascii: "}") {
        items.append(try value(types, &at, depth + 1))
      }
      guard at < types.count, !items.isEmpty else { throw MalformedBusMessage() }
      return .list(items)
    default: throw MalformedBusMessage()
    }
  }

  /// `at` is at the `a`, and in the end at the last type of its elements.
  private mutating func array(
    _ types: [UInt8], _ at: inout Int, _ depth: Int
  ) throws(MalformedBusMessage) -> [BusValue] {
    let length = Int(try number(4))
    let first = at + 1
    guard first < types.count, let last = Self.end(of: types, from: first, 0) else {
      throw MalformedBusMessage()
    }
    // The padding before the first element is there without one, too, and does not count.
    try align(to: Self.alignment(types[first]))
    guard length <= end - place else { throw MalformedBusMessage() }
    let stop = place + length
    var items: [BusValue] = []
    while place < stop {
      let before = place
      var element = first
      items.append(try value(types, &element, depth + 1))
      guard place > before else { throw MalformedBusMessage() }
    }
    guard place == stop else { throw MalformedBusMessage() }
    at = last
    return items
  }

  /// Where the type that begins at `start` ends.
  private static func end(of types: [UInt8], from start: Int, _ depth: Int) -> Int? {
    guard start < types.count, depth < Self.depth else { return nil }
    switch types[start] {
    case UInt8(ascii: "a"): return end(of: types, from: start + 1, depth + 1)
    case UInt8(ascii: "("), UInt8(ascii: "{"):
      let close = types[start] == UInt8(ascii: "(") ? UInt8(ascii: ")") : UInt8(ascii: "}")
      var next = start + 1
      while next < types.count, types[next] != close {
        guard let last = end(of: types, from: next, depth + 1) else { return nil }
        next = last + 1
      }
      return next < types.count ? next : nil
    default: return start
    }
  }

  private static func alignment(_ type: UInt8) -> Int {
    switch type {
    case UInt8(ascii: "y"), UInt8(ascii: "g"), UInt8(ascii: "v"): 1
    case UInt8(ascii: "n"), UInt8(ascii: "q"): 2
    case UInt8(ascii: "x"), UInt8(ascii: "t"), UInt8(ascii: "d"), UInt8(ascii: "("), UInt8(ascii: "{"): 8
    default: 4
    }
  }

  private mutating func number(_ size: Int) throws(MalformedBusMessage) -> UInt64 {
    try align(to: size)
    guard size <= end - place else { throw MalformedBusMessage() }
    let part = bytes[place..<place + size]
    place += size
    return (isBigEndian ? Array(part) : part.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// With its NUL.
  private mutating func text(_ length: Int) throws(MalformedBusMessage) -> String {
    guard length < end - place, bytes[place + length] == 0 else { throw MalformedBusMessage() }
    defer { place += length + 1 }
    return String(decoding: bytes[place..<place + length], as: UTF8.self)
  }
}
