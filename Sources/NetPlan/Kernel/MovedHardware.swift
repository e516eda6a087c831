internal import Netlink

// Hardware that is in a network namespace of ours: it is told apart by the name and MAC that it has at home.

extension LinuxHost {
  mutating func move(_ before: Link, to after: Link) -> StepOutcome {
    links.forget(after.name)
    do throws(HostError) {
      guard let netns = after.netns else { return try fetch(before, as: after.name) }
      return try send(before.name, to: netns)
    } catch {
      return .failed(error)
    }
  }

  private mutating func send(_ name: LinkName, to netns: String) throws(HostError) -> StepOutcome {
    do throws(NetlinkError) {
      let there = try OpenNamespace(netns)
      var message = LinkMessage(name: name.text)
      message.namespaceDescriptor = there.namespace.descriptor
      var batch = Netlink.Batch()
      batch.add("move \(name) to netns \(netns)", .change, message)
      return StepOutcome(socket.transact(batch)[0])
    } catch {
      throw HostError(error)
    }
  }

  /// Whatever it is called there by now.
  private mutating func fetch(_ link: Link, as name: LinkName) throws(HostError) -> StepOutcome {
    let home: OpenNamespace
    do throws(NetlinkError) {
      home = OpenNamespace(try NetworkNamespace.current())
    } catch {
      throw HostError(error)
    }
    return try inside(link.netns ?? "") { host throws(HostError) in
      do throws(NetlinkError) {
        let messages = try host.dumpLinks()
        guard let found = messages.hardware(link.name, link.facts?.permanentMAC ?? link.mac) else {
          throw NetlinkError(operation: "find \(name) in netns \(link.netns ?? "")", errno: 19)  // ENODEV
        }
        var message = LinkMessage(index: found.index, name: name.text)
        message.namespaceDescriptor = home.namespace.descriptor
        var batch = Netlink.Batch()
        batch.add("move \(name) out of netns \(link.netns ?? "")", .change, message)
        return StepOutcome(host.socket.transact(batch)[0])
      } catch {
        throw HostError(error)
      }
    }
  }

  /// Hardware that the ledger knows to be in that namespace, which the calling thread is in, by the names it has at home.
  mutating func readMoved(_ formers: [Former], in netns: String) throws(HostError) -> [Object] {
    if formers.isEmpty { return [] }
    let messages: [LinkMessage]
    do throws(NetlinkError) {
      messages = try dumpLinks()
    } catch {
      throw HostError(error)
    }
    links.removeAll()
    for message in messages {
      if let name = message.name { links.insert(LinkName(kernel: name), UInt32(message.index)) }
    }
    var moved: [Object] = []
    for former in formers {
      guard let name = former.link, let message = messages.hardware(name, former.movedMAC),
        var link = Link(message, links)
      else { continue }
      link.name = name
      link.netns = netns
      link.master = Link.Master.none
      if message.parentBus == "pci", let address = message.parentDevice {
        try link.readFunctions(of: PCIDevice(address: address))
      }
      if let function = former.function {
        link.facts = link.facts ?? LinkFacts()
        link.facts?.function = function
      }
      moved.append(.link(link))
    }
    return moved
  }
}

extension [LinkMessage] {
  /// The same MAC says more than the same name, which is for everybody there to choose.
  fileprivate func hardware(_ name: LinkName, _ mac: MACAddress?) -> LinkMessage? {
    let others = filter { !$0.isLoopback && Ownership.parse(alias: $0.alias) == nil }
    func has(_ message: LinkMessage) -> Bool {
      (MACAddress(message.permanentAddress) ?? MACAddress(message.address)) == mac
    }
    return others.first { $0.name == name.text && has($0) } ?? others.first(where: has)
      ?? others.first { $0.name == name.text }
  }
}
