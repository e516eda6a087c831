extension Composer {
  /// DHCP, DNS and router advertisements, one program a network.
  mutating func serve() {
    let guests = guestsByNetwork(where: isServed)
    for network in topology.networks where isServed(network) {
      guard let link = interface(of: network) else { continue }
      add(dnsmasq: network, link.name, guests[network.name] ?? [])
    }
    for service in observed.services
    where service.id.name == topology.name && target.wanted[.service(service.id)] == nil {
      target.drop(.service(service.id), because: service.id.path)
    }
  }

  func isServed(_ network: Network) -> Bool {
    let addresses = servedAddresses(of: network)
    return (network.segment == .own || network.portGroup != nil) && !addresses.isEmpty
      && (network.dhcp != nil || network.dns != nil
        || network.ra && addresses.contains { $0.family == .ipv6 })
  }

  private func servedAddresses(of network: Network) -> [IPInterface] {
    hostAddresses(of: network).filter { host.facts.ipv6 != false || $0.family == .ipv4 }
  }

  private mutating func add(dnsmasq network: Network, _ link: LinkName, _ nics: [NIC]) {
    let path = "networks.\(network.name)"
    let files = Dnsmasq(
      link: link, addresses: servedAddresses(of: network), dhcp: network.dhcp, dns: network.dns,
      advertises: network.ra)
    if host.facts.dnsmasq == false {
      lacking(
        network.position, path, "this host has no dnsmasq, which serves DHCP, DNS and router advertisements",
        hint:
          "apt install dnsmasq-base (elsewhere the package is dnsmasq); or turn 'dhcp', 'dns' and 'ra' off",
        isShared: true)
    }
    do throws(Dnsmasq.Unfit) {
      let id = ServiceID(program: .dnsmasq, name: topology.name, subject: network.name)
      let service = Service(
        id: id, configuration: try files.configuration(), hosts: network.dhcp == nil ? [] : hosts(nics),
        names: network.dns.map { names(nics, $0) } ?? [])
      target.want(.service(service), because: path)
    } catch {
      let key = String(error.key.prefix { $0 != "." })
      conflict(
        network.written[error.key] ?? network.written[key] ?? network.position, "\(path).\(error.key)",
        error.message)
    }
  }

  private func hosts(_ nics: [NIC]) -> [String] {
    var named: Set<String> = []
    return nics.map { nic in
      Dnsmasq.host(
        Dnsmasq.Guest(
          mac: nic.mac, addresses: guestAddresses(of: nic).map(\.address),
          name: named.insert(nic.vm).inserted ? nic.vm : nil))
    }
  }

  private func names(_ nics: [NIC], _ dns: DNS) -> [String] {
    let written = dns.hosts.sorted { naturallyPrecedes($0.key, $1.key) }
    return nics.flatMap { Dnsmasq.names(of: guestAddresses(of: $0).map(\.address), $0.vm) }
      + written.flatMap { Dnsmasq.names(of: $0.value, $0.key) }
  }
}
