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

  mutating func announce() throws(HostError) {
    let start = room
    try step("announce", EIO) { machine.undecided![start] = Journal.mark[0] }
    try step("announce", EIO) { machine.undecided![start + 1] = Journal.mark[1] }
    room += Journal.mark.count
  }

  mutating func commit() throws(HostError) {
    try step("commit", EIO) {
      machine.committed = machine.undecided
      machine.undecided = nil
    }
  }

  mutating func end() throws(HostError) {
    try step("remove the journal", EIO) { machine.undecided = nil }
    try step("remove the journal", EIO) { machine.committed = nil }
  }

  mutating func load(committed: Bool) throws(HostError) -> [UInt8]? {
    try step("read the journal", EIO) {}
    return committed ? machine.committed : machine.undecided
  }
}
