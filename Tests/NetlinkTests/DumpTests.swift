import Glibc
import Netlink
import Testing

@Suite("Dump")
struct DumpTests {
  typealias Event = ScriptedWire.Event

  /// Lists links over a kernel that answers so.
  static func names(
    _ log: ScriptedWire.Log = .init(),
    _ answer: @escaping @Sendable (_ attempt: Int, _ port: UInt32, _ sequence: UInt32) -> [Event]
  ) throws -> [String?] {
    var socket = Conversation(over: ScriptedWire(log) { answer($0, $1, $2[0].sequence) })
    return try socket.dumpLinks().map(\.name)
  }

  static func failure(
    _ log: ScriptedWire.Log = .init(), _ answer: @escaping @Sendable (Int, UInt32, UInt32) -> [Event]
  ) -> NetlinkError? {
    #expect(throws: NetlinkError.self) { _ = try names(log, answer) }
  }

  @Test("an answer of several datagrams and messages is one list")
  func multipart() throws {
    let names = try Self.names { _, port, sequence in
      [
        .datagram(Answer.link("a", sequence, port) + Answer.link("b", sequence, port)),
        .datagram(Answer.link("c", sequence, port)), .datagram(Answer.done(sequence, port)),
      ]
    }
    #expect(names == ["a", "b", "c"])
  }

  @Test("an answer to another port is refused before its sequence number is looked at")
  func port() {
    let error = Self.failure { _, port, sequence in [.datagram(Answer.link("a", sequence + 7, port + 1))] }
    #expect(error?.errno == ESRCH)
  }

  @Test("an answer to another request is refused")
  func sequence() {
    let error = Self.failure { _, port, sequence in [.datagram(Answer.link("a", sequence + 1, port))] }
    #expect(error?.errno == EPROTO)
  }

  @Test("an interrupted dump is made anew, and nothing of the first is kept", arguments: [false, true])
  func interrupted(onlyAtEnd: Bool) throws {
    let log = ScriptedWire.Log()
    let names = try Self.names(log) { attempt, port, sequence in
      let flags = attempt < 3 ? Answer.multi | Answer.interrupted : Answer.multi
      return [
        .datagram(Answer.link("old", flags: onlyAtEnd ? Answer.multi : flags, sequence, port)),
        .datagram(Answer.link("\(attempt)", sequence, port)),
        .datagram(Answer.done(sequence, port, flags: flags)),
      ]
    }
    #expect(names == ["old", "3"])
    #expect(log.sends.count == 3)
    #expect(log.reopened == 0, "the answer was read to its end")
  }

  @Test("a list that never stands still is an error after twenty attempts")
  func restless() {
    let log = ScriptedWire.Log()
    let error = Self.failure(log) { _, port, sequence in
      [.datagram(Answer.done(sequence, port, flags: Answer.multi | Answer.interrupted))]
    }
    #expect(error?.errno == EINTR)
    #expect(log.sends.count == 20)
  }

  @Test("lost answers make the dump anew on a new socket", arguments: [ENOBUFS, EINTR])
  func lost(errno: Int32) throws {
    let log = ScriptedWire.Log()
    let names = try Self.names(log) { attempt, port, sequence in
      attempt == 1
        ? [
          .datagram(Answer.link("a", sequence, port)), .failure(errno),
          .datagram(Answer.done(sequence, port)),
        ]
        : [.datagram(Answer.link("b", sequence, port)), .datagram(Answer.done(sequence, port))]
    }
    #expect(names == ["b"])
    #expect(log.reopened == 1)
  }

  @Test("NLMSG_OVERRUN counts as lost answers")
  func overrun() throws {
    let names = try Self.names { attempt, port, sequence in
      attempt == 1
        ? [.datagram(Answer.message(4, sequence, port))]
        : [.datagram(Answer.link("b", sequence, port) + Answer.done(sequence, port))]
    }
    #expect(names == ["b"])
  }

  @Test("an answer longer than the buffer comes with a longer buffer")
  func truncated() throws {
    let long = String(repeating: "x", count: 60_000)
    let names = try Self.names { _, port, sequence in
      let message = Answer.message(16, flags: Answer.multi, sequence, port) {
        LinkMessage(index: 1, name: "a").encode(into: &$0)
        $0.put(500, string: long)
        $0.put(501, string: long)
      }
      return [.datagram(message), .datagram(Answer.done(sequence, port))]
    }
    #expect(names == ["a"])
  }

  @Test("a refusal carries the kernel's words")
  func refused() {
    let error = Self.failure { _, port, sequence in
      [.datagram(Answer.error(EINVAL, sequence, port, "Invalid header for link dump"))]
    }
    #expect(error?.description == "list links: Invalid argument (EINVAL): Invalid header for link dump")
  }

  @Test("an error in the dump's end is the dump's")
  func failedAtEnd() {
    let error = Self.failure { _, port, sequence in
      [.datagram(Answer.link("a", sequence, port)), .datagram(Answer.done(sequence, port, error: -ENODEV))]
    }
    #expect(error?.errno == ENODEV)
  }

  @Test("a message that does not decode is an error with the attribute's number")
  func malformed() {
    let error = Self.failure { _, port, sequence in
      [
        .datagram(
          Answer.message(16, flags: Answer.multi, sequence, port) {
            LinkMessage(index: 1).encode(into: &$0)
            $0.put(4, u16: 1500)
          })
      ]
    }
    #expect(error?.errno == EBADMSG)
    #expect(error?.message == "attribute 4 is not a uint32; length: 2")
  }

  @Test("a kernel that says nothing is an error, not a wait")
  func silent() {
    #expect(Self.failure { _, _, _ in [] }?.errno == ETIMEDOUT)
  }

  @Test("a socket with unread answers is not used again")
  func stale() throws {
    let log = ScriptedWire.Log()
    var socket = Conversation(
      over: ScriptedWire(log) { send, port, requests in
        send == 1
          ? [.failure(ENOMEM), .datagram(Answer.link("old", requests[0].sequence, port))]
          : [
            .datagram(
              Answer.link("new", requests[0].sequence, port) + Answer.done(requests[0].sequence, port))
          ]
      })
    let error = #expect(throws: NetlinkError.self) { _ = try socket.dumpLinks() }
    #expect(error?.errno == ENOMEM)
    #expect(try socket.dumpLinks().map(\.name) == ["new"])
    #expect(log.reopened == 1)
  }

  @Test("a failing send is the dump's error", arguments: [ENOMEM, ENOBUFS])
  func unsent(errno: Int32) throws {
    let log = ScriptedWire.Log()
    log.sendFailures = [1: errno]
    if errno == ENOMEM {
      #expect(Self.failure(log) { _, _, _ in [] }?.errno == errno)
    } else {
      #expect(try Self.names(log) { _, port, sequence in [.datagram(Answer.done(sequence, port))] } == [])
    }
  }
}
