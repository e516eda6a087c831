// Who may have QEMU put a TAP on a bridge by its helper: the group of a VM's owner, and root where it has none.

extension Composer {
  mutating func admit(_ vm: VM, to bridge: LinkName, _ path: String) {
    // To the helper `all` is no name.
    guard bridge.isPlain, bridge.text != "all" else {
      conflict(
        vm.position, path, "the name of the bridge '\(bridge)' cannot stand in qemu-bridge-helper's list",
        hint: "give it a name of letters, digits, '_', '.' and '-'")
      return
    }
    guard let group = group(of: vm, path) else { return }
    let id = BridgeAccessID(name: topology.name, group: group)
    target.admitted[id, default: []].insert(path)
    accessible[id, default: []].insert(bridge)
  }

  /// By user alone nobody can be let in: the file would be the user's to change.
  private mutating func group(of vm: VM, _ path: String) -> UInt32? {
    guard let owner = vm.owner else { return 0 }
    let user = account(owner.user, among: host.facts.users, "user", path)
    if owner.group != nil {
      guard case .id(let group) = account(owner.group, among: host.facts.groups, "group", path) else {
        return nil
      }
      return group
    }
    guard case .id(let id) = user else { return nil }
    if id == 0 { return 0 }
    if case .name(let name)? = owner.user?.value,
      let group = host.facts.users?.first(where: { $0.name == name })?.group
    {
      return group
    }
    lacking(
      owner.user?.position, "\(path).owner",
      "qemu-bridge-helper lets groups have ports, and which is that of user \(id) is not known",
      hint: "owner: {user: \(id), group: …}")
    return nil
  }

  mutating func admitToBridges() {
    for (id, bridges) in accessible {
      if observed[.bridgeAccess(id)]?.bridgeAccess?.isUnread == true {
        noticeUnread("files of qemu-bridge-helper can be read by its groups only: they are not compared")
        target.want(observed[.bridgeAccess(id)]!, because: "bridge-access")
      } else {
        target.want(.bridgeAccess(BridgeAccess(id, to: bridges)), because: "bridge-access")
      }
    }
    for access in observed.bridgeAccess where access.id.name == topology.name && accessible[access.id] == nil
    {
      target.drop(.bridgeAccess(access.id), because: "bridge-access")
    }
  }
}
