internal import Glibc
internal import Netlink

/// The device node of a macvtap, and whether it is that macvtap's.
struct TapNode {
  enum State: Equatable {
    case own
    /// Another namespace's macvtap has the name.
    case foreign
    case missing
    /// Which device is the macvtap's cannot be found out.
    case unknown
  }

  let name: LinkName
  let index: UInt32
  let state: State
  private let node: DeviceNode?

  static func path(_ index: UInt32) -> String { "/dev/tap\(index)" }

  static func exists(_ index: UInt32) -> Bool { access(path(index), F_OK) == 0 }

  init(of name: LinkName, index: UInt32) {
    (self.name, self.index) = (name, index)
    node = DeviceNode(Self.path(index))
    guard let node else {
      state = .missing
      return
    }
    state = Self.device(of: name, index).map { $0 == node.device ? .own : .foreign } ?? .unknown
  }

  var device: dev_t? { state == .own ? node?.device : nil }

  /// Where nobody can say whose it is, its name has to do for looking.
  var accounts: Link.TAP? { state == .own || state == .unknown ? node?.accounts : nil }

  func give(to tap: Link.TAP) -> StepOutcome {
    let number = node?.give(to: tap) ?? ENOENT
    return number == 0 ? .done : .failed(error(number))
  }

  private func error(_ number: Int32) -> HostError {
    HostError("set the owner of \(Self.path(index)), the device of macvtap \(name)", errno: number)
  }

  /// Why it is not to be used.
  var error: HostError {
    let operation = "find the device node of macvtap \(name)"
    let path = Self.path(index)
    switch state {
    case .own: return HostError(operation, errno: 0)
    case .foreign:
      return HostError(
        operation: operation, errno: EEXIST,
        message: "\(path) is the node of another network namespace's macvtap with the same index")
    case .missing:
      return HostError(
        operation: operation, errno: ENOENT, message: "there is no \(path)",
        hint: "/dev has to be a devtmpfs, in which the kernel makes it")
    case .unknown:
      return HostError(
        operation: operation, errno: EPERM,
        message: "no sysfs of this network namespace tells whether \(path) is its",
        hint: "run it with CAP_SYS_ADMIN, or with /sys mounted in the namespace")
    }
  }

  /// The kernel makes device nodes by itself: a devtmpfs is mounted there.
  static var appear: Bool? {
    ProcFile.read("/proc/self/mountinfo").map { text in
      // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw
      let last = text.split(separator: "\n").last { line in
        line.split(separator: " ").dropFirst(4).first == "/dev"
      }
      guard let words = last?.split(separator: " "), let dash = words.firstIndex(of: "-") else {
        return false
      }
      return words[dash...].dropFirst().first == "devtmpfs"
    }
  }

  // MARK: Which device it is

  /// By a sysfs of the thread's namespace; without the privilege to have one, by the mounted one where that shows the
  /// interface.
  private static func device(of name: LinkName, _ index: UInt32) -> dev_t? {
    let place = "class/net/\(name.text)"
    if let root = try? NetworkNamespace.sysfs() {
      defer { close(root) }
      return number(text(root, "\(place)/tap\(index)/dev"))
    }
    let root = open("/sys", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard root >= 0 else { return nil }
    defer { close(root) }
    guard text(root, "\(place)/ifindex") == "\(index)" else { return nil }
    return number(text(root, "\(place)/tap\(index)/dev"))
  }

  private static func text(_ root: Int32, _ path: String) -> String? {
    let descriptor = openat(root, path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = read(descriptor, &buffer, buffer.count)
    return count <= 0 ? nil : String(decoding: buffer[..<count].filter { $0 != 10 }, as: UTF8.self)
  }

  /// `246:1`
  private static func number(_ text: String?) -> dev_t? {
    let parts = (text ?? "").split(separator: ":").compactMap { UInt32($0) }
    guard parts.count == 2 else { return nil }
    // makedev(3)
    let (major, minor) = (dev_t(parts[0]), dev_t(parts[1]))
    return (major & 0xfff) << 8 | (major & ~0xfff) << 32 | minor & 0xff | (minor & ~0xff) << 12
  }
}
