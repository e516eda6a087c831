import Glibc
import NetPlan

/// The journal's files in memory, written in the steps in which `FileJournal` writes them.
struct SimulatedStore: JournalStore {
  let machine: Machine
  private var room = 0

  init(_ machine: Machine) { self.machine = machine }

  var pid: Int32 { 4711 }
  var location: String { "journal" }

  private func step(_ operation: String, _ errno: Int32, _ action: () -> Void) throws(HostError) {
    guard machine.next() == nil else { throw HostError(simulated: operation, errno) }
    action()
  }

  mutating func begin(_ opening: [UInt8], room: Int) throws(HostError) {
    guard machine.undecided == nil else { throw HostError(simulated: "create the journal", EEXIST) }
    try step("create the journal", EACCES) { machine.undecided = [] }
    do throws(HostError) {
      try step("reserve space for the journal", ENOSPC) {
        machine.undecided = Array(repeating: 0, count: opening.count + room)
      }
      // A write may be cut short by a kill.
      let half = opening.count / 2
      try step("write the journal", EIO) {
        machine.undecided!.replaceSubrange(..<half, with: opening[..<half])
      }
      try step("write the journal", EIO) {
        machine.undecided!.replaceSubrange(half..<opening.count, with: opening[half...])
      }
    } catch {
      // A process that is gone removes nothing.
      if machine.next() == nil { machine.undecided = nil }
      throw error
    }
    self.room = opening.count
  }

  mutating func append(_ mark: [UInt8]) throws(HostError) {
    if room == 0 { room = machine.undecided!.firstIndex(of: 0) ?? machine.undecided!.count }
    let missing = room + mark.count - machine.undecided!.count
    if missing > 0 { machine.undecided! += Array(repeating: 0, count: missing) }
    // Each byte may be the last; of a long mark each half.
    let parts = mark.count < 32 ? mark.indices.map { [mark[$0]] } : mark.halves
    for part in parts {
      try step("write a mark", EIO) {
        machine.undecided!.replaceSubrange(room..<room + part.count, with: part)
      }
      room += part.count
    }
  }

  var now: UInt64 { machine.now }

  mutating func move(_ from: JournalPlace, to: JournalPlace) throws(HostError) {
    try step("rename the journal", EIO) {
      machine.journals[to] = machine.journals[from]
      machine.journals[from] = nil
    }
  }

  mutating func end() throws(HostError) {
    for place in JournalPlace.allCases {
      try step("remove the journal", EIO) { machine.journals[place] = nil }
    }
  }

  mutating func load(_ place: JournalPlace) throws(HostError) -> [UInt8]? {
    try step("read the journal", EIO) {}
    return machine.journals[place]
  }
}

extension [UInt8] {
  fileprivate var halves: [[UInt8]] { [Array(prefix(count / 2)), Array(dropFirst(count / 2))] }
}
