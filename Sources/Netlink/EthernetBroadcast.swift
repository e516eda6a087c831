internal import CNetlink

package enum EthernetBroadcast {
  /// To everybody on an interface; false where it did not go.
  package static func send(_ payload: [UInt8], etherType: UInt16, on index: UInt32) -> Bool {
    unsafe payload.withUnsafeBytes { bytes in
      unsafe cnl_broadcast(index, etherType, bytes.baseAddress, bytes.count) == 0
    }
  }
}
