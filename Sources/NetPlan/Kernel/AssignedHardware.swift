internal import Glibc
internal import Netlink

// Hardware whose PCI device user space drives: it is known by the ledger alone, under the name that it has at home.

extension LinuxHost {
  /// Adds to the facts of later observations what is on PCI.
  package mutating func lookUpPCI() throws(HostError) {
    let functions = try PCIDevice.all().map(\.function).sorted()
    let isFirst = try Namespace.identity() == .host
    do throws(NetlinkError) {
      var facts = try readFacts()
      facts.pci = functions
      facts.vfio = PCIDevice.hasDriver(Link.vfioDriver)
      facts.isFirstNamespace = isFirst
      self.facts = facts
    } catch {
      throw HostError(error)
    }
  }

  /// What is away; of virtual functions that had no interface, those that VFIO has. An interface that has come back by itself
  /// is seen among the others, and put in the place of this.
  func readAssigned(_ state: State) throws(HostError) -> [Object] {
    let away = state.assigned.filter {
      $0.device.isThere && ($0.former.function == nil || $0.device.driver == Link.vfioDriver)
    }
    if away.isEmpty { return [] }
    let holders = try processes(holding: nodes(of: away))
    return away.map { name, device, former in
      var link = Link(name: name, kind: .device)
      (link.vfio, link.driver) = (device.address, device.driver ?? Link.noDriver)
      if device.driver == Link.vfioDriver, let node = device.node { link.tap = node.accounts }
      var facts = LinkFacts()
      (facts.parentDevice, facts.permanentMAC) = (device.address, former.movedMAC)
      facts.homeDriver = former.homeDriver
      facts.function = former.function
      if holders[name] != nil { facts.held = true }
      link.facts = facts
      return .link(link)
    }
  }

  /// Of those of these names that are away.
  func groupHolders(of names: Set<LinkName>) -> [LinkName: [Holder]] {
    guard let ledger = try? State(ledger.read()) else { return [:] }
    return (try? processes(holding: nodes(of: ledger.assigned.filter { names.contains($0.name) }))) ?? [:]
  }

  private func nodes(of away: [State.Assigned]) -> [LinkName: dev_t] {
    Dictionary(
      away.compactMap { item in item.device.node.map { (item.name, $0.device) } }, uniquingKeysWith: { $1 })
  }

  /// To user space, back, or to another account there.
  mutating func assign(_ before: Link, to after: Link) -> StepOutcome {
    links.forget(after.name)
    do throws(HostError) {
      if let address = after.vfio {
        try PCIDevice(address: address).assign(to: after.tap)
        return .done
      }
      let name = try PCIDevice(address: before.vfio ?? "").giveBack(driver: before.facts?.homeDriver)
      return try rename(name, to: after.name)
    } catch {
      return .unknown(error)
    }
  }

  /// As it is known here, and bare: its names are told anew. Before Linux 6.2 none that is up changes its name.
  mutating func rename(_ found: LinkName, to name: LinkName) throws(HostError) -> StepOutcome {
    do throws(NetlinkError) {
      let there = try socket.link(named: found.text)
      var batch = Netlink.Batch()
      var down = LinkMessage(index: there.index)
      down.setUp(false)
      batch.add("set \(found) down", .change, down)
      if !there.altNames.isEmpty {
        batch.add(
          "remove altnames of \(found)", .delete,
          LinkPropertyMessage(index: there.index, altNames: there.altNames))
      }
      if found != name {
        batch.add("rename \(found) to \(name)", .change, LinkMessage(index: there.index, name: name.text))
      }
      for reply in socket.transact(batch) {
        if let error = reply.error { throw error }
      }
      return .done
    } catch {
      throw HostError(error)
    }
  }
}

extension State {
  fileprivate typealias Assigned = (name: LinkName, device: PCIDevice, former: Former)

  /// What the ledger knows to be with user space.
  fileprivate var assigned: [Assigned] {
    formers.compactMap { former in
      guard former.id.attribute == "vfio", let name = former.link else { return nil }
      return (name, PCIDevice(address: former.set), former)
    }
  }
}
