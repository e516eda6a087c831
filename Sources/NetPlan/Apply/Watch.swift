/// Tells a foreign hand on the objects of a plan from the plan's own steps.
///
/// The kernel names who asked for a change of an address, route or rule; of a link it does not (`rtmsg_ifinfo` is
/// called with port 0 by `do_setlink`), so that links are told by what they show: a planned attribute that has no value
/// of any step was set by somebody else.
struct Watch {
  /// Every form that the plan gives an object, by its identity.
  private var forms: [ObjectID: [Object]] = [:]
  /// What the plan itself takes away, for good or for a moment.
  private var leaving: Set<ObjectID> = []
  /// What some step deletes, under the name that it has by then.
  private var doomed: Set<ObjectID> = []

  /// Attributes of a link that nothing but a request changes.
  private static let fields = Link.fields.filter {
    ["alias", "mac", "mtu", "up", "master", "addrgenmode"].contains($0.name)
  }

  init(_ changes: [Change], _ batches: [Batch]) {
    for change in changes + batches.flatMap(\.steps).map(\.change) {
      for object in [change.before, change.after] {
        if let object { forms[object.id, default: []].append(object) }
      }
      if let before = change.before, change.after?.id != before.id || change.movesHardware {
        leaving.insert(before.id)
      }
      if change.after == nil { doomed.insert(change.id) }
    }
  }

  /// Why the plan cannot go on as if nothing had happened; nil where it can.
  func objection(to notice: Notice) -> HostError? {
    let id = notice.object.id
    guard let forms = forms[id] else { return nil }
    if notice.isGone {
      return leaving.contains(id) ? nil : .foreign(id, "somebody else removed it")
    }
    if case .link(let seen) = notice.object {
      return objection(to: seen, forms.compactMap(\.link), isLeaving: leaving.contains(id))
    }
    guard notice.cause == .others, !forms.contains(where: { $0.isAlike(notice.object) }) else { return nil }
    return .foreign(id, "somebody else changed it")
  }

  private func objection(to seen: Link, _ forms: [Link], isLeaving: Bool) -> HostError? {
    for field in Watch.fields {
      var expected = forms.map { field.json($0) }
      // From one master to another goes by none (`do_set_master`, net/core/rtnetlink.c).
      if field.name == "master", Set(expected).count > 1 { expected.append(Link.Master.none.json) }
      // On its way out a link goes down and leaves its bridge (`unregister_netdevice_many`, net/core/dev.c).
      let isDoomed = doomed.contains(.link(seen.name))
      if field.name == "up", isLeaving || isDoomed { expected.append(false.json) }
      if field.name == "master", isDoomed { expected.append(Link.Master.none.json) }
      // What some step leaves open is the kernel's to choose.
      guard let value = field.json(seen), !expected.contains(nil), !expected.contains(value) else { continue }
      var words: [String] = []
      for text in expected.compactMap({ $0?.text() }) where !words.contains(text) { words.append(text) }
      return .foreign(
        .link(seen.name),
        "somebody else set \(field.name) to \(value.text()), where the plan has \(words.joined(separator: " and "))"
      )
    }
    return nil
  }
}

extension HostError {
  fileprivate static func foreign(_ id: ObjectID, _ what: String) -> HostError {
    HostError(
      operation: "watch \(id)", errno: 0, message: "\(what) during the apply",
      hint: "find out who manages it besides this configuration, then apply again")
  }
}

extension Object {
  /// The same but for what changes by the passing of time, and for what a notification does not tell.
  fileprivate func isAlike(_ other: Object) -> Bool {
    switch (self, other) {
    case (.address(var a), .address(var b)):
      (a.lifetime, b.lifetime) = (nil, nil)
      (a.flags, b.flags) = (nil, nil)
      return a.completed(from: b) == b
    case (.route(var a), .route(var b)):
      (a.lifetime, b.lifetime) = (nil, nil)
      return a.completed(from: b) == b
    default: return completed(from: other) == other
    }
  }
}
