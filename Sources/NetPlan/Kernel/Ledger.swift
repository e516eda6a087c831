/// The file of former values, beside the kernel state that it describes.
struct Ledger {
  let path: String

  func read() throws(HostError) -> [Former] {
    guard let bytes = try Disk.read(path) else { return [] }
    guard let json = try? JSON(parsing: bytes), let items = json.array else { throw damaged }
    var list: [Former] = []
    for item in items {
      guard let former = Former(json: item) else { throw damaged }
      list.append(former)
    }
    return list
  }

  /// One rename, so that a reader sees all of it or nothing.
  func write(_ formers: [Former]) throws(HostError) {
    if formers.isEmpty { return try Disk.remove(path) }
    let json = JSON.array(formers.sorted { $0.id < $1.id }.map(\.json))
    try Disk.replace(path, with: Array(json.text(indent: 1).utf8) + [UInt8(ascii: "\n")], mode: 0o644)
  }

  private var damaged: HostError {
    HostError(
      operation: "read the ledger \(path)", errno: 0, message: "it is damaged",
      hint: "it holds values to be restored; move it away to go on without them")
  }
}
