/// Addresses, prefixes and ports that only one can have.
extension Resolver {
  private struct Holder {
    let text: String
    let at: SourcePosition?
  }

  private mutating func report(
    _ code: DiagnosticCode, _ path: [String], _ at: SourcePosition?, _ message: String, hint: String? = nil,
    other: SourcePosition?
  ) {
    reader.path = path
    reader.report(
      code, at, message, hint: hint,
      related: other.flatMap { $0 == at ? nil : .init(message: "the other", position: $0) })
    reader.path = []
  }

  /// Segments that the host has no address on are worlds of their own; every other address is the host's to route.
  mutating func checkAddresses(_ nics: [NIC]) {
    struct Place: Hashable {
      let world: String
      let address: IPAddress
    }
    var known: [Place: Holder] = [:]
    for network in networks.values.sorted(by: { $0.network.name < $1.network.name }) {
      for own in network.network.addresses where !own.value.address.isLinkLocal {
        let holder = Holder(text: "the network `\(network.network.name)`", at: own.position)
        if let first = known.updateValue(holder, forKey: Place(world: "", address: own.value.address)) {
          report(
            .duplicateAddress, ["networks", network.network.name, "address"], own.position,
            "`\(own.value.address)` is already an address of \(first.text)", other: first.at)
        }
      }
    }
    for nic in nics {
      guard !nic.addresses.isEmpty else { continue }
      var world = ""
      if let name = nic.network?.value, let network = networks[name], !network.hasAddress {
        world = "\(network.root) \(nic.vlan ?? 0)"
      }
      for guest in nic.addresses where !guest.value.address.isLinkLocal {
        let place = Place(world: world, address: guest.value.address)
        if let first = known[place] {
          report(
            .duplicateAddress, ["vms", nic.vm, "nics", nic.name, "address"], guest.position,
            "`\(nic.id)` has the address `\(guest.value.address)`, which is \(first.text)'s", other: first.at)
        } else {
          known[place] = Holder(text: "`\(nic.id)`", at: guest.position)
        }
      }
    }
  }

  /// Subnets of networks, addresses of routed guests and the prefixes behind them: nothing inside of another's.
  mutating func checkOverlap(_ nics: [NIC]) {
    struct Claim {
      let prefix: IPPrefix
      let holder: String
      let network: String?
      let path: [String]
      let at: SourcePosition?
      /// May lie inside a shorter claim: a route does, a subnet does not.
      let nests: Bool
    }
    var claims: [Claim] = []
    for network in networks.values {
      let name = network.network.name
      var seen: Set<IPPrefix> = []
      for own in network.network.addresses
      where !own.value.address.isLinkLocal && seen.insert(own.value.prefix).inserted {
        claims.append(
          Claim(
            prefix: own.value.prefix, holder: "the network `\(name)`", network: name,
            path: ["networks", name, "address"], at: own.position, nests: false))
      }
    }
    for nic in nics {
      let path = ["vms", nic.vm, "nics", nic.name]
      for route in nic.routes {
        claims.append(
          Claim(
            prefix: route.value, holder: "`\(nic.id)`", network: nil, path: path + ["routes"],
            at: route.position,
            nests: true))
      }
      guard nic.network == nil, nic.proxy == nil else { continue }
      for guest in nic.addresses where !guest.value.address.isLinkLocal {
        claims.append(
          Claim(
            prefix: IPPrefix(host: guest.value.address), holder: "`\(nic.id)`", network: nil,
            path: path + ["address"], at: guest.position, nests: false))
      }
    }
    claims.sort { a, b in a.prefix == b.prefix ? (a.at ?? .start) < (b.at ?? .start) : a.prefix < b.prefix }
    // Sorted by address and then by length, what holds a claim is on the stack above which it stands.
    var around: [Claim] = []
    for claim in claims {
      while let top = around.last, !top.prefix.contains(claim.prefix) { around.removeLast() }
      if let outer = around.last {
        let isDuplicateAddress = outer.prefix.isHost && !outer.nests && !claim.nests
        if !isDuplicateAddress, !claim.nests && !outer.nests || outer.prefix == claim.prefix {
          let later = (outer.at ?? .start) < (claim.at ?? .start) ? claim : outer
          let earlier = (outer.at ?? .start) < (claim.at ?? .start) ? outer : claim
          report(
            .overlap, later.path, later.at,
            "`\(later.prefix)` of \(later.holder) overlaps `\(earlier.prefix)` of \(earlier.holder)",
            other: earlier.at)
        }
      }
      around.append(claim)
    }
  }

  /// One port of one address of the host leads to one guest.
  mutating func checkForwards(_ nics: [NIC]) {
    struct Port: Hashable {
      let isUDP: Bool
      let port: UInt16
    }
    struct Use {
      let listen: IPAddress?
      let id: String
      let at: SourcePosition?
    }
    var known: [Port: [Use]] = [:]
    for nic in nics {
      for forward in nic.forwards {
        let use = Use(listen: forward.listen, id: nic.id, at: forward.position)
        search: for isUDP in [false, true] where forward.transport.includes(udp: isUDP) {
          for port in forward.ports {
            let key = Port(isUDP: isUDP, port: port)
            let first = known[key]?.first { $0.listen == nil || use.listen == nil || $0.listen == use.listen }
            if let first {
              report(
                .duplicateForward, ["vms", nic.vm, "nics", nic.name, "forward"], forward.position,
                "`\(nic.id)`: \(isUDP ? "udp" : "tcp") port \(port) already leads to `\(first.id)`",
                other: first.at)
              break search
            }
            known[key, default: []].append(use)
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
