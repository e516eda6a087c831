extension Gate {
  static let vde =
    ready && nft && Tools.has("vde_switch") && Tools.has("vde_plug") && Tools.has("setpriv")
  static let vdeComment = "needs also nft, vde_switch and vde_plug (vde2), and setpriv"
}

/// One VM that plugs into a switch of its own, on a network.
enum VDE {
  /// `keys` are further ones of the NIC, `vm` of the VM; each ends with a comma.
  static func text(_ keys: String = "", vm: String = "owner: games,") -> String {
    """
    name: p
    networks: {lab: {address: 10.7.0.1/24, dhcp: false, dns: false, ra: false}}
    vms: {web: {\(vm) nics: {eth0: {mode: tap, via: vde, \(keys) network: lab}}}}

    """
  }
}

extension Host {
  /// A host on which everybody may open /dev/net/tun, as udev makes it: who may use which TAP is up to the TAP.
  static func withOpenTun(_ body: (Host) throws -> Void) throws {
    try Host.with { host in
      var host = host
      host.space.opensTun = true
      try body(host)
    }
  }

  var switches: [Int32] { processes(of: "vde_switch") }

  /// What a cable ends in that `user` plugs into the switch of a NIC; it says `plugged`, and nothing of the frames that come.
  func plug(into folder: String, as user: String = "games") throws -> Child {
    let child = try space.start([
      "setpriv", "--reuid=\(user)", "--regid=\(try must(["id", "-g", user]).trimmed)", "--clear-groups", "sh",
      "-c",
      "sleep 60 | vde_plug '\(folder)' >/dev/null & sleep 1; echo plugged; wait",
    ])
    guard child.line(timeout: 30) == "plugged" else {
      throw CommandFailure(description: "nothing was plugged: \(child.finish(timeout: 1))")
    }
    return child
  }
}
