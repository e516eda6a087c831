import Glibc
import Netlink
import Testing

/// Runs `body` in an empty network namespace of its own. It must stay synchronous: the namespace is the thread's.
func withNetworkNamespace<Result>(_ body: () throws -> Result) throws -> Result {
  let before = try NetworkNamespace.current()
  try NetworkNamespace.unshare()
  defer { try! before.enter() }
  return try body()
}

/// Whether something comes true within two seconds. A process that another test is just starting holds copies of all
/// descriptors until it becomes its program: what is closed here is not yet closed then.
func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<200 {
    if try condition() { return true }
    usleep(10_000)
  }
  return false
}

extension Conversation where Carrier == KernelWire {
  static func link(named name: String) throws -> LinkMessage {
    var socket = try Socket()
    return try socket.link(named: name)
  }
}

/// What a command writes; it runs in the calling thread's namespace.
@discardableResult
func shell(_ command: String) throws -> String {
  let pipe = try #require(unsafe popen("{ \(command); } 2>&1", "re"))
  var text: [UInt8] = []
  while true {
    let byte = unsafe fgetc(pipe)
    if byte == EOF { break }
    text.append(UInt8(byte))
  }
  let status = unsafe pclose(pipe)
  let output = String(decoding: text, as: UTF8.self)
  #expect(status == 0, "\(command): \(output)")
  return output
}

/// What this machine can do.
enum Kernel {
  static let isRoot = geteuid() == 0

  static let hasTUN = isRoot && access("/dev/net/tun", R_OK | W_OK) == 0

  /// The hooks before the bridge (tcx), of Linux 6.6.
  static let hasDetours: Bool = {
    var name = utsname()
    guard isRoot, unsafe uname(&name) == 0 else { return false }
    let release = unsafe withUnsafeBytes(of: &name.release) { unsafe String(decoding: $0, as: UTF8.self) }
    let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
    return !numbers.lexicographicallyPrecedes([6, 6])
  }()

  static let hasVLANFiltering: Bool = {
    guard isRoot else { return false }
    let tried: Bool? = try? withNetworkNamespace {
      var socket = try Socket()
      let bridge = with(LinkMessage(name: "br0")) {
        $0.kind = "bridge"
        $0.data = .bridge(with(BridgeSettings()) { $0.vlanFiltering = true })
      }
      do {
        try socket.request("create bridge br0", .create, bridge)
      } catch {
        return false
      }
      // Without the feature the kernel passes over the setting.
      guard case .bridge(let settings) = try socket.link(named: "br0").data else { return false }
      return settings.vlanFiltering == true
    }
    return tried ?? false
  }()
}
