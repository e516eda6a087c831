internal import CNetlink

/// How often this process has turned to the kernel, and to other programs.
package struct CallCounts: Sendable, Hashable {
  /// Datagrams to and from netlink sockets.
  package var sends = 0
  package var receives = 0
  /// Requests to TAPs (ioctl).
  package var controls = 0
  package var programs = 0

  package init() {}

  private init(_ sends: Int, _ receives: Int, _ controls: Int, _ programs: Int) {
    (self.sends, self.receives, self.controls, self.programs) = (sends, receives, controls, programs)
  }

  package static var now: CallCounts {
    let made = cnl_calls_made()
    return CallCounts(Int(made.sends), Int(made.receives), Int(made.controls), Int(made.programs))
  }

  package static func - (a: CallCounts, b: CallCounts) -> CallCounts {
    CallCounts(
      a.sends - b.sends, a.receives - b.receives, a.controls - b.controls, a.programs - b.programs)
  }

  package static func + (a: CallCounts, b: CallCounts) -> CallCounts {
    CallCounts(
      a.sends + b.sends, a.receives + b.receives, a.controls + b.controls, a.programs + b.programs)
  }
}
