internal import Glibc

/// Where the state of a network namespace is kept.
package struct StatePlaces: Sendable, Hashable {
  package static let usual = "/run/vnet-apply"

  /// Journal, ledger, services: beside the kernel state that they describe, and as short-lived.
  package let directory: String
  /// What the next boot is to find again.
  package let lasting: String

  package init(directory: String, lasting: String) {
    self.directory = directory
    self.lasting = lasting
  }

  /// `root` is what `--state-dir` says; another than the usual one takes everything along.
  package init(root written: String, namespace cookie: UInt64) {
    // Programs are started in a folder of their own.
    let root = written.hasPrefix("/") ? written : "\(workingDirectory())/\(written)"
    directory = "\(root)/\(cookie)"
    let lastingRoot = root == StatePlaces.usual ? "/var/lib/vnet-apply" : "\(root)/lasting"
    lasting =
      switch Namespace.identity() {
      case .host: lastingRoot
      case .named(let name): "\(lastingRoot)/@\(name)"
      case .nameless: directory
      }
  }
}

private func workingDirectory() -> String {
  guard let path = getcwd(nil, 0) else { return "" }
  defer { free(path) }
  return String(cString: path)
}

extension Namespace {
  /// What of a network namespace outlives it. Its cookie does not: the next boot gives others.
  enum Identity {
    /// The one that the machine, or the container, began with.
    case host
    /// By ip-netns(8)'s name, which whoever makes it anew gives it again.
    case named(String)
    /// Nobody will find it again.
    case nameless
  }

  static func identity() -> Identity {
    guard let own = threadNamespaceInode() else { return .nameless }
    if own == namespaceInode(of: 1) { return .host }
    if let directory = opendir("/run/netns") {
      defer { closedir(directory) }
      while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
          String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if !name.hasPrefix("."), own == namespaceInode(at: "/run/netns/\(name)") { return .named(name) }
      }
    }
    // Who may not look at process 1 (ptrace(2)) is no root, and can only read.
    return namespaceInode(of: 1) == nil ? .host : .nameless
  }
}
