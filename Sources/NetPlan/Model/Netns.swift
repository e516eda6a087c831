/// A network namespace of ours (ip-netns(8)) with what the NICs of a VM need there.
///
/// It is one object because all that is in it is ours: what goes wrong half-way, or is to be taken back, is led to the
/// state before as a whole.
package struct Netns: Described {
  /// As ip-netns(8) knows it: the file below `/run/netns`.
  package var name: String
  /// The configuration that has made it, by the alias of its loopback.
  package var owner: String
  package var state: Presence
  /// Sorted by identity.
  package var objects: [Object]

  package init(name: String, owner: String, state: Presence = .mounted, objects: [Object] = []) {
    self.name = name
    self.owner = owner
    self.state = state
    self.objects = objects.sorted { $0.id < $1.id }
  }

  package static let fields: [Field<Netns>] = [
    .always("name", \.name),
    .always("owner", \.owner),
    .always("state", \.state),
    .always("objects", \.objects),
  ]

  package static var blank: Netns { Netns(name: "", owner: "") }

  package enum Presence: String, Hashable, Sendable, JSONRepresentable {
    case mounted
    /// The file is there, and no namespace behind it: whoever made it was stopped in between.
    case unmounted
  }

  /// This one with what its objects leave open taken from those of `other`.
  package func completed(from other: Netns) -> Netns {
    let there = State(other.objects)
    var result = self
    result.objects = objects.map { object in there[object.id].map(object.completed(from:)) ?? object }
    return result
  }

  /// Settings of links there that are stated.
  package static let settings: Set<String> = ["proxy_arp", "accept_ra", "disable_ipv6"]

  /// What of it stands on, or is, a link that `other` does not have.
  package func links(beyond other: Netns) -> [Object] {
    let gone = Set(objects.compactMap(\.link?.name)).subtracting(other.objects.compactMap(\.link?.name))
    return objects.filter { object in
      object.link.map { gone.contains($0.name) } ?? object.links.contains(where: gone.contains)
    }
  }

  /// The VM whose NIC is first in it, `vms.web`.
  package var vm: String? {
    objects.lazy.compactMap(\.link?.path).compactMap { NICPath($0) }.first.map { "vms.\($0.vm)" }
  }

  /// The folder of ip-netns(8).
  package static let folder = "/run/netns"

  package static func path(named name: String) -> String { "\(folder)/\(name)" }

  /// The attribute by which the ledger says that there is one.
  package static let record = "ours"
  /// The path in the alias of the loopback.
  package static let path = "netns"
  /// What follows a NIC's path in the alias of the end of its veth here, and of the bridge that joins that to its TAP.
  package static let out = ".out"
  package static let wire = ".wire"

  /// The link here that is `path` of the configuration.
  package func link(at path: String) -> Link? {
    objects.lazy.compactMap(\.link).first { $0.path.map { $0 == path } ?? false }
  }
}

extension State {
  /// Notes at each veth of a NIC where its other end is.
  package mutating func joinEnds() {
    var ends: [String: Link.Veth] = [:]
    for netns in netnses {
      for case .link(let link) in netns.objects where link.kind == .veth {
        guard let path = link.path, path.hasSuffix(Netns.out) else { continue }
        var end = Link.Veth()
        (end.peer, end.netns) = (link.name, netns.name)
        ends["\(netns.owner)/\(path.dropLast(Netns.out.count))"] = end
      }
    }
    if ends.isEmpty { return }
    for case .link(var link) in objects.values where link.kind == .veth {
      guard let owner = link.owner, let path = link.path, let end = ends["\(owner)/\(path)"] else { continue }
      link.veth = end
      insert(.link(link))
    }
  }

  package var netnses: some Sequence<Netns> { objects.values.lazy.compactMap(\.netns) }
}

extension FormerID {
  /// The namespace of which the ledger keeps that it is ours.
  package var netns: String? { object.hasPrefix("netns/") ? String(object.dropFirst(6)) : nil }
}
