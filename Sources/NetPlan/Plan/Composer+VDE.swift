// NICs that VM software plugs into a switch of their own (vde_switch), an unprivileged process that holds their TAP.
//
// One switch for each NIC: the TAP is then a port like any other, and everything that is checked, counted and limited at a
// port holds for this guest by itself. Behind a switch that several share it would hold for all of them together.

extension Composer {
  /// Whose switch a NIC has; nil after an obstacle.
  mutating func switchAccount(_ nic: NIC, of vm: VM, _ path: String) -> Service.Account? {
    if host.facts.vde == false {
      lacking(
        nic.position, path, "this host has no vde_switch, which the VM software plugs into",
        hint: "apt install vde2 (the package has that name elsewhere too); or `via: tap`", isShared: true)
      return nil
    }
    return serviceAccount(.vde, vm, path)
  }

  /// The switch opens the TAP, and nobody else has to.
  mutating func want(switchOf account: Service.Account, _ nic: NIC, of vm: VM, on tap: Link, _ path: String) {
    let id = serviceID(.vde, nic)
    let wanted = VDESwitch(
      account: account, socket: nic.socket ?? serviceFolder(id), tap: tap.name,
      isShared: vm.owner?.group != nil)
    refuse(socket: wanted.socket, longest: VDESwitch.longestSocket, nic, path)
    if wanted.socket.contains("://") {
      conflict(
        nic.written["socket"] ?? nic.position, "\(path).socket",
        "what plugs in would read the path of its socket as one of another kind: \(wanted.socket)",
        hint: "write a `socket` without '://'")
    }
    if let mtu = tap.mtu, mtu > VDESwitch.mostMTU {
      conflict(
        nic.mtu?.position ?? nic.position, "\(path).mtu",
        "MTU \(mtu) is above \(VDESwitch.mostMTU): vde_switch loses longer frames",
        hint: "mtu: \(VDESwitch.mostMTU), or `via: tap`")
    }
    // Of one queue, which somebody has who is not our own switch.
    if let present = observed.link(tap.name), present.isHeld, observed[.service(id)]?.service?.inUse == nil {
      conflict(
        nic.position, path, "a process holds '\(tap.name)', which the switch is to open",
        hint: "end the VM that uses it first ('vnet-apply status' names it)")
    }
    target.want(.service(Service(id: id, configuration: wanted.words)), because: path)
  }
}
