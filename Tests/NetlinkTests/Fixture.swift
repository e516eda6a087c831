import Glibc
import Netlink
import Testing

/// A recorded message: `Fixtures/NAME.hex`, where `#` begins a comment.
struct Fixture {
  let bytes: [UInt8]

  init(_ name: String) throws {
    bytes = Fixture.parse(try Fixture.text(name))
  }

  static func parse(_ text: String) -> [UInt8] {
    text.split(separator: "\n").flatMap { line in
      line.prefix { $0 != "#" }.split(separator: " ").map { UInt8($0, radix: 16)! }
    }
  }

  static var folder: String {
    "\(#filePath)".split(separator: "/").dropLast().reduce("") { "\($0)/\($1)" } + "/Fixtures"
  }

  static func text(_ name: String) throws -> String {
    let file = try #require(unsafe fopen("\(folder)/\(name).hex", "r"), "no fixture \(name)")
    defer { unsafe fclose(file) }
    var text: [UInt8] = []
    while true {
      let byte = unsafe fgetc(file)
      if byte == EOF { break }
      text.append(UInt8(byte))
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// The names of all fixtures.
  static let all: [String] = {
    guard let directory = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(directory) }
    var names: [String] = []
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) {
        unsafe String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".hex") { names.append(String(name.dropLast(4))) }
    }
    return names.sorted()
  }()

  var type: UInt16 { UInt16(bytes[4]) | UInt16(bytes[5]) << 8 }

  /// What follows the message header.
  var payload: [UInt8] { Array(bytes.dropFirst(MessageHeader.size)) }
}

/// Attributes as a tree that does not depend on their order nor on NLA_F_NESTED, which senders may leave out.
indirect enum AttributeTree: Hashable, Comparable, CustomStringConvertible {
  case node(Int, [AttributeTree])
  case leaf(Int, [UInt8])

  /// The attributes in `bytes`, those inside each other as deep as `nests` knows them.
  static func list(_ bytes: ArraySlice<UInt8>, _ nests: Nests) -> [AttributeTree] {
    var trees: [AttributeTree] = []
    var rest = bytes
    while rest.count >= 4 {
      let start = rest.startIndex
      let length = Int(rest[start]) | Int(rest[start + 1]) << 8
      let type = (Int(rest[start + 2]) | Int(rest[start + 3]) << 8) & 0x3fff
      let payload = rest[start + 4..<start + length]
      if let inner = nests.inner[type] {
        trees.append(.node(type, list(payload.dropFirst(inner.skip), inner)))
      } else if type == nests.text {
        trees.append(.leaf(type, payload.prefix { $0 != 0 } + []))
      } else {
        trees.append(.leaf(type, Array(payload)))
      }
      rest = rest.dropFirst((length + 3) & ~3)
    }
    return trees.sorted()
  }

  /// Which attributes hold attributes, and how many bytes precede those.
  struct Nests {
    var skip = 0
    var inner: [Int: Nests] = [:]
    /// The number of an attribute that is text; a NUL at its end does not count.
    var text: Int?

    static let none = Nests()
    static let link = Nests(
      inner: [
        18: Nests(inner: [2: Nests(), 5: Nests()], text: 1), 26: Nests(inner: [2: Nests(), 10: Nests()]),
        52: Nests(),
      ], text: 20)
    static let veth = Nests(inner: [18: Nests(inner: [2: Nests(inner: [1: Nests(skip: 16)])], text: 1)])
    static let functions = Nests(inner: [22: Nests(inner: [1: Nests()])])
    static let bridgePort = Nests(inner: [12: Nests()])
    static let bridge = Nests(inner: [26: Nests()])
    static let qdisc = Nests(inner: [2: Nests()])
    static let route = Nests(inner: [8: Nests()])
    /// RTAX_CC_ALGO comes with or without a NUL at its end.
    static let cubicRoute = Nests(inner: [8: Nests(text: 16)])
  }

  var type: Int {
    switch self {
    case .node(let type, _), .leaf(let type, _): type
    }
  }

  /// The same attribute is in `trees`, with at least what is in this one.
  func isPart(of trees: [AttributeTree]) -> Bool {
    guard case .node(let type, let inner) = self else { return trees.contains(self) }
    return trees.contains {
      guard case .node(type, let theirs) = $0 else { return false }
      return inner.allSatisfy { $0.isPart(of: theirs) }
    }
  }

  private var key: (Int, String) {
    switch self {
    case .node(let type, let inner): (type, inner.description)
    case .leaf(let type, let bytes): (type, bytes.description)
    }
  }

  static func < (a: AttributeTree, b: AttributeTree) -> Bool { a.key < b.key }

  var description: String {
    switch self {
    case .node(let type, let inner): "\(type)\(inner)"
    case .leaf(let type, let bytes): "\(type)=" + bytes.map { String($0, radix: 16) }.joined(separator: " ")
    }
  }
}

func encoded(_ message: some NetlinkMessage) -> [UInt8] {
  var writer = MessageWriter()
  message.encode(into: &writer)
  return writer.bytes
}

extension InternetAddress {
  static func v4(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32) -> InternetAddress {
    InternetAddress(v4: a << 24 | b << 16 | c << 8 | d)
  }

  /// 2001:db8::N
  static func doc(_ last: UInt128) -> InternetAddress { InternetAddress(v6: 0x2001_0db8 << 96 | last) }
}
