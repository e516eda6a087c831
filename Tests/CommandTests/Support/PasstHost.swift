import Glibc

extension Gate {
  static let passt = ready && Tools.has("passt") && Tools.has("setpriv")
  static let passtComment = "needs also passt and setpriv"
}

/// One VM behind a passt of its own.
enum Passt {
  /// `keys` are further ones of the NIC, `vm` of the VM; each ends with a comma.
  static func text(_ keys: String = "forward: [\"8080 -> 80\"],", vm: String = "owner: games,") -> String {
    """
    name: p
    allow: [open-loopback]
    vms: {web: {\(vm) nics: {eth0: {mode: shared, \(keys) via: passt}}}}

    """
  }
}

extension Host {
  /// Processes of passt in the host's namespace.
  var passts: [Int32] { processes(of: "passt") }

  /// Addresses and ports at which something listens, in the words of ss(8): `tcp 127.0.0.1:8080`.
  var listening: [String] {
    get throws {
      try space.run(["ss", "-Hlntu"]).stdout.lines.map(\.words).filter { $0.count > 4 }
        .map { "\($0[0]) \($0[4])" }.sorted()
    }
  }

  var passtFolder: String { "/run/vnet-apply/\(space.cookie ?? "")/services/p/passt-web:eth0" }

  /// `vnet-apply` as `user`, from a folder that everybody may read.
  func vnet(as user: UInt32, _ arguments: [String]) throws -> Outcome {
    let binary = files.path + "/vnet-apply"
    if access(binary, X_OK) != 0 { try must(["install", "-m", "755", Tools.vnetApply, binary]) }
    return try space.run(
      ["setpriv", "--reuid=\(user)", "--regid=\(user)", "--clear-groups", "--", binary] + arguments)
  }
}
