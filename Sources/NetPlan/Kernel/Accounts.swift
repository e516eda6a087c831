internal import Glibc

/// getpwnam(3) also finds accounts that a directory service does not list.
func user(named name: String) -> HostFacts.NamedID? {
  getpwnam(name).map { HostFacts.NamedID(name: name, id: $0.pointee.pw_uid) }
}

func group(named name: String) -> HostFacts.NamedID? {
  getgrnam(name).map { HostFacts.NamedID(name: name, id: $0.pointee.gr_gid) }
}

/// The users and groups of this host, as getpwent(3) and getgrent(3) list them.
func knownUsers() -> [HostFacts.NamedID] {
  var list: [HostFacts.NamedID] = []
  setpwent()
  while let entry = getpwent() {
    list.append(HostFacts.NamedID(name: String(cString: entry.pointee.pw_name), id: entry.pointee.pw_uid))
  }
  endpwent()
  return list
}

func knownGroups() -> [HostFacts.NamedID] {
  var list: [HostFacts.NamedID] = []
  setgrent()
  while let entry = getgrent() {
    list.append(HostFacts.NamedID(name: String(cString: entry.pointee.gr_name), id: entry.pointee.gr_gid))
  }
  endgrent()
  return list
}
