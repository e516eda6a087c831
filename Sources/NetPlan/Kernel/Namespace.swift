internal import Netlink

/// The network namespace of the calling thread.
package enum Namespace {
  /// Enters a namespace by ip-netns(8)'s name, or by a path.
  package static func enter(_ name: String) throws(HostError) {
    do throws(NetlinkError) {
      try NetworkNamespace.enter(path: name.contains("/") ? name : NetworkNamespace.path(named: name))
    } catch {
      throw HostError(error)
    }
  }

  /// Tells namespaces apart, once and for all until the next boot.
  package static func cookie() throws(HostError) -> UInt64 {
    do throws(NetlinkError) {
      return try NetworkNamespace.cookie()
    } catch {
      throw HostError(error)
    }
  }
}
