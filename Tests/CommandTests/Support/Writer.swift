import Glibc

/// Somebody else at work in the namespace, again and again until told to stop.
final class Writer {
  private let child: Child

  /// Commands that fail are told, unless `mayFail`.
  init(in space: Namespace, _ commands: String, mayFail: Bool = false) throws {
    let body = commands.lines.map { $0 + (mayFail ? " 2>&-" : " || echo \"failed: \($0)\"") }
      .joined(separator: "\n")
    // Whatever a run did to it last, the last word is this one's.
    child = try space.start([
      "sh", "-c",
      """
      trap ends=1 TERM
      body() {
      \(body)
      }
      echo ready
      n=1
      while [ -z "$ends" ]; do body; n=$((n + 1)); done
      body
      echo $n rounds
      """,
    ])
    guard child.line() == "ready" else {
      throw CommandFailure(description: child.finish(timeout: 5).description)
    }
  }

  func stop() -> Outcome {
    child.signal(SIGTERM)
    return child.finish(timeout: 30)
  }
}

extension Writer {
  /// Objects of somebody else.
  static let foreign = """
    ip link add name w0 address 02:00:00:00:77:01 type veth peer name w1 address 02:00:00:00:77:03
    ip link set w1 addrgenmode none up
    ip link add name wbr address 02:00:00:00:77:02 type bridge
    ip link set w0 master wbr mtu 1400 addrgenmode none up
    ip link set wbr addrgenmode none up
    ip addr add 10.77.0.1/24 dev wbr
    ip addr add 2001:db8:77::1/64 dev wbr
    ip route add 10.78.0.0/24 via 10.77.0.2 dev wbr table 77
    ip rule add fwmark 0x77 table 77 priority 77
    nft add table inet writer
    nft add chain inet writer c '{ type filter hook forward priority 5; }'
    nft add rule inet writer c counter accept
    """

  static let foreignGone = """
    nft delete table inet writer
    ip rule del fwmark 0x77 table 77 priority 77
    ip link del w0
    ip link del wbr
    """
}
