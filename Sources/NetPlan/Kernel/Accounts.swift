internal import Glibc

/// The accounts of this host.
enum Accounts {
  /// getpwnam(3) also finds accounts that a directory service does not list.
  static func user(named name: String) -> HostFacts.NamedID? {
    getpwnam(name).map { HostFacts.NamedID(name: name, id: $0.pointee.pw_uid) }
  }

  static func group(named name: String) -> HostFacts.NamedID? {
    getgrnam(name).map { HostFacts.NamedID(name: name, id: $0.pointee.gr_gid) }
  }

  /// The users and groups of this host, as getpwent(3) and getgrent(3) list them.
  static func users() -> [HostFacts.NamedID] {
    var list: [HostFacts.NamedID] = []
    setpwent()
    while let entry = getpwent() {
      list.append(HostFacts.NamedID(name: String(cString: entry.pointee.pw_name), id: entry.pointee.pw_uid))
    }
    endpwent()
    return list
  }

  static func groups() -> [HostFacts.NamedID] {
    var list: [HostFacts.NamedID] = []
    setgrent()
    while let entry = getgrent() {
      list.append(HostFacts.NamedID(name: String(cString: entry.pointee.gr_name), id: entry.pointee.gr_gid))
    }
    endgrent()
    return list
  }
}
