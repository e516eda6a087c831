/// Where a journal lives.
package protocol JournalStore: ~Copyable {
  var pid: Int32 { get }
  /// For messages.
  var location: String { get }
  /// Milliseconds since boot, suspended time included: the clock of deadlines.
  var now: UInt64 { get }
  /// Writes the opening and reserves `room` bytes behind it; on an error nothing is left.
  mutating func begin(_ opening: [UInt8], room: Int) throws(HostError)
  /// Writes the next mark behind what is there, also behind what an earlier run left undecided.
  mutating func append(_ mark: [UInt8]) throws(HostError)
  /// A decision: one rename.
  mutating func move(_ from: JournalPlace, to: JournalPlace) throws(HostError)
  /// The transaction is over, the record goes.
  mutating func end() throws(HostError)
  /// What an earlier run left.
  mutating func load(_ place: JournalPlace) throws(HostError) -> [UInt8]?
}

/// What the place of a journal says of its transaction.
package enum JournalPlace: Sendable, CaseIterable {
  /// On the way: recovery undoes it.
  case undecided
  /// Carried out up to the decision, which is somebody's until the deadline, and then to undo it.
  case waiting
  /// Recovery only goes forward.
  case committed
}
