// What a file says by which a program leaves interfaces alone, and which interfaces a file names.

extension DropIn {
  /// nil for no interfaces: to networkd a `[Match]` without conditions matches all there are.
  package init?(_ id: DropInID, leavingAlone interfaces: some Sequence<LinkName>) {
    let names = Set(interfaces).filter(\.isPlain).map(\.text).sorted(by: naturallyPrecedes)
    if names.isEmpty { return nil }
    let head =
      "# Interfaces of the configuration '\(id.name)' of vnet-apply. This file comes and goes with them.\n"
    self.init(id: id, text: head + DropIn.body(id.program, names))
  }

  private static func body(_ program: InterfaceManager, _ names: [String]) -> String {
    switch program {
    case .networkd:
      let lines = stride(from: 0, to: names.count, by: 8).map { start in
        "Name=" + names[start..<min(start + 8, names.count)].map(pattern).joined(separator: " ") + "\n"
      }
      return "[Match]\n\(lines.joined())[Link]\nUnmanaged=yes\n"
    case .networkManager:
      // One line: of a key that is there twice in a file the second counts (`g_key_file_load_from_data`).
      return "[keyfile]\n\(Self.key)\(names.map { Self.literal + $0 }.joined(separator: ";"))\n"
    }
  }

  private static let key = "unmanaged-devices+="
  /// NetworkManager.conf(5), "Device List Format": what follows is no pattern.
  private static let literal = "interface-name:="

  /// What holds of no other name. One of digits alone is ignored there (`ifname_valid_full`), a pattern is not.
  private static func pattern(_ name: String) -> String {
    name.utf8.allSatisfy { (0x30...0x39).contains($0) } ? "[\(name.prefix(1))]\(name.dropFirst())" : name
  }

  /// Those that the file names. Of one that somebody edited, those of its lines that are still like ours.
  package var interfaces: Set<LinkName> {
    var names: Set<LinkName> = []
    for line in text.split(separator: "\n") {
      let words =
        switch id.program {
        case .networkd: line.hasPrefix("Name=") ? line.dropFirst(5).split(separator: " ") : []
        case .networkManager:
          line.hasPrefix(Self.key)
            ? line.dropFirst(Self.key.count).split(separator: ";").filter { $0.hasPrefix(Self.literal) }
              .map { $0.dropFirst(Self.literal.count) } : []
        }
      for word in words {
        let name = word.hasPrefix("[") ? word.filter { $0 != "[" && $0 != "]" }[...] : word
        if let name = LinkName(name), name.isPlain { names.insert(name) }
      }
    }
    return names
  }

  /// Nobody but this program wrote it.
  package var isAsWritten: Bool { DropIn(id, leavingAlone: interfaces)?.text == text }
}

extension LinkName {
  /// Letters that mean nothing else in any of these files: those of every name of ours, and of most hardware.
  package var isPlain: Bool { text.utf8.allSatisfy(Name.isLetter) }
}
