import Glibc
import Netlink
import Testing

@Suite("Batch")
struct TransactTests {
  static func batch(_ count: Int) -> Batch {
    var batch = Batch(reserving: count)
    for number in 0..<count {
      batch.add("create bridge b\(number)", .create, LinkMessage(name: "b\(number)"))
    }
    return batch
  }

  static func outcomes(
    _ count: Int, _ log: ScriptedWire.Log = .init(),
    _ answer: @escaping @Sendable (Int, UInt32, [ScriptedWire.Request]) -> [ScriptedWire.Event]
  ) -> [Outcome] {
    var socket = Conversation(over: ScriptedWire(log, answer: answer))
    return socket.transact(batch(count))
  }

  static func kinds(_ outcomes: [Outcome]) -> String {
    outcomes.map {
      switch $0 {
      case .done: "+"
      case .failed: "!"
      case .unknown: "?"
      case .notSent: "-"
      }
    }.joined()
  }

  @Test("answers find their requests")
  func order() {
    let outcomes = Self.outcomes(4) { _, port, requests in
      requests.map { .datagram(Answer.error(Int32($0.sequence) % 2, $0.sequence, port)) }
    }
    #expect(Self.kinds(outcomes) == "!+!+")
    #expect(outcomes[2].error?.description == "create bridge b2: Operation not permitted (EPERM)")
  }

  @Test(
    "the last request of a send alone asks to be answered, and with its answer those that were not refused are done"
  )
  func quiet() {
    let log = ScriptedWire.Log()
    let outcomes = Self.outcomes(70, log) { _, port, requests in
      requests.filter { $0.flags & 4 != 0 || $0.sequence % 10 == 0 }.map {
        .datagram(Answer.error($0.sequence % 10 == 0 ? EEXIST : 0, $0.sequence, port))
      }
    }
    #expect(
      log.sends.map { $0.map { $0.flags & 4 != 0 } }
        == [64, 6].map { Array(repeating: false, count: $0 - 1) + [true] })
    for (outcome, request) in zip(outcomes, log.sends.joined()) {
      #expect((outcome == .done) == (request.sequence % 10 != 0))
    }
  }

  @Test("silence says nothing once a receive has failed: the answer may be the one that is lost")
  func lostRefusal() {
    let outcomes = Self.outcomes(70) { _, port, requests in
      [.failure(ENOBUFS), .datagram(Answer.error(EEXIST, requests[3].sequence, port))]
        + [.datagram(Answer.error(0, requests[63].sequence, port))]
    }
    #expect(Self.kinds(outcomes) == "???!" + String(repeating: "?", count: 59) + "+------")
  }

  @Test("a refused request carries the kernel's words, capped or with the request's bytes in between")
  func explanation() {
    let outcomes = Self.outcomes(2) { _, port, requests in
      let whole = Answer.message(2, flags: 0x200, requests[1].sequence, port) {
        $0.append(-EEXIST)
        // The request as it came: its length first.
        $0.append(UInt32(24))
        $0.append(zeros: 20)
        $0.put(1, string: "second")
        $0.put(2, u32: 40)
      }
      return [.datagram(Answer.error(EINVAL, requests[0].sequence, port, "first")), .datagram(whole)]
    }
    #expect(outcomes[0].error?.message == "first")
    #expect(
      outcomes[1]
        == .failed(NetlinkError(operation: "create bridge b1", errno: EEXIST, message: "second", offset: 40)))
  }

  @Test("a batch goes out in pieces whose answers fit into the receive buffer")
  func pieces() {
    let log = ScriptedWire.Log()
    let outcomes = Self.outcomes(150, log) { _, port, requests in
      requests.map { .datagram(Answer.error(0, $0.sequence, port)) }
    }
    #expect(log.sends.map(\.count) == [64, 64, 22])
    #expect(Set(log.sends.joined().map(\.sequence)).count == 150)
    #expect(outcomes.allSatisfy { $0 == .done })
  }

  @Test("what a failing send should have carried, and all after it, is not sent")
  func failingSend() {
    let log = ScriptedWire.Log()
    log.sendFailures = [2: ENOMEM]
    let outcomes = Self.outcomes(150, log) { _, port, requests in
      requests.map { .datagram(Answer.error(0, $0.sequence, port)) }
    }
    #expect(Self.kinds(outcomes) == String(repeating: "+", count: 64) + String(repeating: "-", count: 86))
    #expect(
      outcomes[149].error?.description
        == "create bridge b149: Cannot allocate memory (ENOMEM): the send failed")
  }

  @Test(
    "an answer that is lost leaves its request unknown; those that are there still count",
    arguments: [
      ENOBUFS, ENOMEM, EIO, ENOSPC,
    ])
  func lostAnswers(errno: Int32) {
    let log = ScriptedWire.Log()
    let outcomes = Self.outcomes(70, log) { _, port, requests in
      [.datagram(Answer.error(0, requests[0].sequence, port)), .failure(errno)]
        + requests.dropFirst(2).map { .datagram(Answer.error(0, $0.sequence, port)) }
    }
    #expect(Self.kinds(outcomes) == "+?" + String(repeating: "+", count: 62) + "------")
    #expect(outcomes[1].error?.errno == errno)
  }

  @Test("a receive that fails and loses nothing changes nothing")
  func harmlessFailure() {
    let outcomes = Self.outcomes(70) { _, port, requests in
      [.failure(ENOMEM)] + requests.map { .datagram(Answer.error(0, $0.sequence, port)) }
    }
    #expect(Self.kinds(outcomes) == String(repeating: "+", count: 70))
  }

  @Test("a receive that always fails leaves all that was sent unknown")
  func deaf() {
    let outcomes = Self.outcomes(70) { _, _, _ in [ScriptedWire.Event](repeating: .failure(EIO), count: 1000)
    }
    #expect(Self.kinds(outcomes) == String(repeating: "?", count: 64) + String(repeating: "-", count: 6))
  }

  @Test("silence leaves all that was sent unknown")
  func silent() {
    let outcomes = Self.outcomes(2) { _, _, _ in [] }
    #expect(Self.kinds(outcomes) == "??")
    #expect(outcomes[0].error?.errno == ETIMEDOUT)
  }

  @Test("answers of another port or request end the batch", arguments: [(1, 0, ESRCH), (0, 100, EPROTO)])
  func foreign(port offset: UInt32, sequence: UInt32, errno: Int32) {
    let outcomes = Self.outcomes(2) { _, port, requests in
      [.datagram(Answer.error(0, requests[0].sequence + sequence, port + offset))]
    }
    #expect(Self.kinds(outcomes) == "??")
    #expect(outcomes[0].error?.errno == errno)
  }

  @Test("a garbled answer leaves the rest unknown")
  func garbled() {
    let outcomes = Self.outcomes(2) { _, port, requests in
      [
        .datagram(
          Answer.error(0, requests[0].sequence, port) + Answer.error(0, requests[1].sequence, port).prefix(20)
        )
      ]
    }
    #expect(Self.kinds(outcomes) == "+?")
    #expect(outcomes[1].error?.errno == EBADMSG)
  }

  @Test("a request with a value that cannot be written is not sent, the others are")
  func unwritable() {
    let log = ScriptedWire.Log()
    var socket = Conversation(
      over: ScriptedWire(log) { _, port, requests in
        requests.map { .datagram(Answer.error(0, $0.sequence, port)) }
      })
    var batch = Self.batch(2)
    batch.add("name it", .change, LinkMessage(name: "a\0b"))
    batch.add("alias it", .change, with(LinkMessage()) { $0.alias = String(repeating: "a", count: 70_000) })
    batch.add("create bridge b4", .create, LinkMessage(name: "b4"))
    let outcomes = socket.transact(batch)
    #expect(Self.kinds(outcomes) == "++--+")
    #expect(outcomes[2].error?.errno == EMSGSIZE)
    #expect(log.sends.map(\.count) == [3])
  }

  @Test("an empty batch sends nothing")
  func empty() {
    let log = ScriptedWire.Log()
    #expect(Self.outcomes(0, log) { _, _, _ in [] }.isEmpty)
    #expect(log.sends.isEmpty)
  }

  @Test("after a broken batch the next one has a socket of its own")
  func reopens() {
    let log = ScriptedWire.Log()
    var socket = Conversation(
      over: ScriptedWire(log) { send, port, requests in
        send == 1 ? [] : requests.map { .datagram(Answer.error(0, $0.sequence, port)) }
      })
    #expect(Self.kinds(socket.transact(Self.batch(1))) == "?")
    #expect(Self.kinds(socket.transact(Self.batch(1))) == "+")
    #expect(log.reopened == 1)
  }
}
