internal import ArgumentParser
internal import NetPlan

extension Session {
  static func attachmentsFile(of name: String, in directory: String) -> ProvisionalFile {
    ProvisionalFile("\(directory)/\(name).nics.json")
  }

  /// What the last apply of `name` said about its NICs, of those that the host still has.
  mutating func attachments(of name: String) throws -> Attachments {
    let state = try observe(for: .empty(name)).state
    guard let kept = Session.kept(name, in: stateDirectory) else {
      Output.error("error: nothing is applied here by the name '\(name)'")
      let names = Set(
        state.links.compactMap { $0.owner.map(String.init) } + state.services.map(\.id.name)
          + state.givenNICs.map(\.name)
      ).sorted()
      if !names.isEmpty { Output.error("  hint: there is \(names.joined(separator: ", "))") }
      throw Exit.invalid
    }
    return kept.present(on: state, name)
  }

  /// The name by which a VM is applied here: the host knows, unless several names have such a VM.
  mutating func nameOwning(_ parts: [String]) throws -> String {
    let state = try observe(for: .empty("")).state
    let ids =
      state.links.compactMap { link in link.nicID.map { (name: String(link.owner ?? ""), id: $0) } }
      + state.services.filter { $0.id.program == .passt }.map { (name: $0.id.name, id: $0.id.subject) }
      + state.givenNICs
      + named(on: state).flatMap { name, list in list.map { (name: name, id: "\($0.vm)/\($0.nic)") } }
    var names = Set(ids.map(\.name))
    for part in parts {
      let own = ids.filter { $0.id == part || $0.id.hasPrefix(part + "/") }
      if own.isEmpty {
        Output.error("error: no configuration that is applied here has '\(part)'")
        Output.error(
          names.isEmpty
            ? "  hint: nothing is applied; say -c CONFIG"
            : "  hint: applied is \(names.sorted().joined(separator: ", ")); 'status' lists what it has")
        throw Exit.usage
      }
      names.formIntersection(own.map(\.name))
    }
    guard names.count == 1, let name = names.first else {
      if names.isEmpty {
        Output.error(
          parts.isEmpty
            ? "error: nothing is applied here" : "error: no one configuration here has all of these")
      } else {
        let what =
          parts.isEmpty ? "several configurations are applied here" : "several configurations have that VM"
        Output.error("error: \(what): \(names.sorted().joined(separator: ", "))")
      }
      Output.error("  hint: say --name NAME, or -c CONFIG")
      throw Exit.usage
    }
    return name
  }

  /// NICs whose ports their VM software makes, of configurations that have anything here: no link of ours says so.
  func named(on state: State, of name: String? = nil) -> [String: [Attachment]] {
    var named: [String: [Attachment]] = [:]
    let owners =
      state.tables.compactMap { $0.id.owner.map(String.init) }
      + state.links.compactMap { $0.owner.map(String.init) } + state.bridgeAccess.map(\.id.name)
    for owner in Set(owners) where name == nil || owner == name! {
      let list = Session.kept(owner, in: stateDirectory)?.present(on: state, owner).list ?? []
      let own = list.filter { $0.bridge != nil }
      if !own.isEmpty { named[owner] = own }
    }
    return named
  }

  /// Of a change that waits to be confirmed, what it would be.
  static func kept(_ name: String, in directory: String) -> Attachments? {
    let file = attachmentsFile(of: name, in: directory)
    let isWaiting = FileJournal(directory: directory).has(.waiting)
    let proposed = isWaiting ? (try? Disk.read(file.pending)).flatMap(\.self) : nil
    let bytes = proposed ?? (try? Disk.read(file.path)).flatMap(\.self)
    return bytes.flatMap { try? JSON(parsing: $0) }.flatMap(Attachments.init(json:))
  }
}

extension Attachments {
  /// Of a file; nil for one that is not needed.
  var bytes: [UInt8]? { list.isEmpty ? nil : Array(json.text().utf8) }
}
