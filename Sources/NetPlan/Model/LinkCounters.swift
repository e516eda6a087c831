/// Traffic of a link since it came to be, as its VM sees it the other way round.
package struct LinkCounters: Hashable, Sendable {
  package var receivedBytes: UInt64
  package var sentBytes: UInt64

  package init(receivedBytes: UInt64, sentBytes: UInt64) {
    self.receivedBytes = receivedBytes
    self.sentBytes = sentBytes
  }

  /// A macvtap receives for its VM, where a TAP receives from it.
  package var swapped: LinkCounters { LinkCounters(receivedBytes: sentBytes, sentBytes: receivedBytes) }
}
