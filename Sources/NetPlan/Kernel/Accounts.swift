internal import Glibc

/// The accounts of this host.
enum Accounts {
  /// getpwnam(3) also finds accounts that a directory service does not list.
  static func user(named name: String) -> HostFacts.NamedID? {
    getpwnam(name).map { HostFacts.NamedID(name: name, id: $0.pointee.pw_uid, group: $0.pointee.pw_gid) }
  }

  static func group(named name: String) -> HostFacts.NamedID? {
    getgrnam(name).map { HostFacts.NamedID(name: name, id: $0.pointee.gr_gid) }
  }

  /// Names by id; what the host does not know is left out.
  static func names(users: Set<UInt32>, groups: Set<UInt32>) -> AccountNames {
    var names = AccountNames()
    for id in users {
      if let entry = getpwuid(id) { names.users[id] = String(cString: entry.pointee.pw_name) }
    }
    for id in groups {
      if let entry = getgrgid(id) { names.groups[id] = String(cString: entry.pointee.gr_name) }
    }
    return names
  }

  /// The users and groups of this host, as getpwent(3) and getgrent(3) list them.
  static func users() -> [HostFacts.NamedID] {
    var list: [HostFacts.NamedID] = []
    setpwent()
    while let entry = getpwent() {
      list.append(
        HostFacts.NamedID(
          name: String(cString: entry.pointee.pw_name), id: entry.pointee.pw_uid, group: entry.pointee.pw_gid)
      )
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
