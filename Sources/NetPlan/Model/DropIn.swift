/// A file of ours among the configuration of a program that manages interfaces by itself: which of them it is to leave
/// alone.
///
/// All of it is here, so that a journal suffices to bring back what somebody had made of it.
package struct DropIn: Described, Hashable {
  package var id: DropInID
  package var text: String
  package var state: Hearing

  package init(id: DropInID, text: String, state: Hearing = .told) {
    self.id = id
    self.text = text
    self.state = state
  }

  package static let fields: [Field<DropIn>] = [
    .always("program", \.id.program),
    .always("name", \.id.name),
    .always("text", \.text),
    .always("state", \.state),
  ]

  package static var blank: DropIn { DropIn(id: DropInID(program: .networkd, name: ""), text: "") }

  package enum Hearing: String, Hashable, Sendable, JSONRepresentable {
    /// The program, if it runs, knows what the file says.
    case told
    /// It may know what the file said before.
    case untold
  }
}

package struct DropInID: Hashable, Sendable, Comparable, CustomStringConvertible {
  package var program: InterfaceManager
  /// Of the configuration.
  package var name: String

  package init(program: InterfaceManager, name: String) {
    self.program = program
    self.name = name
  }

  package var description: String { "\(program.rawValue)/\(name)" }

  package static func < (a: DropInID, b: DropInID) -> Bool {
    (a.program.rawValue, a.name) < (b.program.rawValue, b.name)
  }
}

/// A program that manages interfaces by itself, by its key of `coexist`.
package enum InterfaceManager: String, Hashable, Sendable, JSONRepresentable, CaseIterable {
  case networkd
  case networkManager = "network-manager"

  /// As its own documentation calls it.
  package var title: String { self == .networkd ? "systemd-networkd" : "NetworkManager" }
}

extension DropInID {
  /// A folder that a reboot empties, as it takes the interfaces. networkd takes the first file that matches, in the order
  /// of their names, so ours has an early one.
  package static func folder(of program: InterfaceManager) -> String {
    program == .networkd ? "/run/systemd/network" : "/run/NetworkManager/conf.d"
  }

  package var fileName: String {
    let (head, tail) = DropInID.ends(of: program)
    return head + name + tail
  }

  package var path: String { "\(DropInID.folder(of: program))/\(fileName)" }

  /// That of the file of this name; nil where none of ours is called so.
  package init?(program: InterfaceManager, fileName: some StringProtocol) {
    let (head, tail) = DropInID.ends(of: program)
    guard fileName.hasPrefix(head), fileName.hasSuffix(tail) else { return nil }
    let name = fileName.dropFirst(head.count).dropLast(tail.count)
    guard !name.isEmpty, fileName.count == head.count + name.count + tail.count else { return nil }
    self.init(program: program, name: String(name))
  }

  private static func ends(of program: InterfaceManager) -> (head: String, tail: String) {
    program == .networkd ? ("05-vnet-", ".network") : ("vnet-", ".conf")
  }
}
