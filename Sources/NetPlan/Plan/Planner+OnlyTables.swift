extension Planner {
  /// Of a change of a table what concerns the chosen guests: their elements as they are to be, all others as they are.
  func selectedTable(_ change: Change, _ target: Target) -> Change? {
    let (before, after) = (change.before?.table, change.after?.table)
    if let device = (after ?? before)?.id.device {
      let link = target.wanted.link(device) ?? host.state.link(device)
      return link?.path.map { isSelected(String($0)) } ?? false ? change : nil
    }
    let old = marks(of: before, target)
    let new = marks(of: after, target)
    guard var table = before ?? after?.without(marks(of: after, target, chosen: false)) else { return nil }
    for index in table.sets.indices {
      let name = table.sets[index].name
      var elements = table.sets[index].elements.filter { !old.concern($0.key, $0.value) }
      elements.merge((after?[set: name]?.elements ?? [:]).filter { new.concern($0.key, $0.value) }) { $1 }
      table.sets[index].elements = elements
    }
    if table.isIdle { return before == nil ? nil : Change(before: change.before, after: nil) }
    return table == before ? nil : Change(before: change.before, after: .table(table))
  }

  /// What stands for guests in a table: their interfaces, MACs and addresses.
  private func marks(of table: Table?, _ target: Target, chosen: Bool = true) -> Marks {
    var marks = Marks()
    for link in Array(host.state.links) + Array(target.wanted.links)
    where link.isForVM && link.owner.map({ $0 == topology.name }) ?? false {
      guard isSelected(String(link.path ?? "")) == chosen else { continue }
      marks.insert("\"\(link.name)\"")
      marks.formUnion(target.guestMarks[String(link.path ?? "")]?.words ?? [])
    }
    // A port that VM software makes is no link of ours.
    for (path, own) in target.guestMarks where isSelected(path) == chosen { marks.formUnion(own.words) }
    if chosen {
      for nic in leaving {
        marks.insert(nic.mac.description)
        if let name = nic.device.whole { marks.insert("\"\(name)\"") }
      }
    }
    let own = marks
    for name in ["nic-mac", "nic-ip4", "own-ip6", TableSet.neighbourTargets] {
      for key in table?[set: name]?.elements.keys ?? [:].keys {
        let parts = key.split(separator: " . ")
        if parts.count == 2, own.contains(parts[0]) { marks.insert(String(parts[1])) }
      }
    }
    return marks
  }
}

private typealias Marks = Set<String>

extension Marks {
  func contains(_ part: Substring) -> Bool { contains(String(part)) }

  /// Whether an element is about one of them: by a part of its key, or of its value.
  fileprivate func concern(_ key: String, _ value: String) -> Bool {
    key.split(separator: " . ").contains { contains($0) }
      || value.split(separator: " . ").contains { contains($0) }
  }
}

extension Table {
  fileprivate func without(_ marks: Set<String>) -> Table {
    var table = self
    for index in table.sets.indices {
      table.sets[index].elements = table.sets[index].elements.filter { !marks.concern($0.key, $0.value) }
    }
    return table
  }

  /// It filters nothing.
  fileprivate var isIdle: Bool {
    ["guests", StationChecks.guests, "inside", "nic-host-reach"].allSatisfy {
      self[set: $0]?.elements.isEmpty ?? true
    }
  }
}
