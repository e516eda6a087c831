internal import Glibc

/// Files of ours among the configuration of programs that manage interfaces by themselves.
///
/// A file changes under a mark beside it that is there before and goes when the program has been told: whoever finds the
/// mark tells it again. Where the program does not listen, the file becomes again what it was: the program knows no other.
struct DropInFiles {
  private static let mark = ".untold"

  func read() throws(HostError) -> [Object] {
    var list: [Object] = []
    for id in try ids() {
      let text = try Disk.read(id.path).map { String(decoding: $0, as: UTF8.self) }
      let isUntold = access(id.path + Self.mark, F_OK) == 0
      guard text != nil || isUntold else { continue }
      list.append(.dropIn(DropIn(id: id, text: text ?? "", state: isUntold ? .untold : .told)))
    }
    return list
  }

  /// By the names of files, where these are about interfaces of this network namespace.
  private func ids() throws(HostError) -> [DropInID] {
    var ids: [DropInID] = []
    for program in InterfaceManager.allCases {
      let found = try Disk.entries(DropInID.folder(of: program)).compactMap { entry in
        var name = entry[...]
        for end in [Disk.newSuffix, Self.mark] where name.hasSuffix(end) { name = name.dropLast(end.count) }
        return DropInID(program: program, fileName: name)
      }
      if !found.isEmpty, try Managers.isHere(program) { ids += Set(found).sorted() }
    }
    return ids
  }

  /// What a killed run left half written.
  func sweep() {
    for id in (try? ids()) ?? [] {
      Disk.sweep(id.path)
      Disk.sweep(id.path + Self.mark)
    }
  }

  /// One after the other, in the order of the steps.
  func perform(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    for (index, step) in batch.steps.enumerated() {
      guard case .dropIn(let id) = step.change.id else { continue }
      do throws(HostError) {
        try set(id, step.change.after?.dropIn?.text)
      } catch {
        outcomes[index] = .unknown(error)
      }
    }
  }

  private func set(_ id: DropInID, _ text: String?) throws(HostError) {
    let mark = id.path + Self.mark
    // A folder with nothing in it is nobody's.
    defer { rmdir(DropInID.folder(of: id.program)) }
    let wasUntold = access(mark, F_OK) == 0
    let former = try Disk.read(id.path)
    try Disk.makeDirectory(DropInID.folder(of: id.program), exactly: true)
    try Disk.replace(mark, with: [], mode: 0o644, exactly: true)
    try write(text.map { Array($0.utf8) }, id.path)
    do throws(HostError) {
      let old = interfaces(id, former), new = interfaces(id, text.map { Array($0.utf8) })
      try Managers.tell(
        id.program, of: id.path, lost: new.subtracting(old), regained: old.subtracting(new))
    } catch {
      try write(former, id.path)
      // Only one that says no has not read it: whose answer was not heard may have read it after all.
      if !wasUntold, error.errno == 0 || error.errno == ENOENT { try Disk.remove(mark) }
      throw error
    }
    try Disk.remove(mark)
  }

  private func interfaces(_ id: DropInID, _ bytes: [UInt8]?) -> Set<LinkName> {
    bytes.map { DropIn(id: id, text: String(decoding: $0, as: UTF8.self)).interfaces } ?? []
  }

  private func write(_ bytes: [UInt8]?, _ path: String) throws(HostError) {
    if let bytes {
      try Disk.replace(path, with: bytes, mode: 0o644, exactly: true)
    } else {
      try Disk.remove(path)
    }
  }
}
