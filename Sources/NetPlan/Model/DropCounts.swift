/// Frames and packets of guests that filters dropped, by check: `mac`, `ip4` …
package struct DropCounts: Sendable, Equatable {
  package var ports: [LinkName: [String: UInt64]] = [:]
  /// Of guests that are known by bridge and MAC, whatever port they are at.
  package var stations: [Station: [String: UInt64]] = [:]

  package init() {}

  package struct Station: Hashable, Sendable {
    package var bridge: LinkName
    package var mac: MACAddress

    package init(bridge: LinkName, mac: MACAddress) {
      self.bridge = bridge
      self.mac = mac
    }
  }
}
