extension Resolver {
  mutating func resolveVMs() {
    reader.readsTemplates = true
    defer {
      reader.readsTemplates = false
      reader.number = nil
      reader.path = []
    }
    var known: [String: SourcePosition] = [:]
    vms.reserveCapacity(keys.vms?.count ?? 0)
    for stanza in keys.vms ?? [] {
      reader.path = ["vms", stanza.name]
      expand(stanza, &known)
    }
    reader.path = []
    vms = naturallySorted(vms, by: \.name)
    checkFormerNames()
  }

  /// One VM, or as many as `count` says.
  private mutating func expand(_ stanza: VMStanza, _ known: inout [String: SourcePosition]) {
    reader.number = nil
    guard let node = stanza.node["count"], !node.isNull else {
      add(stanza, VMKeys.table.read(stanza.node, &reader) ?? VMKeys(), name: stanza.name, &known)
      return
    }
    let count = reader.within("count") { ValueShape<Int>.vmCount.read(node, &$0) }
    let width = stanza.node["pad"].flatMap { node in
      reader.within("pad") { ValueShape<Int>.pad.read(node, &$0) }
    }
    let isNumbered = stanza.node.dependsOnNumber
    let before = reader.diagnostics.errorCount
    reader.number = VMNumber(number: 1, count: max(1, count ?? 1))
    var keys = VMKeys.table.read(stanza.node, &reader) ?? VMKeys()
    guard let count, count > 0 else { return }
    guard vms.count + count <= VMKeys.totalLimit else {
      return reader.report(.outOfRange, node.position, "more than \(VMKeys.totalLimit) VMs in all")
    }
    let digits = String(count).count
    for number in 1...count {
      reader.number = VMNumber(number: number, count: count)
      if number > 1, isNumbered { keys = VMKeys.table.read(stanza.node, &reader) ?? VMKeys() }
      let text = String(number)
      let padded = String(repeating: "0", count: max(0, (keys.pad ?? width ?? digits) - text.count)) + text
      if let was = keys.was { keys.was = formerName(was, stanza.node["was"], padded) }
      add(stanza, keys, name: "\(stanza.name)-\(padded)", &known)
      // One faulty line is one message, however many VMs it stands for.
      if reader.diagnostics.errorCount > before { return }
    }
  }

  /// `was: old` of a counted stanza says `old-N` of each, unless it names each itself.
  private func formerName(_ was: String, _ node: Node?, _ padded: String) -> String {
    guard case .scalar(let text, _)? = node?.content, !text.utf8.contains(UInt8(ascii: "{")) else {
      return was
    }
    return "\(text)-\(padded)"
  }

  private mutating func add(
    _ stanza: VMStanza, _ keys: VMKeys, name: String,
    _ known: inout [String: SourcePosition]
  ) {
    if let first = known.updateValue(stanza.position, forKey: name) {
      reader.report(
        .duplicateVM, stanza.position, "there are two VMs `\(name)`",
        related: .init(message: "the other", position: first))
      return
    }
    let file = fileDefaults.value(&reader)
    let netns = keys.netns ?? (isWritten("netns", keys) ? nil : file.netns)
    let netnsPlace =
      VMKeys.table.position("netns", in: keys) ?? VMKeys.defaults.position("netns", in: file)
    var vm = VM(
      name: name, was: keys.was, position: stanza.position, vmm: keys.vmm ?? file.vmm ?? .qemu,
      owner: Owner.filled(keys.owner, file.owner), netns: netns.map { Sourced($0, at: netnsPlace) },
      stanza: reader.number == nil ? nil : stanza.name, number: reader.number?.number,
      allow: keys.allow ?? [],
      written: vmPlaces(keys, file), nics: [])
    for nic in keys.nics ?? [] {
      reader.path = ["vms", stanza.name, "nics", nic.name]
      if let nic = resolve(nic, of: vm, keys, file) { vm.nics.append(nic) }
    }
    reader.path = ["vms", stanza.name]
    vm.nics = naturallySorted(vm.nics, by: \.name)
    vms.append(vm)
  }

  private func isWritten(_ key: String, _ keys: VMKeys) -> Bool { VMKeys.table.written(key, in: keys) != nil }

  /// Keys of the VM itself; those of its NICs are with each NIC.
  private func vmPlaces(_ keys: VMKeys, _ file: VMKeys) -> [String: SourcePosition] {
    var places: [String: SourcePosition] = [:]
    for (path, written) in VMKeys.table.writtenPaths(keys) + VMKeys.defaults.writtenPaths(file)
    where (!NICKeys.table.contains(path) || NICKeys.isOwn(path)) && path != "nics" && path != "listen"
      && places[path] == nil
    {
      places[path] = written.keyPosition
    }
    return places
  }

  private mutating func checkFormerNames() {
    var known: [String: SourcePosition] = [:]
    let names = Set(vms.map(\.name))
    for vm in vms {
      reader.path = ["vms", vm.stanza ?? vm.name, "was"]
      if let was = vm.was, let at = vm.written["was"] {
        formerName(was, at, "VM", isTaken: names.contains(was), &known)
      }
      guard vm.nics.contains(where: { $0.was != nil }) else { continue }
      var knownNICs: [String: SourcePosition] = [:]
      for nic in vm.nics {
        guard let was = nic.was, let at = nic.written["was"] else { continue }
        reader.path = ["vms", vm.stanza ?? vm.name, "nics", nic.name, "was"]
        formerName(was, at, "NIC", isTaken: vm.nics.contains { $0.name == was }, &knownNICs)
      }
    }
    reader.path = []
  }
}

extension Owner {
  /// Mappings merge: the group of the defaults completes a user written at the VM.
  fileprivate static func filled(_ own: Owner?, _ defaults: Owner?) -> Owner? {
    guard let own else { return defaults }
    return Owner(user: own.user ?? defaults?.user, group: own.group ?? defaults?.group)
  }
}

extension ValueShape where Value == Int {
  static var vmCount: ValueShape { integer(0...VMKeys.countLimit, "a number of VMs") }
  static var pad: ValueShape { integer(0...9, "a width") }
}

/// Sorted by name with runs of digits counted as numbers: `vm-2` before `vm-10`.
func naturallySorted<Element>(_ elements: [Element], by name: (Element) -> String) -> [Element] {
  var isSorted = true
  for index in elements.indices.dropFirst() where isSorted {
    isSorted = !naturallyPrecedes(name(elements[index]), name(elements[index - 1]))
  }
  return isSorted ? elements : elements.sorted { naturallyPrecedes(name($0), name($1)) }
}
