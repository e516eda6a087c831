internal import Glibc

/// Who holds which TAP, from `/proc/PID/fdinfo`, where the tun driver writes `iff:` and the interface's name.
///
/// What they are told for is a name beside it: where processes cannot be listed there is none.
/// A name may exist in several namespaces; a process is counted when it is in `namespace` itself, or its own
/// cannot be told.
func tapHolders(of wanted: Set<LinkName>, inNamespace namespace: UInt64?) -> [LinkName: [Holder]] {
  var found: [LinkName: Set<Holder>] = [:]
  for pid in (try? Disk.numbers("/proc")) ?? [] {
    for name in (try? tapsHeld(by: pid)) ?? [] where wanted.contains(name) {
      if let namespace, let other = namespaceInode(of: pid), other != namespace { continue }
      let command = ProcFile.read("/proc/\(pid)/comm") ?? "?"
      found[name, default: []].insert(Holder(pid: pid, name: command))
    }
  }
  return found.mapValues { $0.sorted() }
}

/// The TAPs that a process has open, as far as it may be looked at.
func tapsHeld(by pid: Int32) throws(HostError) -> [LinkName] {
  try Disk.numbers("/proc/\(pid)/fd").flatMap { descriptor -> [LinkName] in
    var buffer = [CChar](repeating: 0, count: 64)
    let length = readlink("/proc/\(pid)/fd/\(descriptor)", &buffer, buffer.count)
    guard length > 0, buffer[..<length].elementsEqual("/dev/net/tun".utf8.map { CChar(bitPattern: $0) }),
      let info = ProcFile.read("/proc/\(pid)/fdinfo/\(descriptor)")
    else { return [] }
    return info.split(separator: "\n").filter { $0.hasPrefix("iff:") }
      .map { LinkName(kernel: String($0.dropFirst(4).drop { $0 == "\t" || $0 == " " })) }
  }
}

/// The processes that have each of these sockets, of those that may be looked at: systemd keeps what it has accepted for a
/// service.
func socketHolders(of wanted: Set<UInt32>) throws(HostError) -> [UInt32: [Holder]] {
  var found: [UInt32: [Holder]] = [:]
  for pid in try Disk.numbers("/proc") {
    for descriptor in try Disk.numbers("/proc/\(pid)/fd") {
      var buffer = [CChar](repeating: 0, count: 64)
      let length = readlink("/proc/\(pid)/fd/\(descriptor)", &buffer, buffer.count)
      guard length > 0 else { continue }
      let text = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
      guard text.hasPrefix("socket:["), let inode = UInt32(text.dropFirst(8).dropLast()),
        wanted.contains(inode)
      else { continue }
      let holder = Holder(pid: pid, name: ProcFile.read("/proc/\(pid)/comm") ?? "?")
      if found[inode]?.last != holder { found[inode, default: []].append(holder) }
    }
  }
  return found
}

/// Number of the network namespace of a process.
func namespaceInode(of pid: Int32) -> UInt64? { namespaceInode(at: "/proc/\(pid)/ns/net") }

/// Number of the calling thread's network namespace.
func threadNamespaceInode() -> UInt64? { namespaceInode(at: "/proc/thread-self/ns/net") }

func namespaceInode(at path: String) -> UInt64? {
  var status = stat()
  return stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
}
