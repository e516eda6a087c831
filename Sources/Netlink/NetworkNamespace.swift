internal import CNetlink
import Glibc

/// A network namespace, held open: it lives at least as long as this value.
package struct NetworkNamespace: ~Copyable, Sendable {
  package let descriptor: Int32

  /// The calling thread's. Not `/proc/self`, which is the main thread's.
  package static func current() throws(NetlinkError) -> NetworkNamespace {
    let descriptor = cnl_thread_netns()
    guard descriptor >= 0 else {
      throw NetlinkError(operation: "open the thread's network namespace", errno: -descriptor)
    }
    return NetworkNamespace(descriptor: descriptor)
  }

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { cnl_close(descriptor) }

  /// Moves the calling thread here (setns(2)); other threads stay where they are. Needs CAP_SYS_ADMIN.
  package func enter() throws(NetlinkError) {
    let result = cnl_setns(descriptor)
    guard result == 0 else { throw NetlinkError(operation: "enter a network namespace", errno: -result) }
  }

  /// Moves the calling thread into the namespace mounted at `path`.
  package static func enter(path: String) throws(NetlinkError) {
    let result = unsafe path.withCString { unsafe cnl_setns_path($0) }
    guard result == 0 else {
      throw NetlinkError(operation: "enter network namespace \(path)", errno: -result)
    }
  }

  /// The one mounted at `path`.
  package static func open(path: String) throws(NetlinkError) -> NetworkNamespace {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw NetlinkError(operation: "open network namespace \(path)", errno: errno)
    }
    return NetworkNamespace(descriptor: descriptor)
  }

  /// Gives the calling thread's namespace a name: ip-netns(8) finds it at `path`, which is in `folder`.
  package static func name(path: String, in folder: String) throws(NetlinkError) {
    let result = unsafe folder.withCString { folder in
      unsafe path.withCString { unsafe cnl_netns_name(folder, $0) }
    }
    guard result == 0 else {
      throw NetlinkError(operation: "name a network namespace \(path)", errno: -result)
    }
  }

  /// Takes its name away; it lives on as long as something is in it.
  package static func unname(path: String) throws(NetlinkError) {
    let result = unsafe path.withCString { unsafe cnl_netns_unname($0) }
    guard result == 0 else {
      throw NetlinkError(operation: "unmount network namespace \(path)", errno: -result)
    }
  }

  /// nil where there is no such file.
  package static func isNamed(path: String) -> Bool? {
    let result = unsafe path.withCString { unsafe cnl_netns_is_named($0) }
    return result < 0 ? nil : result == 1
  }

  /// Moves the calling thread into the namespace mounted at `path`; the one that it comes from.
  package static func exchange(path: String) throws(NetlinkError) -> NetworkNamespace {
    let home = try current()
    try enter(path: path)
    return home
  }

  /// The place where ip-netns(8) mounts the namespace called `name`.
  package static func path(named name: String) -> String { "/run/netns/\(name)" }

  /// Moves the calling thread into a new, empty network namespace.
  package static func unshare() throws(NetlinkError) {
    let result = cnl_unshare_net()
    guard result == 0 else { throw NetlinkError(operation: "make a network namespace", errno: -result) }
  }

  /// A descriptor of a sysfs that shows the calling thread's namespace, for openat(2); the mounted one shows that of
  /// whoever mounted it. The caller closes it. Needs CAP_SYS_ADMIN.
  package static func sysfs() throws(NetlinkError) -> Int32 {
    let descriptor = cnl_sysfs()
    guard descriptor >= 0 else {
      throw NetlinkError(operation: "open the network namespace's sysfs", errno: -descriptor)
    }
    return descriptor
  }

  /// The calling thread's namespace's number, never used again until the next boot (socket(7), SO_NETNS_COOKIE).
  package static func cookie() throws(NetlinkError) -> UInt64 {
    var cookie: UInt64 = 0
    let result = unsafe cnl_netns_cookie(&cookie)
    guard result == 0 else {
      throw NetlinkError(operation: "read the network namespace's cookie", errno: -result)
    }
    return cookie
  }
}
