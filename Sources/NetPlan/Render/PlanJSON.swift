extension Plan {
  /// The plan for programs: format 1.
  package var json: JSON {
    let summary = summary
    return .object([
      .init("format", .int(1)),
      .init("name", .string(name)),
      .init("changes", .array(visibleChanges.map(changeJSON))),
      .init("risks", .array(risks.map(\.json))),
      .init(
        "summary",
        .object([
          .init("create", summary.create.json), .init("change", summary.change.json),
          .init("delete", summary.delete.json), .init("replace", summary.replace.json),
        ])),
    ])
  }

  private func changeJSON(_ change: Change) -> JSON {
    .object([
      .init("id", .string(change.id.description)),
      .init("action", .string(change.action.rawValue)),
      .init("before", change.before?.publicJSON ?? .null),
      .init("after", change.after?.publicJSON ?? .null),
      .init("interrupts", (interruptions[change.id] ?? []).json),
      .init("reason", .string(reasons[change.id] ?? "")),
    ])
  }
}

extension Risk {
  fileprivate var json: JSON {
    .object([
      .init("name", .string(name)), .init("object", .string(object)), .init("detail", .string(detail)),
      .init("refusable", .bool(refusable)), .init("accepted", accepted.map(JSON.string) ?? .null),
      .init("remedy", remedy.map(JSON.string) ?? .null),
    ])
  }

  fileprivate init?(json: JSON) {
    guard let name = json["name"]?.string, let object = json["object"]?.string,
      let detail = json["detail"]?.string,
      let refusable = json["refusable"]?.bool
    else { return nil }
    self.init(
      name, object: object, detail, refusable: refusable, accepted: json["accepted"]?.string,
      remedy: json["remedy"]?.string)
  }
}

extension Object {
  /// `kind` first, which for a link is its kind.
  fileprivate var publicJSON: JSON {
    guard case .object(var members) = json else { return .null }
    if case .link = self { members.removeFirst() } else { members[0].name = "kind" }
    members.removeAll { $0.name == "facts" || $0.name == "order" }
    return .object(members)
  }
}

// MARK: Saved plans

extension Plan {
  /// Everything that applying it later needs: the plan for programs, and the changes as the journal has them.
  package var savedJSON: JSON {
    guard case .object(let members) = json else { return .null }
    let steps = changes.map { change -> JSON in
      guard case .object(let parts) = change.json else { return .null }
      return .object(
        parts + [
          .init("reason", .string(reasons[change.id] ?? "")),
          .init("interrupts", (interruptions[change.id] ?? []).json),
        ])
    }
    return .object(members + [.init("saved", .array(steps)), .init("basis", basis.json)])
  }

  package init?(savedJSON json: JSON) {
    guard json["format"]?.int == 1, let name = json["name"]?.string, let saved = json["saved"]?.array,
      let risks = json["risks"]?.array
    else { return nil }
    self.init(name: name, changes: [])
    basis = json["basis"].flatMap([String].init(json:)) ?? []
    for item in saved {
      guard let change = Change(json: item) else { return nil }
      changes.append(change)
      reasons[change.id] = item["reason"]?.string
      interruptions[change.id] = item["interrupts"].flatMap([String].init(json:))
    }
    for item in risks {
      guard let risk = Risk(json: item) else { return nil }
      self.risks.append(risk)
    }
  }

  /// Objects that are no longer as they were when the plan was made, or were not there at all.
  package func stale(on state: State) -> [String] {
    let names = Dictionary(
      changes.compactMap { change -> (LinkName, LinkName)? in
        guard let old = change.before?.link?.name, let new = change.after?.link?.name, old != new else {
          return nil
        }
        return (old, new)
      }, uniquingKeysWith: { first, _ in first })
    let present = state.renamed(names)
    let changed = changes.compactMap { change -> String? in
      guard let before = change.before?.renamed(names) else {
        return present[change.id] == nil ? nil : change.id.description
      }
      return present[before.id] == before ? nil : change.before!.id.description
    }
    let around = Set(surroundings(in: state)).symmetricDifference(basis)
    return Set(changed).union(around.map { String($0.prefix { $0 != "=" }) }).sorted()
  }
}
