/// Who made an object, read from the object itself.
package enum Ownership {
  /// `rtm_protocol`, `IFA_PROTO`, `FRA_PROTOCOL`, `NDA_PROTOCOL` of everything this program adds
  /// (linux/rtnetlink.h leaves numbers from 5 up to the administrator).
  package static let origin: UInt8 = 214

  /// The handle of a queueing discipline of ours, `d6:` to tc(8); the kernel takes its own from `8001:` up
  /// (`qdisc_alloc_handle`, net/sched/sch_api.c).
  package static let qdisc = UInt32(origin) << 16

  /// The group (`ip link set … group`) of links behind which guests are for whom the host forwards IPv6, where it has to
  /// be told of that for all interfaces together: see `Composer.separatesIPv6`.
  package static let group = UInt32(origin)

  private static let mark = "vnet:"

  /// The alias that marks a link: `vnet:lab/vms.web.nics.eth0`.
  package static func alias(name: String, path: String) -> String { "\(mark)\(name)/\(path)" }

  /// The configuration's name in an alias of ours, and the path behind it.
  package static func parse(alias: String?) -> (name: Substring, path: Substring)? {
    guard let alias else { return nil }
    let text = alias.utf8
    guard text.starts(with: mark.utf8), let slash = text.firstIndex(of: UInt8(ascii: "/")) else { return nil }
    let start = text.index(text.startIndex, offsetBy: mark.utf8.count)
    return (alias[start..<slash], alias[text.index(after: slash)...])
  }
}

/// Whose an object is.
package enum Whose: Hashable, Sendable {
  /// The configuration's at hand.
  case mine
  /// Another configuration's of this program, by its name.
  case another(String)
  /// Nobody's of ours.
  case foreign
}

extension Link {
  /// Name of the configuration that owns this link; nil for a foreign one.
  package var owner: Substring? { Ownership.parse(alias: alias)?.name }

  /// The object of the configuration that it is: `networks.office`, `vms.web.nics.eth0`.
  package var path: Substring? { Ownership.parse(alias: alias)?.path }
}
