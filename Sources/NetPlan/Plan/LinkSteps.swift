// How a change of a link is split into steps, each itself a change of it.

extension Link {
  /// Bare, configured, joined, up.
  var creation: [(Stage, Change)] {
    if facts?.function != nil { return binding }
    if kind == .vlan { return stacking }
    let link = self
    var bare = Link(name: link.name, kind: link.kind)
    bare.tap = link.tap
    bare.veth = link.veth
    bare.bridge = link.bridge
    bare.macvtap = link.macvtap
    if link.kind == .macvtap { bare.macvtap.allMulticast = false }
    // Not for an instant a station of a MAC that is nobody's.
    if link.isStation { bare.mac = link.mac }
    // Filtering begins when every port has its VLANs.
    if bare.bridge.vlanFiltering == true { bare.bridge.vlanFiltering = false }
    bare.up = false
    if link.kind == .bridge {
      bare.mac = link.mac
      // A bridge follows its smallest port unless its MTU was once *changed* by hand (BROPT_MTU_SET_BY_USER,
      // net/bridge/br_device.c): so it begins with another one.
      bare.mtu = link.mtu.map { $0 - 1 }
    }
    var configured = link
    configured.up = false
    // The kernel takes these two only when the settings that they need are there.
    configured.token = nil
    if configured.addressGeneration == .stableSecret || configured.addressGeneration == .random {
      configured.addressGeneration = Link.AddressGeneration.none
    }
    configured.master = Link.Master.none
    configured.port = Link.Port()
    configured.vlans = nil
    configured.bridge = bare.bridge
    var joined = configured
    joined.master = link.master
    if link.vlans != nil { joined.vlans = link.facts?.joinVLANs ?? [] }
    // With nothing to be set between joining and coming up, one message does both: the master is set first.
    if link.kind == .tap, link.port.isUsual, link.vlans == joined.vlans, link.master?.name != nil {
      joined.up = link.up
      joined.port = link.port
    }
    var port = joined
    port.port = link.port
    port.vlans = link.vlans
    var raised = port
    raised.up = link.up
    return chain(
      (.create, nil, bare), (.configure, bare, configured), (.join, configured, joined),
      (.ports, joined, port),
      (link.kind == .bridge ? .raiseBridges : .raise, port, raised), (.rearrange, raised, link))
  }

  /// A VLAN interface begins with the MTU of what it stands on, which may be about to grow.
  private var stacking: [(Stage, Change)] {
    var bare = Link(name: name, kind: kind)
    bare.vlan = vlan
    bare.mac = mac
    bare.up = false
    var configured = self
    configured.up = false
    configured.mtu = nil
    configured.token = nil
    if configured.addressGeneration == .stableSecret || configured.addressGeneration == .random {
      configured.addressGeneration = Link.AddressGeneration.none
    }
    var raised = configured
    raised.up = up
    return chain(
      (.stack, nil, bare), (.settings, bare, configured), (.raise, configured, raised),
      (.release, raised, self))
  }

  /// The interface of a virtual function, or its device for user space alone.
  private var binding: [(Stage, Change)] {
    if vfio != nil { return [(.handOver, Change(before: nil, after: .link(self)))] }
    var bare = Link(name: name, kind: kind)
    (bare.facts, bare.up) = (facts, false)
    if isAway {
      return [
        (.bind, Change(before: nil, after: .link(bare))),
        (.handOver, Change(before: .link(bare), after: .link(self))),
      ]
    }
    var configured = self
    configured.up = false
    return chain((.bind, nil, bare), (.configure, bare, configured), (.raise, configured, self))
  }

  /// The old one goes before the new one comes, since both have the name.
  func replacing(_ before: Link) -> [(Stage, Change)] {
    [(.free, Change(before: .link(before), after: nil))] + creation
  }

  /// Named, configured, up, in its place.
  func updating(_ before: Link) -> [(Stage, Change)] {
    let after = self
    var named = before
    named.name = after.name
    var configured = named
    configured.alias = after.alias
    configured.altnames = after.altnames
    configured.mac = after.mac
    configured.addressGeneration = after.addressGeneration
    configured.forwarding = after.forwarding
    configured.linkGroup = after.linkGroup
    configured.tap = after.tap
    configured.macvtap = after.macvtap
    configured.offersFunctions = after.offersFunctions
    configured.bridge = after.bridge
    if after.bridge.vlanFiltering == true { configured.bridge.vlanFiltering = before.bridge.vlanFiltering }
    // Spanning tree begins when no port of a guest hands it BPDUs any more.
    if after.bridge.stp == true { configured.bridge.stp = before.bridge.stp }
    // A link without a master keeps none of a port's attributes; one that changes masters starts anew.
    let moves = before.master != after.master
    var ported = configured
    if !moves {
      ported.vlans = after.vlans
      ported.port = after.port
    }
    var raised = ported
    if after.up == true { raised.up = true }
    var flipped = raised
    flipped.master = after.master
    if after.up == false { flipped.up = false }
    if moves {
      flipped.port = Link.Port()
      flipped.vlans = after.vlans == nil ? nil : after.facts?.joinVLANs ?? []
    }
    var arranged = flipped
    arranged.port = after.port
    arranged.vlans = after.vlans
    // Not above that of the interface it stands on (`vlan_dev_change_mtu`).
    let isLast = after.kind == .vlan && after.mtu ?? 0 > before.mtu ?? 0
    if !isLast { arranged.mtu = after.mtu }
    arranged.bridge = after.bridge
    // Functions come before all that is made of them, and go after it.
    if let count = after.functions, count != before.functions {
      var (divided, undivided) = (before, after)
      if count > before.functions ?? 0 {
        // Some drivers refuse what they are told of a function while the hardware has no link.
        var raised = before
        if after.up == true { raised.up = true }
        divided = raised
        divided.functions = count
        return chain((.free, before, raised), (.divide, raised, divided)) + updating(divided)
      }
      undivided.functions = before.functions
      return undivided.updating(before) + chain((.remove, undivided, after))
    }
    return chain(
      (.free, before, named), (.configure, named, configured), (.ports, configured, ported),
      (after.kind == .bridge ? .raiseBridges : .raise, ported, raised),
      (.flip, raised, flipped),
      (.rearrange, flipped, arranged), (.release, arranged, after))
  }
}

extension Link.Port {
  /// As the kernel makes one.
  fileprivate var isUsual: Bool { isolated != true && groupForwardMask ?? 0 == 0 }
}

/// What changes nothing is no step.
private func chain(_ parts: (Stage, Link?, Link)...) -> [(Stage, Change)] {
  parts.compactMap { stage, before, after in
    before == after ? nil : (stage, Change(before: before.map(Object.link), after: .link(after)))
  }
}

extension Link {
  /// The kernel makes this link-local address of the MAC of such a link.
  func makes(_ address: Address) -> Bool {
    // A NIC that is made anew is as it was.
    guard !isForVM else { return true }
    return addressGeneration == .eui64
      && address.local.address.value & UInt128(UInt64.max) == mac?.interfaceIdentifier
  }
}
