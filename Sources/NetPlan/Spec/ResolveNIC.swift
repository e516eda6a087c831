extension Resolver {
  /// One NIC with its defaults; nil where it could not be read, which has been reported.
  mutating func resolve(_ stanza: NICStanza, of vm: VM, _ vmKeys: VMKeys, _ file: VMKeys) -> NIC? {
    let before = reader.diagnostics.errorCount
    guard var keys = NICKeys.table.read(stanza.node, &reader) else { return nil }
    let own = keys.written.count
    let network = layer(&keys, vmKeys.nic, file.nic)
    // A network that is not there is a mistake of its own, whatever else is wrong with the NIC.
    if let name = network?.name, networks[name] == nil {
      if !networkNames.contains(name) { undefinedNetwork(name, network?.position) }
      return nil
    }
    _ = reach(keys.reach)
    if reader.diagnostics.errorCount > before { return nil }
    if keys.network != nil, keys.hardware != nil {
      reader.report(
        .networkAndHardware, NICKeys.table.position("hardware", in: keys),
        "a NIC is on a `network` or on `hardware`, not on both",
        related: NICKeys.table.position("network", in: keys).map {
          .init(message: "the network", position: $0)
        })
      return nil
    }
    guard let (mode, via) = settleMode(&keys, own: own, stanza, networks[keys.network ?? ""]) else {
      return nil
    }
    let kind = NICKinds.of(mode, via, onNetwork: keys.network != nil)
    drop(&keys, own: own, kind, mode, via)
    guard checkNeeds(keys, kind, stanza, vm), reader.diagnostics.errorCount == before else { return nil }
    let nic = settle(keys, stanza, vm, mode, via, kind, listen: file.listen)
    if let network = networks[keys.network ?? ""] { checkRange(keys.address ?? [], on: network) }
    guard reader.diagnostics.errorCount == before else { return nil }
    checkAlone(nic, kind, vm)
    return nic
  }

  /// Lays VM, network and file under the NIC. A network that only the file's defaults name is for NICs that
  /// can be on one.
  private mutating func layer(
    _ keys: inout NICKeys, _ vm: NICKeys, _ file: NICKeys
  ) -> (name: String, position: SourcePosition?)? {
    let table = NICKeys.table
    var file = file
    func hide(_ key: String, in lower: inout NICKeys) {
      lower.written.removeAll { table.keys[Int($0.key)].name == key }
    }
    var vm = vm
    if keys.network == nil, keys.hardware != nil || !admitsNetwork(keys, below: vm, file) {
      if table.written("network", in: keys) == nil { hide("network", in: &vm) }
      hide("network", in: &file)
    }
    if keys.network != nil { hide("hardware", in: &vm) }
    table.overlay(&keys, on: vm)
    if keys.hardware != nil { hide("network", in: &file) }
    if keys.network != nil { hide("hardware", in: &file) }
    let name =
      keys.network
      ?? (file.written.contains { table.keys[Int($0.key)].name == "network" } ? file.network : nil)
    if let name, let network = networks[name] {
      table.overlay(&keys, on: network.defaultsForNICs(&reader))
    }
    table.overlay(&keys, on: file)
    return name.map { ($0, table.position("network", in: keys)) }
  }

  private func admitsNetwork(_ keys: NICKeys, below vm: NICKeys, _ file: NICKeys) -> Bool {
    switch keys.via ?? vm.via {
    case .user, .passt, .tap, .vfio, .sriov, .netns, .macvtap: return false
    case .vde, .vmm, .bridge: return true
    case .nat, nil: break
    }
    switch keys.mode ?? vm.mode ?? file.mode {
    case .tap, .dedicated: return false
    case .shared, .bridged, nil: return true
    }
  }

  private mutating func settleMode(
    _ keys: inout NICKeys, own: Int, _ stanza: NICStanza, _ network: ResolvedNetwork?
  ) -> (Mode, Via)? {
    let table = NICKeys.table
    var mode = keys.mode
    if mode == nil {
      guard let network else {
        reader.report(
          .missingKey, stanza.position,
          "the NIC `\(stanza.name)` needs a `mode`, or a `network` to take it from",
          hint: "`mode: shared`, `tap`, `bridged` or `dedicated`")
        return nil
      }
      let modes = keys.via.map { via in Mode.allCases.filter { $0.vias.contains(via) } } ?? []
      mode = modes.count == 1 ? modes[0] : network.network.nat != nil && keys.via == nil ? .shared : .bridged
    }
    guard let mode else { return nil }
    guard let via = keys.via else {
      return (mode, mode == .shared && network != nil ? .nat : mode.vias[0])
    }
    if mode.vias.contains(via) { return (mode, via) }
    let ownKeys = keys.written.prefix(own).map { table.keys[Int($0.key)].name }
    if !ownKeys.contains("via") {
      keys.via = nil
      return (mode, mode == .shared && network != nil ? .nat : mode.vias[0])
    }
    reader.report(
      .viaNotForMode, table.position("via", in: keys),
      "`via: \(via.rawValue)` does not provide `mode: \(mode.rawValue)`",
      hint: "\(mode.rawValue) is provided by \(mode.vias.map(\.rawValue).joined(separator: ", "))")
    return nil
  }

  /// Keys that this NIC cannot have: an error where the NIC itself says them, silence where they are
  /// defaults.
  private mutating func drop(_ keys: inout NICKeys, own: Int, _ kind: NICKinds, _ mode: Mode, _ via: Via) {
    let table = NICKeys.table
    var dropped: [UInt8] = []
    for (index, written) in keys.written.enumerated()
    where NICKeys.kinds[Int(written.key)].isDisjoint(with: kind) {
      let key = table.keys[Int(written.key)]
      if index < own {
        reader.within(key.name) { reader in
          reader.report(
            .keyNotForNIC, written.keyPosition,
            "`\(key.name)` is for \(NICKeys.use(of: key.name)?.text ?? "no NIC"), and this one is "
              + "\(mode.rawValue) via \(via.rawValue)")
        }
      } else {
        key.adopt(&keys, NICKeys())
      }
      dropped.append(written.key)
    }
    if !dropped.isEmpty { keys.written.removeAll { dropped.contains($0.key) } }
  }

  /// What this kind of NIC cannot do without.
  private mutating func checkNeeds(_ keys: NICKeys, _ kind: NICKinds, _ stanza: NICStanza, _ vm: VM) -> Bool {
    let needsNetwork: NICKinds = [.bridge, .bridgedVMM, .natPort]
    if !kind.isDisjoint(with: needsNetwork), keys.network == nil {
      reader.report(
        .missingKey, stanza.position, "the bridged NIC `\(stanza.name)` needs a `network`",
        hint: "or `via: macvtap` with `hardware`")
      return false
    }
    let needsHardware = NICKinds.dedicated.union(.macvtap)
    if !kind.isDisjoint(with: needsHardware), keys.hardware == nil {
      reader.report(
        .missingKey, stanza.position, "the NIC `\(stanza.name)` needs `hardware`, the hardware NIC")
      return false
    }
    let handOver = kind == .netns || kind == .sriov && keys.handOver == .netns
    if handOver, vm.netns == nil {
      reader.report(
        .missingKey, stanza.position,
        "the NIC `\(stanza.name)` is handed over to a namespace, and its VM has no `netns`")
      return false
    }
    if !kind.isDisjoint(with: .vmm), keys.device == nil, vm.vmm.portNames == nil,
      !vm.vmm.kinds.isDisjoint(with: kind)
    {
      reader.report(
        .missingKey, stanza.position,
        "the NIC `\(stanza.name)` needs `device`, the name that the VM software gives it",
        hint: "a pattern such as \"vnet*\"")
      return false
    }
    if let device = keys.device, !kind.isDisjoint(with: .tapLike), !checkDevice(device, kind, keys) {
      return false
    }
    if kind == .natPort, let name = keys.network, let network = networks[name], network.network.nat == nil {
      reader.report(
        .networkWithoutNAT, NICKeys.table.position("mode", in: keys) ?? stanza.position,
        "a shared NIC on `\(name)` needs `nat` there", hint: "`nat: true` at the network, or `mode: bridged`")
      return network.isBroken
    }
    return true
  }
}

extension Resolver {
  /// A name of an interface; where the VM software gives it, a pattern for one.
  fileprivate mutating func checkDevice(_ device: String, _ kind: NICKinds, _ keys: NICKeys) -> Bool {
    let at = NICKeys.table.position("device", in: keys)
    if kind.isDisjoint(with: .vmm) { return reader.linkName(device, at) != nil }
    // Rules know an asterisk at the end and nowhere else.
    let letters = device.hasSuffix("*") ? device.dropLast() : device[...]
    if device.utf8.count <= 15, !letters.isEmpty, letters.utf8.allSatisfy(Name.isLetter) { return true }
    reader.report(
      .badDevice, at,
      "`\(device.shown)` is not the name of an interface, or the beginning of one with an asterisk",
      hint: "such as \"vnet*\"")
    return false
  }
}

extension ResolvedNetwork {
  /// `isolated` of the network itself counts as one of its defaults.
  func defaultsForNICs(_ reader: inout NodeReader) -> NICKeys {
    var keys = defaults.value(&reader)
    if let isolated = self.keys.isolated, keys.isolated == nil,
      let written = NetworkKeys.table.written("isolated", in: self.keys)
    {
      keys.isolated = isolated
      keys.written.append(
        WrittenKey(
          key: NICKeys.table.number(of: "isolated"), keyPosition: written.keyPosition,
          position: written.position))
    }
    return keys
  }
}
