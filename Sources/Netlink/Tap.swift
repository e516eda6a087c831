internal import CNetlink

/// One open queue of a TAP interface; closing it detaches.
package struct Tap: ~Copyable, Sendable {
  /// What TUNSETIFF is told (linux/if_tun.h).
  package struct Mode: Hashable, Sendable {
    /// IFF_MULTI_QUEUE: several descriptors may attach at once.
    package var multiQueue: Bool
    /// IFF_VNET_HDR: each packet comes with a virtio header.
    package var vnetHeader: Bool

    package init(multiQueue: Bool = false, vnetHeader: Bool = false) {
      self.multiQueue = multiQueue
      self.vnetHeader = vnetHeader
    }

    var flags: UInt32 {
      var flags = IFF_TAP | IFF_NO_PI
      if multiQueue { flags |= IFF_MULTI_QUEUE }
      if vnetHeader { flags |= IFF_VNET_HDR }
      return UInt32(flags)
    }
  }

  package let descriptor: Int32

  private init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { cnl_close(descriptor) }

  /// Creates the interface `name`, which must not exist (EBUSY), and makes it outlive this value.
  ///
  /// Persistence comes last: whatever fails before, the interface goes with its only descriptor.
  package static func create(
    _ name: String, _ mode: Mode, owner: UInt32? = nil, group: UInt32? = nil
  ) throws(NetlinkError) -> Tap {
    let tap = try open(name, mode.flags | UInt32(IFF_TUN_EXCL), operation: "create tap \(name)")
    if let owner { try check(cnl_tun_owner(tap.descriptor, owner), "set owner \(owner) of tap \(name)") }
    if let group { try check(cnl_tun_group(tap.descriptor, group), "set group \(group) of tap \(name)") }
    try check(cnl_tun_persist(tap.descriptor, 1), "make tap \(name) persistent")
    return tap
  }

  /// Attaches to the interface `name`: EBUSY if it has one queue and somebody holds it.
  ///
  /// The kernel takes over `mode.vnetHeader`, and creates an interface that is not there; look before.
  package static func attach(_ name: String, _ mode: Mode) throws(NetlinkError) -> Tap {
    try open(name, mode.flags, operation: "attach to tap \(name)")
  }

  /// Sets owner and group, −1 for none, of the interface this queue belongs to.
  package func setOwner(_ owner: UInt32) throws(NetlinkError) {
    try Tap.check(cnl_tun_owner(descriptor, owner), "set a tap's owner to \(owner)")
  }

  package func setGroup(_ group: UInt32) throws(NetlinkError) {
    try Tap.check(cnl_tun_group(descriptor, group), "set a tap's group to \(group)")
  }

  /// With `false`, the interface goes when its last queue is closed.
  package func setPersistent(_ persistent: Bool) throws(NetlinkError) {
    try Tap.check(cnl_tun_persist(descriptor, persistent ? 1 : 0), "change a tap's persistence")
  }

  /// Closes the queue now.
  package consuming func close() {}

  private static func open(_ name: String, _ flags: UInt32, operation: String) throws(NetlinkError) -> Tap {
    let descriptor = cnl_tun_open()
    guard descriptor >= 0 else { throw NetlinkError(operation: "open /dev/net/tun", errno: -descriptor) }
    let tap = Tap(descriptor: descriptor)
    try check(unsafe name.withCString { unsafe cnl_tun_set(descriptor, $0, flags) }, operation)
    return tap
  }

  private static func check(_ result: Int32, _ operation: @autoclosure () -> String) throws(NetlinkError) {
    guard result >= 0 else { throw NetlinkError(operation: operation(), errno: -result) }
  }
}
