import Glibc
import Testing
import Witness

/// The lab's machine itself, in its first network namespace, where hardware appears: `lab/run` gives it two e1000e behind an
/// emulated IOMMU, on one wire, and on another one more and an igb, which has virtual functions.
///
/// The first of each wire is the host's, with addresses and routes; the other is in a namespace of its own, the station beyond.
struct LabHost {
  let host: Host
  let name: String
  let peer: String
  let device: String

  private static let first = "lab-first"

  static func with(
    _ name: String = "eth0", beside peer: String = "eth1", _ body: (LabHost) throws -> Void
  ) throws {
    try inTurn { try take(name, peer, body) }
  }

  /// There is one machine, with one set of hardware: tests that run at once, in one process or two, take turns.
  static func inTurn(_ body: () throws -> Void) throws {
    let turn = open("/run/lab-turn", O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
    defer { close(turn) }
    guard flock(turn, LOCK_EX) == 0 else { throw CommandFailure(description: "no turn: errno \(errno)") }
    try body()
  }

  private static func take(_ name: String, _ peer: String, _ body: (LabHost) throws -> Void) throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    try must(["sh", "-c", "ip netns list | grep -qw \(first) || ip netns attach \(first) 1"])
    var space = Namespace(existing: first)
    space.isOwn = true
    let lan = try Namespace()
    defer { lan.delete() }
    let device = try must(["readlink", "-f", "/sys/class/net/\(name)/device"]).trimmed
    try space.ip("link set \(peer) netns \(lan.name)")
    try lan.ip(
      "link set \(peer) up\naddr add 198.51.100.1/24 dev \(peer)\naddr add 2001:db8:2::1/64 dev \(peer) nodad"
    )
    try space.ip(
      """
      link property add dev \(name) altname wan
      link set \(name) mtu 1400
      link set \(name) up
      addr add 198.51.100.10/24 dev \(name)
      addr add 198.51.100.77/24 dev \(name)
      addr add 2001:db8:2::10/64 dev \(name) nodad
      route add default via 198.51.100.1 dev \(name) metric 700
      route add 203.0.113.0/25 via 198.51.100.1 dev \(name) metric 50 src 198.51.100.77
      route add 2001:db8:f::/48 via 2001:db8:2::1 dev \(name) metric 50
      """)
    for setting in ["ipv4.conf.\(name).rp_filter=2", "ipv6.conf.\(name).use_tempaddr=1"] {
      try space.sysctl("net.\(setting)")
    }
    let host = Host(space: space, lan: lan, lan2: nil, files: files)
    let lab = LabHost(
      host: host, name: name, peer: peer, device: device.split(separator: "/").last.map(String.init) ?? "")
    defer { lab.clean() }
    try lab.linked()
    try body(lab)
  }

  /// The machine is the next test's, too.
  private func clean() {
    _ = try? host.space.run(["sh", "-c", "ip addr flush dev \(name); ip link set \(name) down"])
    _ = try? host.space.run(["ip", "link", "property", "del", "dev", name, "altname", "wan"])
    _ = try? host.lan.run(["ip", "link", "set", peer, "netns", "1"])
  }

  /// Until the hardware has agreed on a speed, which takes it a moment each time.
  func linked() throws {
    #expect(Clock.wait(20) { (try? host.link(name)["operstate"].text) == "UP" }, "no carrier")
    try host.space.settle(name)
  }

  var driver: String {
    (try? must(["readlink", "/sys/bus/pci/devices/\(device)/driver"]).trimmed)
      .flatMap { $0.split(separator: "/").last.map(String.init) } ?? "none"
  }

  var group: String {
    get throws {
      try must(["readlink", "/sys/bus/pci/devices/\(device)/iommu_group"]).trimmed.split(separator: "/").last
        .map(String.init) ?? ""
    }
  }

  /// What VFIO says of the group to whoever has it open (linux/vfio.h): viable is 1.
  func groupFlags() throws -> String {
    let ask = """
      import fcntl, os, struct
      group = os.open("/dev/vfio/\(try group)", os.O_RDWR)
      status = bytearray(struct.pack("II", 8, 0))
      fcntl.ioctl(group, 0x3b67, status)
      print(struct.unpack("II", status)[1])
      """
    return try must(["python3", "-c", ask]).trimmed
  }
}

extension Gate {
  /// Never on the machine that starts the tests: only the lab's is ours down to its hardware.
  static let assignable: Bool =
    Tools.environment("LAB_KERNEL") != nil && ready
    && access("/sys/class/net/eth0/device/iommu_group", F_OK) == 0
    && access("/sys/bus/pci/drivers/vfio-pci", F_OK) == 0
  /// The lab's NIC with virtual functions.
  static let divisible = assignable && access("/sys/class/net/eth3/device/sriov_numvfs", F_OK) == 0
  static let divisibleComment: Comment =
    "needs the lab's machine, with a NIC that has virtual functions (lab/run)"
  static let assignableComment: Comment = "needs the lab's machine, with a NIC behind an IOMMU (lab/run)"
}
