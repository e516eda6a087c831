/// Which of the usual questions to a machine are answered.
struct Reach: OptionSet, Hashable, Sendable, CustomStringConvertible {
  let rawValue: Int

  static let ping4 = Reach(rawValue: 1)
  static let tcp4 = Reach(rawValue: 2)
  static let ping6 = Reach(rawValue: 4)
  static let tcp6 = Reach(rawValue: 8)

  static let none: Reach = []
  static let ipv4: Reach = [.ping4, .tcp4]
  static let ipv6: Reach = [.ping6, .tcp6]
  static let all: Reach = [.ipv4, .ipv6]
  static let ping: Reach = [.ping4, .ping6]

  /// As it stands in a table.
  var description: String {
    let parts: [(Reach, String)] = [
      (.ping4, "ping (IPv4)"), (.tcp4, "TCP (IPv4)"), (.ping6, "ping (IPv6)"), (.tcp6, "TCP (IPv6)"),
    ]
    return switch self {
    case .none: "no"
    case .all: "yes"
    case .ipv4: "IPv4"
    case .ipv6: "IPv6"
    default: parts.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
    }
  }
}

/// A machine that asks others and is asked: a guest, the host, a station of a LAN. All have busybox, and say at port 80
/// who they are.
struct Machine {
  let name: String
  let ipv4: String
  let ipv6: String
  /// Starts a script of busybox's shell; the result waits for what it gives back.
  let start: (String) throws -> () throws -> Outcome

  init(_ guest: Guest, ipv4: String, ipv6: String) {
    (name, self.ipv4, self.ipv6) = (guest.vm, ipv4, ipv6)
    start = { guest.start($0) }
  }

  init(_ answering: Answering, ipv4: String, ipv6: String) {
    (name, self.ipv4, self.ipv6) = (answering.name, ipv4, ipv6)
    start = { script in
      let child = try answering.space.start(["busybox", "sh", "-c", script])
      return { child.finish(timeout: 30) }
    }
  }
}

/// One machine that asks another.
struct Question {
  let from: Machine
  let to: Machine

  /// The answers to all of them, asked at once. What loses its first packet to a neighbour that is still being looked for
  /// asks again, for three seconds in all.
  static func ask(_ questions: [Question]) throws -> [Reach] {
    let names = Set(questions.map(\.from.name))
    let pending = try names.map { name in
      let own = questions.indices.filter { questions[$0].from.name == name }
      let script = own.map { questions[$0].script("\($0)") }.joined() + "wait\n"
      return try questions[own[0]].from.start(script)
    }
    var answers = [Reach](repeating: .none, count: questions.count)
    for outcome in try pending.map({ try $0() }) {
      guard outcome.code == 0 else { throw CommandFailure(description: outcome.description) }
      for line in outcome.stdout.lines.map(\.words) where line.count >= 2 {
        guard let index = Int(line[0]), let kind = kinds[line[1]] else {
          throw CommandFailure(description: outcome.description)
        }
        // A connection tells who answered; an echo reply does not.
        if line.count == 2 || line[2] == questions[index].to.name { answers[index].insert(kind) }
      }
    }
    return answers
  }

  private static let kinds: [String: Reach] = [
    "ping4": .ping4, "tcp4": .tcp4, "ping6": .ping6, "tcp6": .tcp6,
  ]

  private func script(_ label: String) -> String {
    func lines(_ family: String, _ address: String, _ host: String) -> String {
      """
      for n in 1 2 3; do ping -c 1 -W 1 \(address) >/dev/null 2>&1 && echo \(label) ping\(family) && break; done &
      { who=$(timeout 3 wget -q -O - http://\(host)/cgi-bin/who) && echo \(label) tcp\(family) "$who"; } &

      """
    }
    return lines("4", to.ipv4, to.ipv4) + lines("6", to.ipv6, "[\(to.ipv6)]")
  }
}

/// Says at port 80 of a namespace who is asked, and who asks; `leave` ends that.
final class Answering {
  let name: String
  let space: Namespace
  private let server: Child

  init(_ name: String, in space: Namespace, files: TemporaryFolder) throws {
    self.name = name
    self.space = space
    let folder = "\(files.path)/\(name).www"
    try must(
      ["install", "-D", "-m", "755", "/dev/stdin", "\(folder)/cgi-bin/who"],
      input: """
        #!/bin/sh
        echo 'Content-Type: text/plain'
        echo
        echo "\(name) $REMOTE_ADDR"

        """)
    server = try space.start(["busybox", "httpd", "-f", "-p", "80", "-h", folder])
    let listens = try Clock.wait(10 * Clock.patience) {
      try !must(space.command(["ss", "-Hltn", "sport", "=", ":80"])).isEmpty
    }
    guard listens else { throw CommandFailure(description: "httpd of \(name) does not listen") }
  }

  func leave() {
    server.signal(15)
    _ = server.finish(timeout: 10)
  }
}
