internal import Glibc

/// A file of objects of one kind that no kernel keeps: the ledger of former values, the reservations.
struct RecordFile<Record: Described>: Sendable {
  let path: String
  let wrap: @Sendable (Record) -> Object
  let unwrap: @Sendable (Object) -> Record?
  /// What it is called, and what would be lost with it.
  let name: String
  let worth: String
  /// It is of use after a loss of power.
  var isLasting = false

  func read() throws(HostError) -> [Object] {
    guard let bytes = try Disk.read(path) else { return [] }
    guard let json = try? JSON(parsing: bytes), let items = json.array else { throw damaged }
    var list: [Object] = []
    list.reserveCapacity(items.count)
    for item in items {
      guard let record = Record(json: item) else { throw damaged }
      list.append(wrap(record))
    }
    return list
  }

  /// The steps that are about its kind, in one rename, so that a reader sees all of them or none.
  func perform(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    let places = batch.steps.indices.filter { index in
      let change = batch.steps[index].change
      return unwrap((change.after ?? change.before)!) != nil
    }
    if places.isEmpty { return }
    var result = StepOutcome.done
    do throws(HostError) {
      var objects = State(try read())
      for change in places.map({ batch.steps[$0].change }) {
        objects[change.id] = nil
        if let after = change.after { objects.insert(after) }
      }
      try write(objects.sorted.compactMap(unwrap))
    } catch {
      result = .failed(error)
    }
    for index in places { outcomes[index] = result }
  }

  /// An empty file is none, and leaves no empty folder behind.
  private func write(_ records: [Record]) throws(HostError) {
    defer { if isLasting { try? Disk.syncNames(of: folder) } }
    if records.isEmpty {
      try Disk.remove(path)
      rmdir(folder)
      return
    }
    try Disk.makeDirectory(folder, exactly: true)
    let json = JSON.array(records.map(\.json))
    try Disk.replace(
      path, with: Array(json.text(indent: 1).utf8) + [UInt8(ascii: "\n")], mode: 0o644,
      exactly: true, syncs: isLasting)
  }

  private var folder: String { String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)]) }

  /// What a killed run left half written.
  func sweep() { Disk.sweep(path) }

  private var damaged: HostError {
    HostError(
      operation: "read the \(name) \(path)", errno: 0, message: "it is damaged",
      hint: "it holds \(worth); move it away to go on without them")
  }
}

extension RecordFile<Former> {
  /// Former values, beside the kernel state that they describe.
  static func ledger(in directory: String) -> RecordFile {
    RecordFile(
      path: directory + "/ledger.json", wrap: Object.former, unwrap: \.former, name: "ledger",
      worth: "values to be restored")
  }
}

extension RecordFile<Reservation> {
  /// Who has which address, which a reboot does not change.
  static func reservations(in directory: String) -> RecordFile {
    RecordFile(
      path: directory + "/reservations.json", wrap: Object.reservation, unwrap: \.reservation,
      name: "reservations", worth: "the addresses of guests", isLasting: true)
  }
}
