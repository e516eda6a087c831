import Netlink
import Testing

@Suite("Attributes")
struct AttributeTests {
  /// Reads the first attribute of `bytes` as something.
  static func read<Value>(
    _ bytes: [UInt8], _ body: (borrowing AttributeReader) throws(MalformedMessage) -> Value
  ) throws(MalformedMessage) -> Value {
    var reader = AttributeReader(bytes.rawSpan)
    _ = try reader.next()
    return try body(reader)
  }

  @Test("what is written is read")
  func roundTrip() throws {
    var writer = MessageWriter()
    writer.put(1, u8: 0xfe)
    writer.put(2, u16: 0xfedc)
    writer.put(3, be16: 0xfedc)
    writer.put(4, u32: 0xfedc_ba98)
    writer.put(5, be32: 0xfedc_ba98)
    writer.put(6, u64: 0xfedc_ba98_7654_3210)
    writer.put(7, be64: 0xfedc_ba98_7654_3210)
    writer.put(8, i32: -2)
    writer.put(9, string: "eth0")
    writer.put(10, flag: true)
    writer.nest(11) { $0.nest(12) { $0.put(13, u8: 1) } }
    writer.put(14)
    #expect(writer.bytes.count.isMultiple(of: 4))
    var reader = AttributeReader(writer.bytes.rawSpan)
    var seen: [Int] = []
    while try reader.next() {
      seen.append(reader.type)
      switch reader.type {
      case 1: #expect(try reader.u8() == 0xfe)
      case 2: #expect(try reader.u16() == 0xfedc)
      case 3:
        #expect(try reader.be16() == 0xfedc)
        #expect(reader.payload.array() == [0xfe, 0xdc])
      case 4: #expect(try reader.u32() == 0xfedc_ba98)
      case 5: #expect(try reader.be32() == 0xfedc_ba98)
      case 6: #expect(try reader.u64() == 0xfedc_ba98_7654_3210)
      case 7: #expect(try reader.be64() == 0xfedc_ba98_7654_3210)
      case 8: #expect(try reader.i32() == -2)
      case 9:
        #expect(reader.string() == "eth0")
        #expect(reader.count == 5)
      case 10: #expect(try reader.flag())
      case 11:
        let isNested = reader.isNested
        #expect(isNested)
        var inner = reader.nested
        #expect(try inner.next() && inner.type == 12)
        var innermost = inner.nested
        #expect(try innermost.next() && innermost.type == 13)
        #expect(try innermost.u8() == 1)
        #expect(try !innermost.next())
      default: #expect(reader.count == 0)
      }
    }
    #expect(seen == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14])
  }

  @Test("a getter for another length fails with the attribute's number and length")
  func typed() {
    let bytes: [UInt8] = [6, 0, 3, 0, 1, 2, 0, 0]
    #expect(throws: MalformedMessage(attribute: 3, expected: .u32, length: 2)) {
      try Self.read(bytes) { (reader) throws(MalformedMessage) in try reader.u32() }
    }
    #expect(throws: MalformedMessage(attribute: 3, expected: .u8, length: 2)) {
      try Self.read(bytes) { (reader) throws(MalformedMessage) in try reader.u8() }
    }
    #expect(throws: MalformedMessage(attribute: 3, expected: .u64, length: 2)) {
      try Self.read(bytes) { (reader) throws(MalformedMessage) in try reader.u64() }
    }
    #expect(throws: MalformedMessage(attribute: 3, expected: .address, length: 2)) {
      try Self.read(bytes) { (reader) throws(MalformedMessage) in try reader.internetAddress() }
    }
    #expect(throws: MalformedMessage(attribute: 3, expected: .structure(16), length: 2)) {
      try Self.read(bytes) { (reader) throws(MalformedMessage) in try reader.structure(16).byteCount }
    }
    let error = MalformedMessage(attribute: 3, expected: .u32, length: 2)
    #expect("\(error)" == "attribute 3 is not a uint32; length: 2")
  }

  @Test(
    "a length that does not fit is an error, whatever the length",
    arguments: [
      [0, 0, 1, 0], [1, 0, 1, 0], [3, 0, 1, 0], [5, 0, 1, 0], [255, 255, 1, 0], [9, 0, 1, 0, 0, 0, 0, 0], [4],
      [4, 0, 1],
    ] as [[UInt8]])
  func length(bytes: [UInt8]) {
    #expect(throws: MalformedMessage.self) {
      try Self.read(bytes) { (reader) throws(MalformedMessage) in reader.count }
    }
  }

  @Test("the last attribute may end without its padding")
  func unpadded() throws {
    let value = try Self.read([5, 0, 1, 0, 42]) { (reader) throws(MalformedMessage) in try reader.u8() }
    #expect(value == 42)
  }

  @Test("a header longer than the message leaves no attributes")
  func shortHeader() throws {
    var reader = AttributeReader([1, 2, 3].rawSpan, after: 16)
    #expect(try !reader.next())
  }

  @Test("text ends at its first NUL, and bytes that are not UTF-8 do not stop it")
  func text() throws {
    let inner = try Self.read([8, 0, 1, 0, 97, 0, 98, 0]) { (reader) throws(MalformedMessage) in
      reader.string()
    }
    #expect(inner == "a")
    let garbled = try Self.read([6, 0, 1, 0, 0xff, 97]) { (reader) throws(MalformedMessage) in reader.string()
    }
    #expect(garbled == "\u{fffd}a")
  }

  @Test("a value that does not fit into an attribute is left out and remembered")
  func overflow() {
    var writer = MessageWriter()
    writer.put(1, bytes: [UInt8](repeating: 0, count: 65531))
    #expect(!writer.overflowed)
    let count = writer.bytes.count
    writer.put(2, bytes: [UInt8](repeating: 0, count: 65532))
    #expect(writer.overflowed && writer.bytes.count == count)
  }

  @Test("a message's length covers its attributes, and the next one begins aligned")
  func messages() throws {
    var writer = MessageWriter()
    writer.message(type: 16, flags: 5, sequence: 7) { $0.put(1, string: "abcd") }
    writer.message(type: 17, flags: 0) { _ in }
    #expect(
      writer.bytes.prefix(16) == [25, 0, 0, 0, 16, 0, 5, 0, 7, 0, 0, 0, 0, 0, 0, 0] || writer.bytes[0] == 28)
    var reader = MessageReader(writer.bytes.rawSpan)
    #expect(
      try reader.next() && reader.header.type == 16 && reader.header.flags == 5 && reader.header.sequence == 7
    )
    #expect(try reader.next() && reader.header.type == 17 && reader.payload.byteCount == 0)
    #expect(try !reader.next())
  }

  @Test(
    "a message's length beyond the datagram, or short of a header, is an error",
    arguments: [0, 15, 21, 0xffff_ffff])
  func messageLength(length: UInt32) {
    var bytes = Answer.done(1, 1)
    for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: length >> (8 * UInt32(index))) }
    #expect(throws: MalformedMessage.self) {
      var reader = MessageReader(bytes.rawSpan)
      _ = try reader.next()
    }
  }

  @Test(
    "hardware addresses keep their bytes, of any length up to 32", arguments: [0, 1, 4, 6, 7, 8, 9, 20, 32])
  func linkAddress(length: Int) throws {
    let octets = (0..<UInt8(length)).map { $0 &+ 0x51 }
    let read = LinkLayerAddress(bytes: octets.rawSpan)
    let address = try #require(read)
    #expect(address.octets == octets)
    #expect((address.mac != nil) == (length == 6))
    if length == 6 { #expect(address == LinkLayerAddress(mac: 0x5152_5354_5556)) }
  }
}
