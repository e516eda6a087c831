import Glibc
import Netlink
import Testing

@Suite("Message bus: addresses and values")
struct BusTests {
  @Test(
    "the first local socket of an address is taken",
    arguments: [
      ("unix:path=/run/dbus/system_bus_socket", "/run/dbus/system_bus_socket", false),
      ("unix:path=/tmp/a%20b,guid=00ff", "/tmp/a b", false),
      ("tcp:host=localhost,port=1;unix:abstract=/tmp/x", "/tmp/x", true),
      ("unix:guid=1,path=/b", "/b", false),
    ])
  func address(text: String, path: String, isAbstract: Bool) throws {
    let address = try #require(BusAddress(text))
    #expect(String(decoding: address.path, as: UTF8.self) == path)
    #expect(address.isAbstract == isAbstract)
  }

  @Test(
    "what is no local socket is no address",
    arguments: ["", "unix:", "unix:path=", "unix:path=%2", "unix:path=%zz", "tcp:host=a", "autolaunch:"])
  func noAddress(text: String) { #expect(BusAddress(text) == nil) }

  @Test("where nobody listens there is no bus, and the error says so")
  func absent() {
    let error = #expect(throws: BusError.self) { _ = try MessageBus.connect("unix:path=/nonexistent/bus") }
    #expect(error?.kind == .absent)
    #expect(error?.message.contains("No such file") == true)
  }

  /// Two texts.
  private static let answer: [UInt8] = {
    var bytes = BusMessage.call(BusMethod("a.b", "/a", "a.b", "C"), ["text", ""], serial: 7)
    bytes[1] = BusMessage.Kind.answer.rawValue
    return bytes
  }()

  @Test("what is written is read")
  func roundTrip() throws {
    let message = try BusMessage(decoding: Self.answer)
    #expect(message.kind == .answer && message.body == [.string("text"), .string("")])
    #expect(BusMessage.length(of: Array(Self.answer.prefix(16))) == Self.answer.count)
  }

  @Test("values of every type, in the byte order of their sender")
  func types() throws {
    // y=1 n=2 u=3 x=4 s="a" as=["b"] (sy)=("c", 5) a{sv}={"d": <u 6>} v=<as []>
    let signature = "ynuxsas(sy)a{sv}v"
    let body: [UInt8] =
      [1, 0, 0, 2, 0, 0, 0, 3] + [0, 0, 0, 0, 0, 0, 0, 4]
      + [0, 0, 0, 1, 97, 0, 0, 0] + [0, 0, 0, 6, 0, 0, 0, 1, 98, 0, 0, 0, 0, 0, 0, 0]
      + [0, 0, 0, 1, 99, 0, 5, 0] + [0, 0, 0, 16, 0, 0, 0, 0]
      + [0, 0, 0, 1, 100, 0, 1, 117, 0, 0, 0, 0, 0, 0, 0, 6]
      + [2, 97, 115, 0, 0, 0, 0, 0]
    var fields: [UInt8] = [8, 1, 103, 0, UInt8(signature.utf8.count)] + signature.utf8 + [0]
    let size = fields.count
    while fields.count % 8 != 0 { fields.append(0) }
    let bytes =
      [66, 2, 0, 1] + [0, 0, 0, UInt8(body.count)] + [0, 0, 0, 1] + [0, 0, 0, UInt8(size)] + fields + body
    let message = try BusMessage(decoding: bytes)
    #expect(
      message.body == [
        .number(1), .number(2), .number(3), .number(4), .string("a"), .list([.string("b")]),
        .list([.string("c"), .number(5)]), .list([.list([.string("d"), .number(6)])]), .list([]),
      ])
    #expect(message.body[7]["d"] == .number(6) && message.body[7]["e"] == nil)
    // Cut short anywhere, it is no message.
    for length in 0..<bytes.count {
      #expect(throws: MalformedBusMessage.self) { try BusMessage(decoding: Array(bytes.prefix(length))) }
    }
  }

  @Test("a hundred thousand mutated messages are read or refused, and none stops the program")
  func mutated() {
    var random = SeededGenerator(state: 0x6275_73)
    var (read, refused) = (0, 0)
    for _ in 0..<100_000 {
      var bytes = Self.answer
      for _ in 0...Int.random(in: 0..<4, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
      }
      // Most with another signature.
      if let place = bytes.firstRange(of: Array("ss".utf8))?.lowerBound, .random(using: &random) {
        for index in [place, place + 1] {
          bytes[index] = Array("ybnquxdsogva({)}".utf8).randomElement(using: &random)!
        }
      }
      if (try? BusMessage(decoding: bytes)) == nil { refused += 1 } else { read += 1 }
    }
    #expect(read > 1000 && refused > 1000, "the mutations are neither harmless nor hopeless")
  }
}
