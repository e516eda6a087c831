internal import Glibc

/// The configurations of a name that were applied, a file each, in `/var/lib/vnet-apply/NAME`; the last of them is what the
/// next boot applies.
///
/// One that is being applied lies beside them as pending until its transaction is decided. A machine that stops in between
/// boots with the one before, which is what the kernel's state, gone with the power, was before too.
package struct Generations: Sendable {
  /// How many are kept.
  package static let limit = 10

  package let name: String
  private let parent: String
  private let folder: String
  private var proposal: ProvisionalFile { ProvisionalFile(folder + "/generation") }

  package init(of name: String, in places: StatePlaces) {
    self.name = name
    parent = places.lasting
    folder = "\(parent)/\(name)"
  }

  /// The names that have any.
  package static func names(in places: StatePlaces) throws(HostError) -> [String] {
    var names: [String] = []
    for name in try Disk.entries(places.lasting) where !name.hasPrefix("@") {
      if try !Generations(of: name, in: places).numbers().isEmpty { names.append(name) }
    }
    return names
  }

  /// Takes away what a run that was killed before it began had proposed.
  package static func sweep(_ places: StatePlaces) throws(HostError) {
    for name in try Disk.entries(places.lasting) where !name.hasPrefix("@") {
      try Generations(of: name, in: places).settle(keep: false)
    }
  }

  /// The oldest first. A file that cannot be understood is an error: to leave it out would be to go back too far.
  package func list() throws(HostError) -> [Generation] {
    var list: [Generation] = []
    for number in try numbers() {
      let path = path(number)
      guard let bytes = try Disk.read(path) else { continue }
      guard let json = try? JSON(parsing: bytes), let generation = Generation(json: json),
        generation.format == Generation.format
      else {
        throw HostError(
          operation: "read \(path)", errno: 0, message: "it is no configuration that this version has kept",
          hint: "move it away")
      }
      list.append(generation)
    }
    return list
  }

  /// What is to be the next one; without files nothing of the name is to be left.
  package func propose(_ wanted: Generation) throws(HostError) {
    do throws(HostError) {
      let last = try list().last
      if last?.says(thatOf: wanted) ?? wanted.files.isEmpty { return }
      try Disk.makeDirectory(folder)
      if last == nil { try Disk.sync(parent) }
      var generation = wanted
      generation.number = (last?.number ?? 0) + 1
      generation.time = Int(Glibc.time(nil))
      try proposal.propose(Array(generation.json.text(indent: 1).utf8), mode: 0o600)
    } catch {
      throw HostError(
        operation: error.operation, errno: error.errno, message: error.message,
        hint: "--transient applies without a word for the next boot")
    }
  }

  /// After the decision; nothing where nothing was proposed.
  package func settle(keep: Bool) throws(HostError) {
    guard let bytes = try Disk.read(proposal.pending) else { return }
    let generation = (try? JSON(parsing: bytes)).flatMap(Generation.init(json:))
    guard keep, let generation else {
      try proposal.settle(keep: false)
      removeEmptyFolders()
      return
    }
    if generation.files.isEmpty {
      for number in try numbers() { try Disk.remove(path(number)) }
      try proposal.settle(keep: false)
      removeEmptyFolders()
      // Or the next boot would apply it once more.
      return try Disk.syncNames(of: folder)
    }
    try proposal.settle(keep: true, as: path(generation.number))
    try Disk.sync(folder)
    for number in try numbers().dropLast(Generations.limit) { try Disk.remove(path(number)) }
  }

  private func removeEmptyFolders() {
    rmdir(folder)
    rmdir(parent)
  }

  private func path(_ number: Int) -> String { "\(folder)/\(number).json" }

  private func numbers() throws(HostError) -> [Int] {
    try Disk.entries(folder).compactMap { entry in
      entry.hasSuffix(".json") ? Int(entry.dropLast(".json".count)) : nil
    }.sorted()
  }
}
