extension Composer {
  /// A network for whose guests the host forwards: to the outside, or to networks that they may reach.
  mutating func addGateway(of network: Network, _ bridge: inout Link, _ path: String) {
    guard isGateway(of: network) else {
      bridge.linkGroup = group(of: bridge.name, forwardsIPv6: false)
      return
    }
    bridge.forwarding = true
    networkProxies[network.name] = network.proxy.flatMap { find($0, "\(path).proxy") }
    let prefixes = Set(
      hostAddresses(of: network).filter { !$0.address.isLinkLocal && isUsable($0.family) }.map(\.prefix))
    for prefix in prefixes.sorted() {
      // The kernel has the way there itself; this is what forwarded packets may take on a host that did not forward.
      var route = Route(
        id: RouteID(destination: prefix, metric: prefix.family == .ipv6 ? 1024 : 0),
        nexthops: [Nexthop(link: network.device)])
      route.origin = Ownership.origin
      route.scope = prefix.family == .ipv4 ? .link : .global
      guestRoutes.append(route)
      target.reasons[.route(route.id)] = path
    }
    let forwardsIPv6 = prefixes.contains { $0.family == .ipv6 }
    bridge.linkGroup = group(of: bridge.name, forwardsIPv6: forwardsIPv6)
    if forwardsIPv6 {
      setting(.ipv6, network.device, "forwarding", "1", path)
      if host.facts.forceForwarding == true { setting(.ipv6, network.device, "force_forwarding", "1", path) }
    }
    if let nat = network.nat { addOutside(nat, path) }
    if prefixes.contains(where: { $0.family == .ipv4 }) {
      setting(
        .ipv4, network.device, "route_localnet", network.hasLoopbackForwards(topology) ? "1" : "0", path)
    }
  }

  func isGateway(of network: Network) -> Bool { isInside(network) && forwards(network) }

  func isUsable(_ family: AddressFamily) -> Bool { family == .ipv4 || host.facts.ipv6 != false }

  func forwards(_ network: Network) -> Bool {
    if network.nat != nil || network.route || network.reach != .networks([]) { return true }
    func names(_ reach: Reach) -> Bool {
      switch reach {
      case .all: true
      case .networks(let names): names.contains(network.name)
      }
    }
    return topology.networks.contains { $0.name != network.name && names($0.reach) }
      || topology.vms.contains { $0.nics.contains { names($0.reach) } }
  }

  /// Answers to guests come in where the host reaches something by: without `out` that is every interface with a route.
  mutating func addOutside(_ nat: NAT, _ path: String) {
    guard let out = nat.out else {
      isOutsideAnywhere = true
      return
    }
    guard let hardware = find(out, "\(path).nat.out") else { return }
    outbound[out.value] = hardware.name
    outside.insert(hardware.name)
  }
}

extension Network {
  /// Some forward to a guest of it is for 127.0.0.1, or for every address of the host.
  fileprivate func hasLoopbackForwards(_ topology: Topology) -> Bool {
    topology.vms.contains { vm in
      vm.nics.contains { nic in
        nic.network?.value == name
          && nic.forwards.contains { $0.listen.map { $0.family == .ipv4 && $0.isLoopback } ?? true }
      }
    }
  }
}
