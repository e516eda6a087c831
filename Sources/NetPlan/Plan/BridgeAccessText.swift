// What a file says by which qemu-bridge-helper lets a group have ports.

extension BridgeAccess {
  package init(_ id: BridgeAccessID, to bridges: some Sequence<LinkName>) {
    let lines = Set(bridges).sorted().map { "\(BridgeAccess.verb)\($0)\n" }
    self.init(
      id: id,
      text: "# Bridges of the configuration '\(id.name)' of vnet-apply. This file comes and goes with them.\n"
        + lines.joined(),
      // root's own is nobody else's business.
      permissions: id.group == 0 ? "600 0:0" : "640 0:\(id.group)", isIncluded: true)
  }

  private static let verb = "allow "

  /// Those that the file names.
  package var bridges: Set<LinkName> {
    Set(
      text.split(separator: "\n").filter { $0.hasPrefix(Self.verb) }.compactMap {
        LinkName($0.dropFirst(Self.verb.count))
      })
  }
}
