internal import CNetlink
import Glibc

/// Which nftables tables there are (linux/netfilter/nf_tables.h), and their end. What is in them is libnftables' to read.
package struct NetfilterSocket: ~Copyable {
  private var socket: Socket

  /// `NFNL_SUBSYS_NFTABLES` in the upper half of the message type.
  private static let getTable = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_GETTABLE.rawValue)
  private static let getGeneration = UInt16(NFNL_SUBSYS_NFTABLES) << 8 | UInt16(NFT_MSG_GETGEN.rawValue)
  /// `struct nfgenmsg`: family, version, two bytes of resource id.
  private static let headerLength = 4

  package init() throws(NetlinkError) { socket = try Socket(protocol: NETLINK_NETFILTER) }

  /// Family (`NFPROTO_*`) and name of every table of the namespace. EPERM without CAP_NET_ADMIN.
  package mutating func tables() throws(NetlinkError) -> [(family: UInt8, name: String)] {
    try socket.dump(
      "list nftables tables", type: Self.getTable, into: [],
      request: { $0.append(zeros: Self.headerLength) },
      each: { (list, _, payload) throws(MalformedMessage) in
        if let table = try NetfilterSocket.table(decoding: payload) { list.append(table) }
      })
  }

  /// A number that every committed transaction of the namespace raises, whoever sent it (`nft_net.base_seq`). What packets
  /// do to sets does not. EPERM without CAP_NET_ADMIN.
  package mutating func generation() throws(NetlinkError) -> UInt32? {
    try socket.query(
      "read the generation of nftables", type: Self.getGeneration, into: nil,
      request: { $0.append(zeros: Self.headerLength) },
      each: { (generation, _, payload) throws(MalformedMessage) in
        generation = try NetfilterSocket.generation(decoding: payload)
      })
  }

  package static func generation(decoding payload: RawSpan) throws(MalformedMessage) -> UInt32? {
    try payload.require(headerLength)
    var a = AttributeReader(payload, after: headerLength)
    while try a.next() {
      if a.type == Int(NFTA_GEN_ID.rawValue) { return try a.u32().byteSwapped }
    }
    return nil
  }

  /// Removes a table with everything in it; ENOENT where there is none.
  package mutating func delete(family: UInt8, name: String) throws(NetlinkError) {
    var batch = Batch(reserving: 1)
    batch.addTransaction(
      "delete nftables table \(name)", subsystem: UInt16(NFNL_SUBSYS_NFTABLES),
      type: UInt16(NFT_MSG_DELTABLE.rawValue)
    ) {
      $0.append(family)
      $0.append(zeros: 3)
      $0.put(Int(NFTA_TABLE_NAME.rawValue), string: name)
    }
    if let error = socket.transact(batch)[0].error { throw error }
  }

  package static func table(
    decoding payload: RawSpan
  ) throws(MalformedMessage) -> (family: UInt8, name: String)? {
    try payload.require(headerLength)
    var name: String?
    var a = AttributeReader(payload, after: headerLength)
    while try a.next() {
      if a.type == Int(NFTA_TABLE_NAME.rawValue) { name = a.string() }
    }
    return name.map { (payload.loadU8(0), $0) }
  }
}
