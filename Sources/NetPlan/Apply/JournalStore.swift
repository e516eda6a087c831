/// Where a journal lives.
package protocol JournalStore: ~Copyable {
  var pid: Int32 { get }
  /// For messages.
  var location: String { get }
  /// Writes the opening and reserves `room` bytes behind it; on an error nothing is left.
  mutating func begin(_ opening: [UInt8], room: Int) throws(HostError)
  /// Marks the next batch as about to be sent.
  mutating func announce() throws(HostError)
  /// The decision: one rename.
  mutating func commit() throws(HostError)
  /// The transaction is over, the record goes.
  mutating func end() throws(HostError)
  /// What an earlier run left.
  mutating func load(committed: Bool) throws(HostError) -> [UInt8]?
}
