internal import Glibc
internal import Netlink

/// The routers by which the host reaches everything that it has no other route to.
enum Gateways {
  /// Each for that many milliseconds; nil when one of each family that has any answers; else who is silent.
  static func ask(waiting time: UInt64) throws(HostError) -> String? {
    do throws(NetlinkError) {
      var socket = try Socket()
      var silent: [String] = []
      var asked = 0
      for family in [UInt8(AF_INET), UInt8(AF_INET6)] {
        let gateways = try gateways(family, &socket)
        if gateways.isEmpty { continue }
        asked += 1
        var answers = false
        for gateway in gateways where !answers {
          answers = try gateway.answers(&socket, until: Deadline.now + time)
        }
        if !answers { silent.append(gateways[0].address.description) }
      }
      if asked == 0 { return "there is no default route" }
      return silent.isEmpty ? nil : "no answer from \(silent.joined(separator: " and "))"
    } catch {
      throw HostError(error)
    }
  }

  private struct Gateway {
    var address: IPAddress
    var index: Int32

    init?(_ address: InternetAddress?, _ index: Int32?) {
      guard let address = address.map(IPAddress.init), let index else { return nil }
      (self.address, self.index) = (address, index)
    }

    /// That it lets itself be found on the link is enough: many a router does not answer echoes.
    func answers(_ socket: inout Socket, until end: UInt64) throws(NetlinkError) -> Bool {
      let family = UInt8(address.family.rawValue)
      let known = try socket.dumpNeighbours(family: family).first { isMe($0) }
      // NUD_REACHABLE, NUD_STALE, NUD_DELAY, NUD_PROBE: one that is known from before is asked anew.
      if var known, known.state & 0x1e != 0, known.linkAddress != nil {
        var request = Netlink.Batch()
        known.state = 0x10  // NUD_PROBE
        known.cache = nil
        known.probes = nil
        request.add("ask for a gateway", .replace, known)
        _ = socket.transact(request)
      }
      let echo = Echo(to: socketAddress)
      while Deadline.now < end {
        if (try? echo.isAnswered(until: min(end, Deadline.now + 200))) == true { return true }
        if try socket.dumpNeighbours(family: family).contains(where: { isMe($0) && $0.state & 0x02 != 0 }) {
          return true
        }
      }
      return false
    }

    private func isMe(_ neighbour: NeighbourMessage) -> Bool {
      neighbour.index == index && neighbour.destination.map(IPAddress.init) == address
    }

    private var socketAddress: SocketAddress {
      switch address.family {
      case .ipv4:
        var v4 = sockaddr_in()
        v4.sin_family = sa_family_t(AF_INET)
        withUnsafeMutableBytes(of: &v4.sin_addr) { $0.copyBytes(from: address.octets) }
        return SocketAddress(bytes: withUnsafeBytes(of: v4) { Array($0) }, family: AF_INET)
      case .ipv6:
        var v6 = sockaddr_in6()
        v6.sin6_family = sa_family_t(AF_INET6)
        v6.sin6_scope_id = address.isLinkLocal ? UInt32(index) : 0
        withUnsafeMutableBytes(of: &v6.sin6_addr) { $0.copyBytes(from: address.octets) }
        return SocketAddress(bytes: withUnsafeBytes(of: v6) { Array($0) }, family: AF_INET6)
      }
    }
  }

  /// Those of the default routes of the main table, the preferred one first.
  private static func gateways(_ family: UInt8, _ socket: inout Socket) throws(NetlinkError) -> [Gateway] {
    // RTN_UNICAST
    let routes = try socket.dumpRoutes(family: family).filter {
      $0.destinationLength == 0 && $0.table == 254 && $0.type == 1
    }
    return routes.sorted { ($0.priority ?? 0) < ($1.priority ?? 0) }.flatMap { route -> [Gateway] in
      let single = Gateway(route.gateway ?? route.via, route.output.map { Int32($0) })
      let legs = (route.legs ?? []).map { Gateway($0.gateway ?? $0.via, $0.output) }
      return ([single] + legs).compactMap(\.self)
    }
  }
}
