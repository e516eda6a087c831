internal import Netlink

extension LinuxHost {
  /// Tells the LAN of addresses of the host that have gone to a link of another MAC: by ARP announcements (RFC 5227, section
  /// 3) and unsolicited neighbour advertisements (RFC 4861, section 7.2.6). The kernel says nothing of an address that
  /// comes to a link which is up, and who has the old MAC in its table sends there until it asks anew.
  ///
  /// Nothing depends on it: neighbours are learned anew, only later.
  mutating func announceMoved(by batch: Batch) {
    let left = batch.steps.compactMap { step -> Address? in
      guard step.change.after == nil, let address = step.change.before?.address else { return nil }
      return address.origin == Ownership.origin ? nil : address
    }
    guard !left.isEmpty, let messages = try? socket.dumpAddresses() else { return }
    var hosts: [LinkName: LinkMessage] = [:]
    func find(_ name: LinkName) -> LinkMessage? {
      if let known = hosts[name] { return known }
      hosts[name] = try? socket.link(named: name.text)
      return hosts[name]
    }
    for address in left {
      let former = find(address.link)?.address
      for message in messages {
        guard (message.local ?? message.address).map({ IPAddress($0) }) == address.local.address,
          let new = try? socket.link(index: Int32(message.index)), new.index != find(address.link)?.index,
          let mac = MACAddress(new.address), new.address != former, new.isUp, !new.isLoopback
        else { continue }
        Announcement(of: address.local.address, at: mac, by: UInt32(new.index)).send()
      }
    }
  }
}

/// That an address has a MAC, to everybody on a link.
private struct Announcement {
  let address: IPAddress
  let mac: [UInt8]
  let index: UInt32

  init(of address: IPAddress, at mac: MACAddress, by index: UInt32) {
    self.address = address
    self.mac = Self.bytes(mac.bits, count: 6)
    self.index = index
  }

  private static func bytes(_ value: some FixedWidthInteger, count: Int) -> [UInt8] {
    (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * (count - 1 - $0))) }
  }

  func send() {
    switch address.family {
    case .ipv4: sendARP()
    case .ipv6:
      // Override (RFC 4861, section 4.4), then the option Target Link-Layer Address.
      let message = [136, 0, 0, 0, 0x20, 0, 0, 0] + Self.bytes(address.value, count: 16) + [2, 1] + mac
      RawICMPv6.send(message, toAll: .nodes, on: index)
    }
  }

  private func sendARP() {
    // A request of Ethernet and IPv4 in which sender and target are one.
    let target = Self.bytes(address.value, count: 4)
    let message = [0, 1, 8, 0, 6, 4, 0, 1] + mac + target + [0, 0, 0, 0, 0, 0] + target
    // ETH_P_ARP
    _ = EthernetBroadcast.send(message, etherType: 0x0806, on: index)
  }
}
