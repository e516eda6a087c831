// Frames of a macvtap pass no bridge, and the host's IP layer neither: they go straight from the device node to the
// hardware NIC. What sees them is the hook of the device itself, where for the kernel they are leaving
// (`tap_get_user` sends them by `dev_queue_xmit`); what is for the guest comes in there (`macvlan_handle_frame`).

extension Composer {
  /// The table of one macvtap: a device's hook goes with the device, so each has a table of its own.
  mutating func addDeviceTables() {
    for (nic, link) in attached {
      let path = "vms.\(nic.vm).nics.\(nic.name)"
      // Whose the wire is alone may say there what it likes.
      let isFree = link.macvtap.mode == .passthru && nic.antiSpoof.isEmpty
      if isFree, nic.limitIn == nil, nic.limitOut == nil { continue }
      if host.facts.egressFilters == false {
        lacking(
          nic.position, path, "this kernel cannot filter what a macvtap sends",
          hint: "Linux 5.16 with CONFIG_NETFILTER_EGRESS can", isShared: true)
        return
      }
      target.guestMarks[path] = GuestMarks(mac: nic.mac)
      var checks = GuestChecks()
      checks.add(guest(nic, link.name.text, nil))
      want(
        checks.table(
          of: link.name, in: topology.name, receivingAtMost: nic.limitIn, isFree: isFree))
    }
  }
}

extension GuestChecks {
  /// The table of family netdev of a macvtap: the same rules, on what leaves.
  /// One that is free is held to its rates alone.
  func table(
    of device: LinkName, in configuration: String, receivingAtMost rate: UInt64?, isFree: Bool
  ) -> Table {
    var table = Table(id: TableID(of: device, in: configuration))
    let drops = Drops.ofFrames + Drops.ofPackets
    var received = TableSet(TableSet.receivedRate, key: "ifname", value: TableSet.limit)
    if let rate { received.elements["\"\(device)\""] = TableSet.definition(ofLimit: rate / 8) }
    table.sets = (Array(sets.values) + Drops.sets(drops) + [received]).sorted { $0.name < $1.name }
    table.chains = drops.map { Drops.chain($0, as: $0, of: "oifname") }
    table.chains += [
      Drops.chain("received", as: "rate"), NeighbourChecks.chain.leaving,
      TableChain(
        "received", hook: TableChain.hook("filter", "ingress", -300, device: device),
        ["limit name iifname map @\(TableSet.receivedRate) goto drop-received"]),
      TableChain(
        "sent", hook: TableChain.hook("filter", "egress", -300, device: device),
        [GuestChecks.rate] + (isFree ? [] : GuestChecks.frames + GuestChecks.packets)
      ).leaving,
    ]
    return table
  }
}

extension TableChain {
  /// Its rules for what goes out by an interface, where they are for what comes in by it.
  fileprivate var leaving: TableChain {
    TableChain(name, hook: hook, rules.map { $0.replacing("iifname", with: "oifname") })
  }
}

extension TableSet {
  /// A map of how much guests may receive, by their interface.
  static let receivedRate = "nic-rate-in"
}
