/// A kernel setting below `/proc/sys`, for what netlink cannot set.
package struct Sysctl: Described, Hashable {
  package var key: SysctlKey
  /// The text without its final newline.
  package var value: String

  package init(key: SysctlKey, value: String) {
    self.key = key
    self.value = value
  }

  package static let fields: [Field<Sysctl>] = [
    .always("key", \.key),
    .always("value", \.value),
  ]

  package static var blank: Sysctl { Sysctl(key: SysctlKey(family: .ipv4, link: nil, name: ""), value: "") }
}

/// `net.ipv6.conf.eth0.accept_ra`: a setting of one interface, or of the namespace where `link` is nil.
package struct SysctlKey: Hashable, Sendable, Comparable, TextRepresentable {
  package var family: AddressFamily
  /// nil = the whole namespace, `net.ipv4.NAME` or `net.ipv6.conf.all.NAME`.
  package var link: LinkName?
  package var name: String

  package init(family: AddressFamily, link: LinkName?, name: String) {
    self.family = family
    self.link = link
    self.name = name
  }

  /// With it the kernel sets `forwarding` of every interface and of those to come (`addrconf_fixup_forwarding`,
  /// net/ipv6/addrconf.c).
  package static let ipv6ForwardingOfAll = SysctlKey(family: .ipv6, link: nil, name: "forwarding")

  /// Whether `ipv6ForwardingOfAll` sets it too.
  package var followsAll: Bool { family == .ipv6 && name == "forwarding" && link != nil }

  /// Below `/proc/sys/`. An interface's name may hold dots, so this form and not the dotted one identifies.
  package var path: String { "net/\(family)/conf/\(link?.text ?? "all")/\(name)" }

  package var description: String { path }

  package init?(_ text: String) {
    let parts = text.split(separator: "/")
    guard parts.count == 5, parts[0] == "net", parts[2] == "conf" else { return nil }
    guard parts[1] == "ipv4" || parts[1] == "ipv6" else { return nil }
    family = parts[1] == "ipv4" ? .ipv4 : .ipv6
    link = parts[3] == "all" ? nil : LinkName(parts[3])
    name = String(parts[4])
  }

  package static func < (a: SysctlKey, b: SysctlKey) -> Bool { a.path < b.path }
}

extension LinkName {
  /// The place of the settings that interfaces begin with, among those of interfaces; the kernel takes no interface
  /// of that name (`devinet_sysctl_register`, net/ipv4/devinet.c).
  package static let `default` = LinkName(kernel: "default")
}
