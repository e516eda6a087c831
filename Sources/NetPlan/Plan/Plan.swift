/// What is to be done to a host, as a value: it can be shown, saved, applied elsewhere in time, reversed.
package struct Plan: Sendable {
  /// Scope of ownership.
  package var name: String
  /// Sorted by identity.
  package var changes: [Change]
  package var reasons: [ObjectID: String]
  package var interruptions: [ObjectID: [String]]
  package var risks: [Risk]
  /// What stood on the links concerned when the plan was made; set for a plan that is to be saved.
  package var basis: [String] = []
  /// For its text.
  package var accounts = AccountNames()

  package init(
    name: String, changes: [Change], reasons: [ObjectID: String] = [:],
    interruptions: [ObjectID: [String]] = [:],
    risks: [Risk] = []
  ) {
    self.name = name
    self.changes = changes
    self.reasons = reasons
    self.interruptions = interruptions
    self.risks = risks
  }

  package var isEmpty: Bool { changes.isEmpty }

  /// It makes network namespaces, or changes what is in them.
  package var entersNetns: Bool {
    changes.contains { change in
      if case .netns = change.id { return true }
      return [change.before, change.after].contains { $0?.link?.netns != nil }
        || change.after?.link?.veth.netns != nil
    }
  }

  /// The plan that takes this one back.
  package var inverse: Plan {
    Plan(name: name, changes: changes.reversed().map(\.inverse).sorted { $0.id < $1.id }, reasons: reasons)
  }

  /// What a person sees: not the ledger, which is bookkeeping, nor the settings of a link that comes or goes with
  /// them, which are part of it; where there is nothing else, that is what a person sees.
  package var visibleChanges: [Change] {
    let whole = Set(
      changes.compactMap { change -> LinkName? in
        guard case .link(let name) = change.id, change.action != .change || change.movesHardware else {
          return nil
        }
        return name
      })
    let visible = changes.filter { change in
      switch change.id {
      case .former: false
      // What the kernel changes along with another setting, and gets back at once, is part of that.
      case .sysctl(let key): change.before != change.after && key.link.map { !whole.contains($0) } ?? true
      default: true
      }
    }
    return visible.isEmpty ? changes : visible
  }

  package struct Summary: Sendable, Hashable {
    package var create = 0
    package var change = 0
    package var delete = 0
    package var replace = 0

    init(of changes: [Change]) {
      for change in changes {
        switch change.action {
        case .create: create += 1
        case .change: self.change += 1
        case .delete: delete += 1
        case .replace: replace += 1
        }
      }
    }
  }

  package var summary: Summary { Summary(of: visibleChanges) }
}

extension Plan {
  /// Everything that stands on a link which the plan touches, or names it, by identity: an object that came since may
  /// go with one that the plan removes. Settings with their values.
  package func surroundings(in state: State) -> [String] {
    var touched: Set<LinkName> = []
    for change in changes {
      for object in [change.before, change.after] {
        if let link = object?.link { touched.insert(link.name) }
        touched.formUnion(object?.links ?? [])
      }
    }
    let foreign = touched.filter { name in state.link(name).map { $0.owner == nil } ?? false }
    return state.objects.compactMap { id, object in
      switch object {
      // What a foreign link has is copied to a bridge, or kept by it.
      case .sysctl(let sysctl):
        sysctl.key.link.map(foreign.contains) ?? false ? "\(id)=\(sysctl.value)" : nil
      case .rule(let rule):
        [rule.id.iif, rule.id.oif].contains { $0.map(touched.contains) ?? false } ? id.description : nil
      default: state.links(of: object).contains(where: touched.contains) ? id.description : nil
      }
    }.sorted()
  }
}
