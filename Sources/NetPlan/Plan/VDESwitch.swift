/// What vde_switch(1) is told about a NIC: words of its command line, pure text, but for the account, which is for whoever
/// starts it.
struct VDESwitch {
  var account: Service.Account
  /// The folder of its sockets.
  var socket: String
  var tap: LinkName
  /// Whether the members of the account's group may plug in too.
  var isShared: Bool

  /// Whoever plugs in makes a socket of his own in that folder (`vde_open_real`, libvdeplug.c).
  var words: [String] {
    [
      account.word, "--sock=\(socket)", "--tap=\(tap)", "--mode=\(isShared ? "0660" : "0600")",
      "--dirmode=\(isShared ? "2770" : "0700")",
    ]
  }

  /// Of such a folder. The longest name in it is that of a socket of who plugs in: `/.`, a process id of seven digits, `-`
  /// and five more; `sun_path` of unix(7) holds 107 bytes and their end.
  static let longestSocket = 107 - 15

  /// It has room for as much, with a VLAN tag (`struct packet`, port.h), and drops what is longer without a word.
  static let mostMTU = 1500

  /// How VM software of another user has to leave the switch its own socket.
  static let plugMode = "0660"
}
