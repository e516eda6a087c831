import Netlink
import Testing

/// SplitMix64: the same numbers on every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}

@Suite("Any bytes")
struct FuzzTests {
  /// Decodes the messages in `bytes` as whatever their type says; the count of those that were well formed.
  static func read(_ bytes: [UInt8]) throws(MalformedMessage) -> Int {
    var count = 0
    var reader = MessageReader(bytes.rawSpan)
    while try reader.next() {
      try decode(reader.header.type, reader.payload)
      count += 1
    }
    return count
  }

  static func decode(_ type: UInt16, _ payload: RawSpan) throws(MalformedMessage) {
    switch type {
    case LinkMessage.newType:
      _ = try LinkMessage(decoding: payload)
      _ = try BridgeVLANMessage(decoding: payload)
    case BridgeVLANMessage.newType: _ = try BridgeVLANMessage(decoding: payload)
    case AddressMessage.newType: _ = try AddressMessage(decoding: payload)
    case RouteMessage.newType: _ = try RouteMessage(decoding: payload)
    case RuleMessage.newType: _ = try RuleMessage(decoding: payload)
    case NeighbourMessage.newType: _ = try NeighbourMessage(decoding: payload)
    case NetconfMessage.newType: _ = try NetconfMessage(decoding: payload)
    case NexthopMessage.newType: _ = try NexthopMessage(decoding: payload)
    case ConnectionSocket.new: _ = try Connection(decoding: payload)
    case QdiscMessage.newType: _ = try QdiscMessage(decoding: payload)
    case LinkPropertyMessage.newType: _ = try LinkPropertyMessage(decoding: payload)
    default: break
    }
  }

  /// Changes bytes, lengths and ends, most often those that matter: the lengths and numbers of attributes.
  static func mutate(_ bytes: inout [UInt8], _ random: inout SeededGenerator) {
    for _ in 0...Int.random(in: 0..<4, using: &random) {
      guard !bytes.isEmpty else { return }
      let at = Int.random(in: 0..<bytes.count, using: &random)
      switch UInt8.random(in: 0..<8, using: &random) {
      case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
      case 1: bytes[at] = .random(in: 0...255, using: &random)
      case 2, 3:
        // The low byte of some attribute's length.
        bytes[at & ~3] = .random(in: 0..<40, using: &random)
      case 4: bytes[at & ~3 | 2 < bytes.count ? at & ~3 | 2 : at] = .random(in: 0..<64, using: &random)
      case 5: bytes.removeSubrange(at...)
      case 6: bytes.removeSubrange(at..<min(bytes.count, at + 4))
      default: bytes.insert(contentsOf: bytes[(at & ~3)..<min(bytes.count, at & ~3 + 8)], at: at & ~3)
      }
    }
    // Most keep a message length that fits, lest nothing behind the header be read.
    if bytes.count >= 16, UInt8.random(in: 0..<8, using: &random) > 0 {
      for index in 0..<4 { bytes[index] = UInt8(truncatingIfNeeded: bytes.count >> (8 * index)) }
    }
  }

  @Test("a million mutated messages are read or refused, and none stops the program")
  func mutated() throws {
    let corpus = try Fixture.all.map { try Fixture($0).bytes }
    var random = SeededGenerator(state: 0x6e65_746c_696e_6b)
    var read = 0
    var refused = 0
    let rounds = 1_000_000
    let clock = ContinuousClock()
    let time = clock.measure {
      for round in 0..<rounds {
        var bytes = corpus[round % corpus.count]
        Self.mutate(&bytes, &random)
        do throws(MalformedMessage) {
          read += try Self.read(bytes)
        } catch {
          refused += 1
        }
      }
    }
    print("fuzz: \(rounds) mutated messages, \(read) read, \(refused) refused, \(time)")
    #expect(read > rounds / 10 && refused > rounds / 10, "the mutations are neither harmless nor hopeless")
  }
}

extension FuzzTests {
  @Test("a hundred thousand mutated answers leave no batch waiting")
  func answers() {
    var socket = Conversation(
      over: ScriptedWire { send, port, requests in
        var random = SeededGenerator(state: UInt64(send))
        return requests.map {
          var bytes = Answer.error(.random(in: 0...2, using: &random), $0.sequence, port, "explained")
          Self.mutate(&bytes, &random)
          return .datagram(bytes)
        }
      })
    let batch = TransactTests.batch(3)
    var counts: [Character: Int] = [:]
    for _ in 0..<100_000 {
      for kind in TransactTests.kinds(socket.transact(batch)) { counts[kind, default: 0] += 1 }
    }
    print("fuzz: 300000 answers, \(counts.sorted { $0.key < $1.key })")
    #expect(counts["+"]! > 1000 && counts["!"]! > 1000 && counts["?"]! > 1000)
  }
}
