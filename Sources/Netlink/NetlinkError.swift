import Glibc

/// What could not be done, and why: the kernel's error number and, where it gave one, its own explanation.
package struct NetlinkError: Error, Hashable, Sendable {
  /// What was asked, with its object: `create bridge br0`.
  package var operation: String
  /// A positive error number (errno(3)).
  package var errno: Int32
  /// The extended acknowledgement's text (linux/netlink.h, NLMSGERR_ATTR_MSG), or our own where the error is ours.
  package var message: String?
  /// Where in the request the kernel saw the fault, in bytes from its message header (NLMSGERR_ATTR_OFFS).
  package var offset: UInt32?

  package init(operation: String, errno: Int32, message: String? = nil, offset: UInt32? = nil) {
    self.operation = operation
    self.errno = errno
    self.message = message
    self.offset = offset
  }

  init(operation: String, malformed: MalformedMessage) {
    self.init(operation: operation, errno: EBADMSG, message: "\(malformed)")
  }
}

extension NetlinkError: CustomStringConvertible {
  package var description: String {
    var text = "\(operation): \(NetlinkError.text(of: errno))"
    if let name = NetlinkError.names[errno] { text += " (\(name))" }
    if let message, !message.isEmpty { text += ": \(message)" }
    return text
  }

  /// The C library's words for an error number.
  package static func text(of errno: Int32) -> String {
    // strerror_r may be called on several threads at once, strerror not.
    var buffer = [CChar](repeating: 0, count: 128)
    guard unsafe strerror_r(errno, &buffer, buffer.count) == 0 else { return "error \(errno)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The symbol of an error number, `EEXIST`; nil for those that neither rtnetlink nor a TUN device gives.
  package static func name(of errno: Int32) -> String? { names[errno] }

  private static let names: [Int32: String] = [
    EPERM: "EPERM", ENOENT: "ENOENT", ESRCH: "ESRCH", EINTR: "EINTR", EIO: "EIO", ENXIO: "ENXIO",
    E2BIG: "E2BIG", EBADF: "EBADF", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES",
    EFAULT: "EFAULT", EBUSY: "EBUSY", EEXIST: "EEXIST", EXDEV: "EXDEV", ENODEV: "ENODEV",
    ENOTDIR: "ENOTDIR", EISDIR: "EISDIR", EINVAL: "EINVAL", ENFILE: "ENFILE", EMFILE: "EMFILE",
    ENOTTY: "ENOTTY", EFBIG: "EFBIG", ENOSPC: "ENOSPC", EROFS: "EROFS", EMLINK: "EMLINK", EPIPE: "EPIPE",
    EDOM: "EDOM", ERANGE: "ERANGE", ENAMETOOLONG: "ENAMETOOLONG", ENOSYS: "ENOSYS", ELOOP: "ELOOP",
    ENODATA: "ENODATA", EPROTO: "EPROTO", EBADMSG: "EBADMSG", EOVERFLOW: "EOVERFLOW",
    ENOTUNIQ: "ENOTUNIQ", EBADFD: "EBADFD", EMSGSIZE: "EMSGSIZE", EPROTONOSUPPORT: "EPROTONOSUPPORT",
    EOPNOTSUPP: "EOPNOTSUPP", EAFNOSUPPORT: "EAFNOSUPPORT", EADDRINUSE: "EADDRINUSE",
    EADDRNOTAVAIL: "EADDRNOTAVAIL", ENETDOWN: "ENETDOWN", ENETUNREACH: "ENETUNREACH",
    ECONNREFUSED: "ECONNREFUSED", ENOBUFS: "ENOBUFS", EISCONN: "EISCONN", ENOTCONN: "ENOTCONN",
    ETIMEDOUT: "ETIMEDOUT", EHOSTUNREACH: "EHOSTUNREACH", EALREADY: "EALREADY", ESTALE: "ESTALE",
    ECANCELED: "ECANCELED",
  ]
}
