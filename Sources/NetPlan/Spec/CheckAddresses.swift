/// Addresses, prefixes and ports that only one can have.
extension Resolver {
  private struct Holder {
    let text: String
    let at: SourcePosition?
  }

  /// Segments that the host has no address on are worlds of their own; every other address is the host's to
  /// route.
  mutating func checkAddresses() {
    struct Place: Hashable {
      let world: String
      let address: IPAddress
    }
    var known: [Place: Holder] = [:]
    for network in sortedNetworks {
      for own in network.network.addresses where !own.value.address.isLinkLocal {
        let holder = Holder(text: "the network `\(network.network.name)`", at: own.position)
        if let first = known.updateValue(holder, forKey: Place(world: "", address: own.value.address)) {
          clash(
            .duplicateAddress, ["networks", network.network.name, "address"], own.position, first.at,
            "\(first.text) and \(holder.text) have the address `\(own.value.address)`")
        }
      }
    }
    // The host's side of several routed TAPs may be one address.
    for nic in nics where nic.written["host-address"] != nil {
      for own in nic.hostAddresses where !own.address.isLinkLocal {
        let place = Place(world: "", address: own.address)
        known[place] =
          known[place] ?? Holder(text: "the host's side of `\(nic.id)`", at: nic.written["host-address"])
      }
    }
    for nic in nics {
      guard !nic.addresses.isEmpty else { continue }
      let network = nic.network.flatMap { networks[$0.value] }
      var world = ""
      if let network, !network.hasAddress { world = "\(network.root) \(nic.vlan ?? 0)" }
      for guest in nic.addresses where !guest.value.address.isLinkLocal {
        let place = Place(world: world, address: guest.value.address)
        guard let first = known[place] else {
          known[place] = Holder(text: "`\(nic.id)`", at: guest.position)
          continue
        }
        // The gateway's address given to a guest has been said already.
        if let network, network.network.addresses.contains(where: { $0.value.address == guest.value.address })
        {
          continue
        }
        if nic.hostAddresses.contains(where: { $0.address == guest.value.address }) { continue }
        clash(
          .duplicateAddress, ["vms", nic.vm, "nics", nic.name, "address"], guest.position, first.at,
          "\(first.text) and `\(nic.id)` have the address `\(guest.value.address)`")
      }
    }
  }

  /// Subnets of networks, addresses of routed guests and the prefixes behind them: nothing inside of
  /// another's.
  mutating func checkOverlap() {
    struct Extent {
      let prefix: IPPrefix
      let holder: String
      let network: String?
      let path: [String]
      let at: SourcePosition?
      /// May lie inside a shorter claim: a route does, a subnet does not.
      let nests: Bool
    }
    var claims: [Extent] = []
    for network in sortedNetworks {
      let name = network.network.name
      var seen: Set<IPPrefix> = []
      for own in network.network.addresses
      where !own.value.address.isLinkLocal && seen.insert(own.value.prefix).inserted {
        claims.append(
          Extent(
            prefix: own.value.prefix, holder: "the network `\(name)`", network: name,
            path: ["networks", name, "address"], at: own.position, nests: false))
      }
    }
    for nic in nics {
      let path = ["vms", nic.vm, "nics", nic.name]
      for route in nic.routes {
        claims.append(
          Extent(
            prefix: route.value, holder: "`\(nic.id)`", network: nil, path: path + ["routes"],
            at: route.position,
            nests: true))
      }
      guard nic.network == nil, nic.proxy == nil else { continue }
      for guest in nic.addresses where !guest.value.address.isLinkLocal {
        claims.append(
          Extent(
            prefix: IPPrefix(host: guest.value.address), holder: "`\(nic.id)`", network: nil,
            path: path + ["address"], at: guest.position, nests: false))
      }
    }
    // Through an alias several stand at one place.
    claims.sort { a, b in
      if a.prefix != b.prefix { return a.prefix < b.prefix }
      return (a.at ?? .start, a.holder) < (b.at ?? .start, b.holder)
    }
    // Sorted by address and then by length, what holds a claim is on the stack above which it stands.
    var around: [Extent] = []
    for claim in claims {
      while let top = around.last, !top.prefix.contains(claim.prefix) { around.removeLast() }
      if let outer = around.last {
        let isDuplicateAddress = outer.prefix.isHost && !outer.nests && !claim.nests
        if !isDuplicateAddress, !claim.nests && !outer.nests || outer.prefix == claim.prefix {
          let isLater = (outer.at ?? .start) < (claim.at ?? .start)
          let (later, earlier) = isLater ? (claim, outer) : (outer, claim)
          clash(
            .overlap, later.path, later.at, earlier.at,
            "`\(later.prefix)` of \(later.holder) overlaps `\(earlier.prefix)` of \(earlier.holder)")
        }
      }
      around.append(claim)
    }
  }

  /// Every NIC on a network with an IPv4 subnet has an address of it.
  mutating func checkRoom() {
    var guests: [String: Int] = [:]
    for nic in nics {
      if let name = nic.network?.value { guests[name, default: 0] += 1 }
    }
    for (name, count) in guests.sorted(by: { $0.key < $1.key }) {
      guard let network = networks[name]?.network else { continue }
      let own = network.addresses.filter { $0.value.family == .ipv4 }
      guard let first = own.first else { continue }
      let prefixes = Set(own.map { $0.value.prefix })
      let room = prefixes.reduce(0) { $0 + (1 << (32 - $1.length)) - ($1.length < 31 ? 2 : 0) } - own.count
      guard count > room else { continue }
      clash(
        .rangeTooSmall, ["networks", name, "address"], first.position, nil,
        "`\(name)` has \(max(0, room)) addresses for guests, and \(count) NICs")
    }
  }

  /// Twice all ports of both protocols: each is an element of a set.
  private static let mostForwards = 1 << 18

  /// One port of one address of the host leads to one guest.
  mutating func checkForwards() {
    struct Port: Hashable {
      let isUDP: Bool
      let port: UInt16
      /// nil = every address.
      let listen: IPAddress?
    }
    struct Use {
      let id: String
      let at: SourcePosition?
    }
    var known: [Port: Use] = [:]
    // What listens on every address meets whatever has the port on one.
    var onAny: [Port: Use] = [:]
    var count = 0
    for nic in nics {
      for forward in nic.forwards {
        count += forward.ports.count * (forward.transport == .both ? 2 : 1)
        if count > Resolver.mostForwards {
          let place = forward.position ?? nic.position
          return reader.within("forward") {
            $0.report(
              .outOfRange, place, "more than \(Resolver.mostForwards) ports of the host lead to guests",
              hint: "guests on a network with `uplink` have all of their ports at addresses of their own")
          }
        }
        let use = Use(id: nic.id, at: forward.position)
        search: for isUDP in [false, true] where forward.transport.includes(udp: isUDP) {
          for number in forward.ports {
            let everywhere = Port(isUDP: isUDP, port: number, listen: nil)
            let port = Port(isUDP: isUDP, port: number, listen: forward.listen)
            let first = forward.listen == nil ? onAny[everywhere] : known[everywhere] ?? known[port]
            if let first {
              clash(
                .duplicateForward, path(nic, "forward"), forward.position, first.at,
                "\(isUDP ? "udp" : "tcp") port \(number) leads to `\(first.id)` and to `\(nic.id)`")
              break search
            }
            known[port] = use
            onAny[everywhere] = onAny[everywhere] ?? use
          }
        }
      }
    }
  }
}

extension SourcePosition {
  fileprivate static let start = SourcePosition(file: 0, line: 0, column: 0)
}

extension Forward.Transport {
  package func includes(udp: Bool) -> Bool { self == .both || (self == .udp) == udp }
}
