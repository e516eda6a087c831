import Glibc
import NetPlan

// nftables as its transactions have it: a set or chain is changed only as it is thought to be, and all of it or none.

extension SimulatedKernel {
  /// The requests that lead from one form of a table to another, on the form that is there.
  mutating func setTable(_ before: Table?, _ after: Table) throws(Refusal) {
    guard let before else {
      guard tables[after.id] == nil || after.id.device != nil else { throw Refusal(EEXIST) }
      // A chain at the hook of what is not there (`nft_netdev_hook_alloc`).
      if let device = after.id.device, links[device] == nil { throw Refusal(ENOENT) }
      tables[after.id] = after
      return
    }
    guard var table = tables[after.id] else { throw Refusal(ENOENT) }
    let isAlike = before.sets.map(\.name) == after.sets.map(\.name)
    guard isAlike else {
      tables[after.id] = after
      return
    }
    for new in after.sets {
      guard let old = before[set: new.name], let index = table.sets.firstIndex(where: { $0.name == new.name })
      else { throw Refusal(ENOENT) }
      for (key, value) in old.elements where new.elements[key] != value {
        guard table.sets[index].elements.removeValue(forKey: key) != nil else { throw Refusal(ENOENT) }
      }
      for (key, value) in new.elements where old.elements[key] != value {
        if let there = table.sets[index].elements[key], there != value { throw Refusal(EEXIST) }
        table.sets[index].elements[key] = value
      }
    }
    for chain in after.chains where before.chains.first(where: { $0.name == chain.name }) != chain {
      guard let index = table.chains.firstIndex(where: { $0.name == chain.name }) else {
        throw Refusal(ENOENT)
      }
      table.chains[index] = chain
    }
    tables[after.id] = table
  }

  mutating func deleteTable(_ id: TableID) throws(Refusal) {
    guard tables.removeValue(forKey: id) != nil else { throw Refusal(ENOENT) }
  }
}

extension SimulatedKernel {
  /// Links that a file of ours, where there is one, does not name: a program that reads it would take them.
  func unnamed(of owner: String) -> [LinkName] {
    let named = dropIns.values.filter { $0.id.name == owner && !$0.text.isEmpty }.map(\.interfaces)
    return links.values.filter { link in
      link.owner.map { $0 == owner } ?? false && named.contains { !$0.contains(link.name) }
    }.map(\.name)
  }

  /// TAPs of `owner` that are up and that no table of its knows as a guest's: their frames would pass unseen.
  func unfiltered(of owner: String) -> [LinkName] {
    let known = Set(
      tables.values.filter { $0.id.owner.map { $0 == owner } ?? false }
        .flatMap { $0[set: "guests"].map { Array($0.elements.keys) } ?? [] })
    return links.values.filter { link in
      link.isForVM && link.up == true && link.owner.map { $0 == owner } ?? false
        && !known.contains("\"\(link.name)\"") && hooks[link.name].flatMap { tables[$0] } == nil
    }.map(\.name).sorted()
  }
}
