internal import Glibc

/// Where the state of a network namespace is kept.
package struct StatePlaces: Sendable, Hashable {
  package static let usual = "/run/vnet-apply"

  /// Journal, ledger, services: beside the kernel state that they describe, and as short-lived.
  package let directory: String
  /// What the next boot is to find again.
  package let lasting: String
  /// They are of somebody who has no privilege, and hold what everybody may have.
  package let isOwn: Bool
  /// Where the lock is. Root's does not move with `--state-dir`: what it guards is the kernel's.
  package let locks: String

  package init(directory: String, lasting: String) {
    self.directory = directory
    self.lasting = lasting
    isOwn = false
    locks = StatePlaces.usual
  }

  /// `root` is what `--state-dir` says; another than the usual one takes everything along.
  package init(root written: String, namespace cookie: UInt64, isOwn: Bool = false) throws(HostError) {
    // Programs are started in a folder of their own.
    let root = written.hasPrefix("/") ? written : "\(workingDirectory())/\(written)"
    directory = "\(root)/\(cookie)" + StatePlaces.boot(in: root)
    self.isOwn = isOwn
    locks = isOwn ? root : StatePlaces.usual
    let lastingRoot = root == StatePlaces.usual ? "/var/lib/vnet-apply" : "\(root)/lasting"
    lasting =
      switch try Namespace.identity() {
      case .host: lastingRoot
      case .named(let name): "\(lastingRoot)/@\(name)"
      case .nameless: directory
      }
  }
}

extension StatePlaces {
  /// A boot empties `/run`, and gives the host's namespace the same cookie again: in another folder what was before it is told
  /// apart by the name (random(4)).
  private static func boot(in root: String) -> String {
    if root.hasPrefix("/run/") { return "" }
    return ProcFile.read("/proc/sys/kernel/random/boot_id").map { "-" + $0.prefix(8) } ?? ""
  }

  /// What `--state-dir` would say for them.
  package var root: String { String(directory[..<(directory.lastIndex(of: "/") ?? directory.endIndex)]) }

  /// The folder that a login gives its user (pam_systemd(8)), gone with the last session like the processes in it. No
  /// environment variable moves it.
  package static func ofUser(_ id: UInt32) -> String { "/run/user/\(id)" }

  /// Of whoever has no privilege: `written` is what `--state-dir` says.
  ///
  /// A name is at home where it is applied. What root has applied by it is to be looked at there, and changed by root.
  package static func unprivileged(
    _ written: String?, namespace cookie: UInt64, name: String?, isForEverybody: Bool?
  ) throws(HostError) -> StatePlaces {
    let usual = try StatePlaces(root: written ?? StatePlaces.usual, namespace: cookie)
    if isForEverybody == false { return usual }
    if written == nil, let name, usual.hasServices(of: name) { return usual }
    let own = try StatePlaces(
      root: written ?? "\(ofUser(geteuid()))/vnet-apply", namespace: cookie, isOwn: true)
    if isForEverybody == true || own.hasServices(of: name) || own.isInterrupted { return own }
    return name == nil && own.isThere && !usual.hasServices(of: nil) ? own : usual
  }

  private func hasServices(of name: String?) -> Bool { has("services" + (name.map { "/\($0)" } ?? "")) }
  private var isInterrupted: Bool { has("journal") || has("journal.waiting") || has("journal.committed") }
  private var isThere: Bool { has("") }
  private func has(_ file: String) -> Bool { access("\(directory)/\(file)", F_OK) == 0 }
}

private func workingDirectory() -> String {
  guard let path = getcwd(nil, 0) else { return "" }
  defer { free(path) }
  return String(cString: path)
}

extension Namespace {
  /// What of a network namespace outlives it. Its cookie does not: the next boot gives others.
  enum Identity: Equatable {
    /// The one that the machine, or the container, began with.
    case host
    /// By ip-netns(8)'s name, which whoever makes it anew gives it again.
    case named(String)
    /// Nobody will find it again.
    case nameless
  }

  static func identity() throws(HostError) -> Identity {
    guard let own = threadNamespaceInode() else { return .nameless }
    let first = namespaceInode(of: 1)
    if own == first { return .host }
    if let name = try Disk.entries(Netns.folder).first(where: {
      own == namespaceInode(at: Netns.path(named: $0))
    }) {
      return .named(name)
    }
    // Who may not look at process 1 (ptrace(2)) is no root, and can only read.
    return first == nil ? .host : .nameless
  }
}
