// What programs have in common that serve one NIC each: whose they are, and where VM software finds them.

extension Composer {
  func serviceID(_ program: ServiceID.Program, _ nic: NIC) -> ServiceID {
    ServiceID(program: program, name: topology.name, subject: nic.id)
  }

  // MARK: Whose it is

  /// What would be root's is nobody's.
  private static let nobody: UInt32 = 65534

  /// The VM's owner, or whoever applies where that is not root; nil after an obstacle.
  mutating func serviceAccount(_ program: ServiceID.Program, _ vm: VM, _ path: String) -> Service.Account? {
    let caller = host.facts.user ?? 0
    let position = vm.owner?.user?.position ?? vm.owner?.group?.position ?? vm.position
    let written = account(vm.owner?.user, among: host.facts.users, "user", path)
    let group = account(vm.owner?.group, among: host.facts.groups, "group", path)
    var user = caller == 0 ? Composer.nobody : caller
    if case .id(let id) = written, id != 0 { user = id }
    if caller != 0, user != caller || group != .none {
      lacking(
        position, "vms.\(vm.name).owner",
        "uid \(caller) cannot start \(program.executable) as \(user == caller ? "another group" : "another user")",
        hint: "run it as root, or leave `owner` out")
      return nil
    }
    if case .id(let id) = group { return Service.Account(user: user, group: id) }
    let own = user == caller ? host.facts.group : host.facts.users?.first { $0.id == user }?.group
    return Service.Account(user: user, group: own ?? user)
  }

  // MARK: Its socket

  /// The folder in which it makes files.
  func serviceFolder(_ id: ServiceID) -> String {
    "\(host.facts.services ?? "/run/vnet-apply/services")/\(id.name)/\(id.folderName)/guest"
  }

  mutating func refuse(socket: String, longest: Int, _ nic: NIC, _ path: String) {
    let position = nic.written["socket"] ?? nic.position
    // `sun_path` of unix(7), with its end.
    if socket.utf8.count > longest {
      conflict(
        position, "\(path).socket",
        "the path of its socket would be \(socket.utf8.count) bytes long, and \(longest) are the most: \(socket)",
        hint: "write a shorter `socket`, or use another --state-dir")
    }
    // It stands among the words of command lines, which a shell takes apart.
    if !socket.utf8.allSatisfy({ Name.isLetter($0) || "/:@%+=,".utf8.contains($0) }) {
      conflict(
        position, "\(path).socket",
        "the path of its socket has letters that a command line reads otherwise: \(socket)",
        hint: "write a `socket` of letters, digits and '/_.-:@%+=,'")
    }
    let others = target.wanted.services.filter { $0.socket == socket }
    if let other = others.first(where: { $0.id.subject != nic.id }) {
      conflict(position, "\(path).socket", "\(socket) is the socket of \(other.id.subject) too")
    }
  }
}

extension ServiceID.Program {
  /// What it is called where it is installed.
  package var executable: String { self == .vde ? "vde_switch" : rawValue }
}
