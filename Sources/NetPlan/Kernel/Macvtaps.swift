internal import Glibc
internal import Netlink

// Macvtaps come by netlink, each with a device node that VM software opens: /dev/tapN, where N is the interface index.

extension LinuxHost {
  /// Makes it with its node's owner, or not at all.
  ///
  /// The node's name is the same for all network namespaces, and the index is not (`macvtap_device_event`,
  /// drivers/net/macvtap.c): where another one's macvtap has the name, the kernel makes no node and says nothing
  /// (`device_add` ignores it). So one without a node of its own is made anew, with an index that is nobody's.
  mutating func createMacvtap(_ link: Link) throws(NetlinkError) -> StepOutcome {
    var index: Int32 = 0
    for _ in 0..<8 {
      var batch = Netlink.Batch()
      links.forget(link.name)
      try batch.addCreation(of: link, &links, index: index)
      let outcome = StepOutcome(socket.transact(batch)[0])
      guard outcome == .done else { return outcome }
      let node = try TapNode(of: link.name, index: links.index(link.name))
      switch node.state {
      case .own:
        let outcome = node.give(to: link.tap)
        return outcome == .done ? outcome : undoCreation(of: link, outcome)
      case .missing, .unknown: return undoCreation(of: link, .failed(node.error))
      case .foreign:
        let outcome = undoCreation(of: link, .failed(node.error))
        if case .unknown = outcome { return outcome }
        remade.insert(link.name)
      }
      repeat { index = .random(in: 1 << 24 ... .max) } while TapNode.exists(UInt32(index))
    }
    return .failed(
      HostError(
        operation: "create macvtap \(link.name)", errno: EEXIST, message: "no free /dev/tapN was found"))
  }

  private mutating func undoCreation(of link: Link, _ outcome: StepOutcome) -> StepOutcome {
    links.forget(link.name)
    var batch = Netlink.Batch()
    batch.addDeletion(of: link)
    return StepOutcome(socket.transact(batch)[0]) == .done ? outcome : .unknown(outcome.error!)
  }

  /// Whoever has it open keeps it.
  mutating func changeNodeOwner(_ link: Link) throws(NetlinkError) -> StepOutcome {
    let node = try TapNode(of: link.name, index: links.index(link.name))
    return node.state == .own ? node.give(to: link.tap) : .failed(node.error)
  }

  /// The accounts of our macvtaps' nodes; and, where all links are looked at, which of them are open.
  mutating func observeNodes(of messages: [LinkMessage], isWhole: Bool, _ state: inout State) {
    var nodes: [LinkName: TapNode] = [:]
    for message in messages where message.kind == "macvtap" {
      guard let name = message.name.map(LinkName.init(kernel:)), var link = state.link(name),
        link.owner != nil
      else { continue }
      let node = TapNode(of: name, index: UInt32(message.index))
      if let tap = node.accounts { link.tap = tap }
      nodes[name] = node
      state.insert(.link(link))
    }
    guard isWhole, !nodes.isEmpty else { return }
    // What cannot be told to be free is in use.
    for name in (try? processes(holding: nodes.compactMapValues(\.device)))?.keys.sorted()
      ?? nodes.keys.sorted()
    {
      guard var link = state.link(name) else { continue }
      link.facts = link.facts ?? LinkFacts()
      link.facts?.held = true
      state.insert(.link(link))
    }
  }

  /// The path by which VM software opens a macvtap of ours; nil where there is none.
  package func node(of name: LinkName) -> String? {
    let index = if_nametoindex(name.text)
    return index == 0 || !TapNode.exists(index) ? nil : TapNode.path(index)
  }

  func macvtapHolders(of names: Set<LinkName>) -> [LinkName: [Holder]] {
    var nodes: [LinkName: TapNode] = [:]
    for name in names {
      let index = if_nametoindex(name.text)
      if index != 0, TapNode.exists(index) { nodes[name] = TapNode(of: name, index: index) }
    }
    return (try? processes(holding: nodes.compactMapValues(\.device))) ?? [:]
  }
}

extension MacvtapMode {
  /// `MACVLAN_MODE_*` of linux/if_link.h
  init?(number: UInt32) {
    guard let mode = MacvtapMode.allCases.first(where: { $0.number == number }) else { return nil }
    self = mode
  }

  fileprivate var number: UInt32 {
    switch self {
    case .private: 1
    case .vepa: 2
    case .bridge: 4
    case .passthru: 8
    }
  }
}

extension MacvlanSettings {
  init(_ mode: MacvtapMode) {
    self.init()
    self.mode = mode.number
  }
}
