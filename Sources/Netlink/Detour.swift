internal import CNetlink

/// A way for the host's packets past the bridge between an interface and the bridge's own: while it is open, the host
/// receives by the bridge what comes in at the interface, and what it sends by the bridge leaves by the interface.
///
/// It is two programs at the hooks that packets pass before a bridge sees them (tcx, Linux 6.6). They hang on
/// descriptors, so that a process which is killed leaves nothing behind; and neither hook needs a queueing discipline,
/// whose coming and going itself loses packets (`dev_deactivate` in `qdisc_graft`, net/sched/sch_api.c).
package final class Detour: Sendable {
  private let toggle: Descriptor
  private let sending: Descriptor
  private let receiving: Descriptor

  /// Closed at first. To hang up the programs takes an RCU grace period each, 10 to 50 ms together, in which everything
  /// goes its usual way.
  package init(between link: UInt32, and bridge: UInt32) throws(NetlinkError) {
    toggle = try Descriptor(cnl_detour_switch())
    sending = try Descriptor(cnl_detour_send(toggle.number, bridge, link))
    receiving = try Descriptor(cnl_detour_receive(toggle.number, link, bridge))
  }

  package func open() { _ = cnl_detour_turn(toggle.number, 1, 1) }

  /// IPv4 that comes in at the interface is received there again. ARP still goes the detour, so that the bridge hears
  /// the answers to what it asks.
  package func closeReceivingIPv4() { _ = cnl_detour_turn(toggle.number, 0, 1) }

  /// Waits until whatever came in before this has been received: 10 to 30 ms.
  ///
  /// A processor that the hypervisor stops in the middle would find the addresses gone by which a packet was let in.
  package static func settle() { cnl_detour_settle() }

  package func close() { _ = cnl_detour_turn(toggle.number, 0, 0) }
}

private struct Descriptor: ~Copyable, Sendable {
  let number: Int32

  init(_ result: Int32) throws(NetlinkError) {
    guard result >= 0 else { throw NetlinkError(operation: "make a detour", errno: -result) }
    number = result
  }

  deinit { cnl_close(number) }
}
