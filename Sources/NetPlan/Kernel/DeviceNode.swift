internal import Glibc

/// A node in /dev and whose it is.
struct DeviceNode {
  let path: String
  private let status: stat

  /// nil where there is no such character device.
  init?(_ path: String) {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFCHR else { return nil }
    (self.path, self.status) = (path, status)
  }

  var device: dev_t { status.st_rdev }

  /// As the kernel makes it root alone may open it.
  var accounts: Link.TAP {
    var tap = Link.TAP()
    let isOpen = status.st_mode & 0o006 != 0
    tap.owner = isOpen ? Link.TAP.Account.none : .id(status.st_uid)
    tap.group = status.st_mode & 0o060 == 0 ? Link.TAP.Account.none : .id(status.st_gid)
    return tap
  }

  /// An error number, 0 for none.
  func give(to tap: Link.TAP) -> Int32 {
    guard case .id(let user)? = tap.owner ?? .id(0) else { return EINVAL }
    var (group, mode): (UInt32, mode_t) = (0, 0o600)
    if case .id(let id)? = tap.group { (group, mode) = (id, 0o660) }
    // The mode before the owner, so that nobody has it by the former group in between.
    guard chmod(path, 0o600) == 0, lchown(path, user, group) == 0, chmod(path, mode) == 0 else {
      return errno
    }
    return 0
  }
}

/// Who has device nodes open, from `/proc/PID/fd`; the kernel keeps no count that it would tell, and to try by opening one would
/// keep its owner from it for that moment.
func processes(holding nodes: [LinkName: dev_t]) throws(HostError) -> [LinkName: [Holder]] {
  if nodes.isEmpty { return [:] }
  // A group of devices has one node.
  let devices = Dictionary(grouping: nodes, by: \.value).mapValues { $0.map(\.key) }
  var found: [LinkName: Set<Holder>] = [:]
  for pid in try Disk.numbers("/proc") {
    for descriptor in try Disk.numbers("/proc/\(pid)/fd") {
      var status = stat()
      guard stat("/proc/\(pid)/fd/\(descriptor)", &status) == 0, status.st_mode & S_IFMT == S_IFCHR,
        let names = devices[status.st_rdev]
      else { continue }
      let holder = Holder(pid: pid, name: ProcFile.read("/proc/\(pid)/comm") ?? "?")
      for name in names { found[name, default: []].insert(holder) }
    }
  }
  return found.mapValues { $0.sorted() }
}
