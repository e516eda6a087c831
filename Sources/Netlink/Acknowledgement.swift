internal import CNetlink

/// The answer to a request (linux/netlink.h, `struct nlmsgerr`), and the end of a dump, which has the same content.
struct Acknowledgement {
  /// A positive error number, or 0.
  var errno: Int32
  var message: String?
  var offset: UInt32?

  /// From the payload of NLMSG_ERROR: the error, the header of the request, its payload unless NLM_F_CAPPED is
  /// set, and the explanation's attributes if NLM_F_ACK_TLVS is.
  init(error payload: RawSpan, flags: UInt16) throws(MalformedMessage) {
    let fixed = 4 + MessageHeader.size
    try payload.require(fixed)
    errno = Acknowledgement.positive(payload.loadI32(0))
    guard flags & UInt16(NLM_F_ACK_TLVS) != 0 else { return }
    var length = fixed
    if flags & UInt16(NLM_F_CAPPED) == 0 {
      // The request's own length: of no use unless it lies within the answer.
      length = 4 + max(MessageHeader.size, Int(payload.loadU32(4)))
      try payload.require(length)
    }
    try read(AttributeReader(payload, after: length))
  }

  /// From the payload of NLMSG_DONE: the error, then the explanation.
  init(done payload: RawSpan, flags: UInt16) throws(MalformedMessage) {
    guard payload.byteCount >= 4 else {
      errno = 0
      return
    }
    errno = Acknowledgement.positive(payload.loadI32(0))
    if flags & UInt16(NLM_F_ACK_TLVS) != 0 { try read(AttributeReader(payload, after: 4)) }
  }

  /// The kernel sends −errno; a dump's end may carry a count, which is no error.
  private static func positive(_ error: Int32) -> Int32 { error < 0 && error > .min ? -error : 0 }

  private mutating func read(_ attributes: consuming AttributeReader) throws(MalformedMessage) {
    var attributes = attributes
    while try attributes.next() {
      switch attributes.type {
      case Int(NLMSGERR_ATTR_MSG.rawValue): message = attributes.string()
      case Int(NLMSGERR_ATTR_OFFS.rawValue): offset = try attributes.u32()
      case Int(NLMSGERR_ATTR_MISS_TYPE.rawValue):
        let missing = try attributes.u32()
        message = message ?? "attribute \(missing) is missing"
      default: break
      }
    }
  }

  func error(_ operation: String) -> NetlinkError {
    NetlinkError(operation: operation, errno: errno, message: message, offset: offset)
  }
}
