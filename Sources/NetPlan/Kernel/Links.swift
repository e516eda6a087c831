internal import Netlink

// Links: dump → model, change → requests.

extension Link {
  /// `names` must hold every link of the dump.
  init?(_ message: LinkMessage, _ names: LinkTable) {
    guard let name = message.name else { return nil }
    var kind = Kind(message.kind ?? "") ?? .device
    if kind == .tun, case .tun(let tun)? = message.data, tun.isTAP { kind = .tap }
    self.init(name: LinkName(kernel: name), kind: kind)
    alias = message.alias
    if !message.altNames.isEmpty { altnames = message.altNames.sorted() } else { altnames = [] }
    mac = MACAddress(message.address)
    mtu = message.mtu.map(Int.init)
    up = message.isUp
    master = message.master.flatMap { $0 == 0 ? nil : names.name($0) }.map(Master.link) ?? Master.none
    addressGeneration = message.ipv6?.addressGeneration.flatMap(AddressGeneration.init(number:))
    token = message.ipv6?.token.map { IPAddress($0) }.flatMap { $0.value == 0 ? nil : $0 }
    forwarding = message.ipv4?[.forwarding].map { $0 != 0 }
    linkGroup = message.group
    facts = LinkFacts(message, names)
    switch message.data {
    case .bridge(let settings):
      bridge.stp = settings.stpState.map { $0 != 0 }
      bridge.vlanFiltering = settings.vlanFiltering
      bridge.multicastSnooping = settings.multicastSnooping
      bridge.defaultPVID = settings.vlanDefaultPVID
    case .tun(let settings) where kind == .tap:
      tap.owner = settings.owner.map(TAP.Account.id) ?? TAP.Account.none
      tap.group = settings.group.map(TAP.Account.id) ?? TAP.Account.none
      tap.multiQueue = settings.multiQueue
    case .vlan(let settings): vlan = VLAN(settings, on: facts?.lower)
    case .macvlan(let settings) where isStation:
      macvtap.link = facts?.lower
      if kind == .macvtap { macvtap.allMulticast = message.receivesAllMulticast }
      macvtap.mode = settings.mode.flatMap(MacvtapMode.init(number:))
    default: break
    }
    if message.portKind == "bridge" {
      port.isolated = message.port?.isolated
      port.groupForwardMask = message.port?.groupForwardMask
    }
  }
}

extension LinkFacts {
  fileprivate init?(_ message: LinkMessage, _ names: LinkTable) {
    self.init()
    permanentMAC = MACAddress(message.permanentAddress)
    parentDevice = message.parentDevice
    if let lower = message.lower, message.lowerNamespace == nil, lower != UInt32(message.index), lower != 0 {
      self.lower = names.name(lower)
    }
    if message.isLoopback { loopback = true }
    // IFF_LOWER_UP of linux/if.h
    if message.flags & 0x1_0000 != 0 { carrier = true }
    if self == LinkFacts() { return nil }
  }
}

extension Link.AddressGeneration {
  init?(number: UInt8) {
    switch number {
    case 0: self = .eui64
    case 1: self = .none
    case 2: self = .stableSecret
    case 3: self = .random
    default: return nil
    }
  }

  var number: UInt8 {
    switch self {
    case .eui64: 0
    case .none: 1
    case .stableSecret: 2
    case .random: 3
    }
  }
}

// MARK: Changes

extension Netlink.Batch {
  /// Requests that turn one state of a link into another; a creation is a bare bridge (TAPs come by ioctl).
  mutating func add(_ before: Link, _ after: Link, _ table: inout LinkTable) throws(NetlinkError) {
    let name = after.name
    if before.name != name {
      var message = LinkMessage(index: Int32(try table.index(before.name)))
      message.name = name.text
      add("rename \(before.name) to \(name)", .change, message)
      return
    }
    // Alternative names first: a change of a link that is up tells everybody everything about it.
    let old = before.altnames ?? []
    let new = after.altnames ?? old
    if old != new {
      addNames("remove", .delete, old.filter { !new.contains($0) }, name)
      addNames("add", .create, new.filter { !old.contains($0) }, name)
    }
    try addSettings(before, after, &table)
    if let port = after.port.settings(changedFrom: before.port) {
      var message = LinkMessage(index: Int32(try table.index(name)))
      message.portKind = "bridge"
      message.port = port
      add("set attributes of port \(name)", .change, message)
    }
    // A port that changes masters begins with what the new one gives.
    if before.vlans != after.vlans, before.master == after.master, let vlans = after.vlans {
      try addVLANs(before.vlans ?? [], vlans, of: after, &table)
    }
  }

  /// What one message can set: `do_setlink` of net/core/rtnetlink.c takes them all.
  private mutating func addSettings(_ before: Link, _ after: Link, _ table: inout LinkTable)
    throws(NetlinkError)
  {
    var message = LinkMessage(name: after.name.text)
    var words: [String] = []
    if before.alias != after.alias {
      message.alias = after.alias ?? ""
      words.append("alias")
    }
    if before.mac != after.mac, let mac = after.mac {
      message.address = mac.netlink
      words.append("MAC \(mac)")
    }
    if before.mtu != after.mtu, let mtu = after.mtu {
      message.mtu = UInt32(mtu)
      words.append("MTU \(mtu)")
    }
    if before.addressGeneration != after.addressGeneration, let mode = after.addressGeneration {
      message.ipv6 = IPv6Settings(addressGeneration: mode.number)
      words.append("addrgenmode \(mode)")
    }
    if before.token != after.token, let token = after.token {
      message.ipv6 = message.ipv6 ?? IPv6Settings()
      message.ipv6?.token = token.netlink
      words.append("token \(token)")
    }
    if before.forwarding != after.forwarding, let forwarding = after.forwarding {
      message.ipv4 = IPv4Settings([.forwarding: forwarding ? 1 : 0])
      words.append("forwarding")
    }
    if before.linkGroup != after.linkGroup, let group = after.linkGroup {
      message.group = group
      words.append("group \(group)")
    }
    if before.bridge != after.bridge {
      message.kind = "bridge"
      message.data = .bridge(after.bridge.settings(changedFrom: before.bridge))
      words.append("bridge settings")
    }
    if before.macvtap.mode != after.macvtap.mode, let mode = after.macvtap.mode {
      message.kind = after.kind.description
      message.data = .macvlan(MacvlanSettings(mode))
      words.append("mode \(mode)")
    }
    if before.macvtap.allMulticast != after.macvtap.allMulticast, let all = after.macvtap.allMulticast {
      message.setAllMulticast(all)
      words.append("allmulticast \(all ? "on" : "off")")
    }
    if before.master != after.master, let master = after.master {
      message.master = try master.name.map { name throws(NetlinkError) in try table.index(name) } ?? 0
      words.append("master \(master)")
    }
    if before.up != after.up, let up = after.up {
      message.setUp(up)
      words.append(up ? "up" : "down")
    }
    guard !words.isEmpty else { return }
    add("set \(words.joined(separator: ", ")) of \(after.name)", .change, message)
    // The first port that is up gives its bridge a carrier, on which the kernel acts in the background: at once, unless
    // a hundred other links wait (MAX_DO_DEV_PER_LOOP, net/core/link_watch.c), and then a second later.
    if !after.isForVM, before.master != after.master, let bridge = after.master?.name {
      addSettling(of: bridge)
    }
    // Nor has a macvlan one before, and what the host sends by it meanwhile is lost.
    if after.kind == .macvlan, before.up != true, after.up == true { addSettling(of: after.name) }
  }

  private mutating func addNames(_ verb: String, _ kind: Verb, _ names: [String], _ link: LinkName) {
    guard !names.isEmpty else { return }
    var message = LinkPropertyMessage(index: 0, altNames: names.sorted())
    message.name = link.text
    add("\(verb) altname of \(link)", kind, message)
  }

  private mutating func addVLANs(
    _ old: [PortVLAN], _ new: [PortVLAN], of link: Link, _ table: inout LinkTable
  ) throws(NetlinkError) {
    let index = Int32(try table.index(link.name))
    let gone = old.filter { vlan in !new.contains { $0.id == vlan.id } }
    let come = new.filter { !old.contains($0) }
    if !gone.isEmpty {
      add(
        "remove VLANs of \(link.name)", .delete,
        BridgeVLANMessage(index: index, ofBridge: link.kind == .bridge, gone.ranges))
    }
    if !come.isEmpty {
      add(
        "set VLANs of \(link.name)", .change,
        BridgeVLANMessage(index: index, ofBridge: link.kind == .bridge, come.ranges))
    }
  }

  /// A bridge, or a VLAN interface, macvtap or macvlan on something; with that interface index where it is not 0.
  mutating func addCreation(
    of link: Link, _ table: inout LinkTable, index: Int32 = 0
  ) throws(NetlinkError) {
    var message = LinkMessage(index: index, name: link.name.text)
    message.kind = link.kind.description
    switch link.kind {
    case .vlan: message.data = .vlan(link.vlan.settings)
    case .macvtap, .macvlan: message.data = link.macvtap.mode.map { .macvlan(MacvlanSettings($0)) }
    default: message.data = .bridge(link.bridge.settings(changedFrom: Link.Bridge()))
    }
    message.lower = try link.lower.map { name throws(NetlinkError) in try table.index(name) }
    message.address = link.mac?.netlink
    message.mtu = link.mtu.map(UInt32.init)
    add("create \(link.kind) \(link.name)", .create, message)
  }

  /// Both ends of a veth, the other one in the namespace of that descriptor.
  mutating func addVeth(_ link: Link, peerIn descriptor: Int32) {
    var peer = LinkMessage(name: link.veth.peer?.text)
    peer.namespaceDescriptor = descriptor
    var message = LinkMessage(name: link.name.text)
    message.kind = link.kind.description
    message.data = .veth(peer: peer)
    add("create veth \(link.name)", .create, message)
  }

  /// Asking for one link makes the kernel settle its operational state at once (`linkwatch_sync_dev`, called by
  /// `rtnl_getlink`). A TAP that nobody holds is then down instead of unknown, and a bridge does not go over all its
  /// ports for each one of them that comes up.
  mutating func addSettling(of link: LinkName) {
    touchLink("settle \(link)", named: link.text)
  }

  mutating func addDeletion(of link: Link) {
    add("delete \(link.kind) \(link.name)", .delete, LinkMessage(name: link.name.text))
  }
}

extension Link.Port {
  /// nil for nothing to set.
  fileprivate func settings(changedFrom before: Link.Port) -> BridgePort? {
    // A port that has just joined has neither.
    var (old, settings) = (before, BridgePort())
    (old.isolated, old.groupForwardMask) = (before.isolated ?? false, before.groupForwardMask ?? 0)
    if isolated != old.isolated { settings.isolated = isolated }
    if groupForwardMask != old.groupForwardMask { settings.groupForwardMask = groupForwardMask }
    return settings == BridgePort() ? nil : settings
  }
}

extension Link.Bridge {
  fileprivate func settings(changedFrom old: Link.Bridge) -> BridgeSettings {
    var settings = BridgeSettings()
    if stp != old.stp { settings.stpState = stp.map { $0 ? 1 : 0 } }
    if vlanFiltering != old.vlanFiltering { settings.vlanFiltering = vlanFiltering }
    if multicastSnooping != old.multicastSnooping { settings.multicastSnooping = multicastSnooping }
    if defaultPVID != old.defaultPVID { settings.vlanDefaultPVID = defaultPVID }
    return settings
  }
}
