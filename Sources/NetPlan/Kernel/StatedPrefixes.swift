internal import Netlink

/// Routes of the kernel's own protocol that the kernel did not make: managers of networks add the prefix of an address as
/// it would, and keep it from doing so by the address's mark `noprefixroute`. Nobody makes those anew when the address moves.
struct StatedPrefixes {
  private var made: Set<Prefix> = []

  private struct Prefix: Hashable {
    var link: LinkName
    var prefix: IPPrefix
  }

  init(of addresses: some Sequence<Address>) {
    var own: Set<Prefix> = []
    for address in addresses {
      guard let host = IPInterface(address.peer ?? address.local.address, length: address.local.length) else {
        continue
      }
      let prefix = Prefix(link: address.link, prefix: host.prefix)
      if address.flags?.contains(.noPrefixRoute) == true { made.insert(prefix) } else { own.insert(prefix) }
    }
    // One address that makes it suffices (`fib_add_ifaddr`, `addrconf_prefix_route`).
    made.subtract(own)
  }

  func contains(_ message: RouteMessage, _ names: LinkTable) -> Bool {
    // RTPROT_KERNEL and RTN_UNICAST of linux/rtnetlink.h
    guard !made.isEmpty, message.proto == 2, message.type == 1, message.gateway == nil,
      let link = message.output.flatMap(names.name), let destination = message.destination,
      let prefix = IPPrefix(IPAddress(destination), length: Int(message.destinationLength))
    else { return false }
    return made.contains(Prefix(link: link, prefix: prefix))
  }
}
