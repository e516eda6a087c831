internal import Glibc
internal import Netlink

/// A function on PCI and who drives it: the kernel, which makes an interface of it, or a process by VFIO.
///
/// Sysfs is the kernel's interface for that (Documentation/ABI/testing/sysfs-bus-pci). The files are the same in every
/// network namespace; interfaces appear in the first.
struct PCIDevice {
  let address: String

  private static let bus = "/sys/bus/pci"
  private var folder: String { "\(Self.bus)/devices/\(address)" }

  var isThere: Bool { access(folder, F_OK) == 0 }

  /// nil for none.
  var driver: String? { target(of: "driver") }

  /// Number of its IOMMU group.
  var group: Int? { target(of: "iommu_group").flatMap { Int($0) } }

  /// What VM software opens to have the group.
  var node: DeviceNode? { group.flatMap { DeviceNode("/dev/vfio/\($0)") } }

  /// A process has its group.
  var isHeld: Bool {
    get throws(HostError) {
      guard let node else { return false }
      return try !processes(holding: [LinkName(kernel: address): node.device]).isEmpty
    }
  }

  var interface: LinkName? {
    get throws(HostError) { try Disk.entries("\(folder)/net").first.map(LinkName.init(kernel:)) }
  }

  var function: PCIFunction { PCIFunction(address: address, group: group, driver: driver) }

  static func all() throws(HostError) -> [PCIDevice] {
    try Disk.entries("\(bus)/devices").map(PCIDevice.init(address:))
  }

  static func hasDriver(_ name: String) -> Bool { access("\(bus)/drivers/\(name)", F_OK) == 0 }

  // MARK: Virtual functions

  /// nil for what can have none.
  var functionRoom: FunctionRoom? {
    get throws(HostError) {
      guard let total = try number(in: "sriov_totalvfs"), total > 0,
        let offset = try number(in: "sriov_offset"), let stride = try number(in: "sriov_stride")
      else { return nil }
      return FunctionRoom(total: total, offset: offset, stride: stride)
    }
  }

  var functionCount: Int? { get throws(HostError) { try number(in: "sriov_numvfs") } }

  /// To drivers, when they come to be.
  var offersFunctions: Bool? { get throws(HostError) { try number(in: Self.offering).map { $0 != 0 } } }

  func offerFunctions(_ isOn: Bool) throws(HostError) { try write(Self.offering, isOn ? "1" : "0") }

  private static let offering = "sriov_drivers_autoprobe"

  func function(_ number: Int) -> PCIDevice? { target(of: "virtfn\(number)").map(PCIDevice.init(address:)) }

  /// They come without a driver: no interface of theirs is seen, named, or given an address by anybody in passing.
  func setFunctionCount(_ count: Int) throws(HostError) {
    if count == 0 { return try write("sriov_numvfs", "0") }
    try offering(false, Self.offering) { () throws(HostError) in
      try write("sriov_numvfs", "\(count)")
    }
  }

  /// Runs `body` while drivers are offered new functions, or are not, and puts that back whatever becomes of it.
  private func offering(
    _ isOn: Bool, _ file: String, _ body: () throws(HostError) -> Void
  ) throws(HostError) {
    guard let former = try number(in: file), former != (isOn ? 1 : 0) else { return try body() }
    try write(file, isOn ? "1" : "0")
    do throws(HostError) {
      try body()
    } catch {
      try? write(file, "\(former)")
      throw error
    }
    try write(file, "\(former)")
  }

  /// To the driver of the kernel that it is for; its interface, whatever that is called.
  func bind() throws(HostError) -> LinkName {
    // Where hardware's functions are kept from drivers, none would take it (`pci_device_can_probe`).
    try offering(true, "physfn/\(Self.offering)") { () throws(HostError) in
      try write("driver_override", "\n")
      if driver == nil { try write("\(Self.bus)/drivers_probe", address) }
    }
    guard let driver else {
      throw HostError(
        operation: "bind \(address)", errno: ENODEV, message: "no driver took it",
        hint: "load the driver of such virtual functions, for igb: modprobe igbvf")
    }
    return try awaitInterface(of: driver)
  }

  /// From whoever drives it, and to nobody.
  func release() throws(HostError) {
    if driver == Link.vfioDriver, try isHeld { throw held }
    try unbind()
    try write("driver_override", "\n")
  }

  /// nil where there is no such file.
  private func number(in file: String) throws(HostError) -> Int? {
    let path = "\(folder)/\(file)"
    guard access(path, F_OK) == 0 else { return nil }
    guard let text = ProcFile.read(path) else { throw HostError("read \(path)", errno: errno) }
    return Int(text)
  }

  // MARK: Changing hands

  /// From the kernel to VFIO, for these accounts. What of it was done before an error, only looking tells.
  func assign(to tap: Link.TAP) throws(HostError) {
    if driver != Link.vfioDriver {
      // Nothing but VFIO may take it from now on, and whoever finds it without a driver knows that it is on its way.
      try unbind()
      try write("driver_override", Link.vfioDriver)
      try write("\(Self.bus)/drivers_probe", address)
      guard driver == Link.vfioDriver else {
        throw HostError(
          operation: "bind \(address) to \(Link.vfioDriver)", errno: 0,
          message: "the driver did not take it",
          hint: "dmesg says why; other devices of its IOMMU group may be in the way")
      }
    }
    try give(to: tap)
  }

  func give(to tap: Link.TAP) throws(HostError) {
    guard let node else {
      throw HostError(
        operation: "find the node of \(address)", errno: ENOENT,
        message: "there is no /dev/vfio/\(group.map { "\($0)" } ?? "N")",
        hint: "/dev has to be a devtmpfs, in which the kernel makes it")
    }
    let number = node.give(to: tap)
    if number != 0 { throw HostError("set the owner of \(node.path)", errno: number) }
  }

  /// Back to the kernel; its interface, whatever that is called.
  func giveBack(driver former: String?) throws(HostError) -> LinkName {
    if driver == Link.vfioDriver {
      // The kernel would wait for whoever has it, however long (`vfio_unregister_group_dev`).
      if try isHeld { throw held }
      try unbind()
    }
    try write("driver_override", "\n")
    if driver == nil { try write("\(Self.bus)/drivers_probe", address) }
    guard let driver else {
      throw HostError(
        operation: "give \(address) back to the kernel", errno: ENODEV, message: "no driver took it",
        hint: former.map { "modprobe \($0)" })
    }
    if let former, driver != former {
      throw HostError(
        operation: "give \(address) back to the kernel", errno: 0,
        message: "the driver \(driver) took it, and it had \(former)")
    }
    return try awaitInterface(of: driver)
  }

  private var held: HostError {
    HostError(
      operation: "take \(address) from \(Link.vfioDriver)", errno: EBUSY,
      message: "a process has its group open", hint: "end the VM first")
  }

  private func awaitInterface(of driver: String) throws(HostError) -> LinkName {
    for _ in 0..<Self.patience {
      if let interface = try interface {
        settle()
        return try self.interface ?? interface
      }
      usleep(50_000)
    }
    throw HostError(
      operation: "await the interface of \(address)", errno: ETIMEDOUT,
      message: "the driver \(driver) has it and makes no interface of it")
  }

  /// Looks for an interface, of 50 milliseconds each.
  private static let patience = 200

  /// systemd-udevd names what appears, and is not to do so later.
  private func settle() {
    guard access("/run/udev/control", F_OK) == 0, let udevadm = Executable.find("udevadm") else { return }
    _ = try? ChildProcess.run([udevadm, "settle", "--timeout=10"], timeout: 15_000)
  }

  private func unbind() throws(HostError) {
    if driver != nil { try write("driver/unbind", address) }
  }

  // MARK: Its files

  private func target(of name: String) -> String? {
    guard let path = realpath("\(folder)/\(name)", nil) else { return nil }
    defer { free(path) }
    return String(cString: path).split(separator: "/").last.map(String.init)
  }

  private func write(_ file: String, _ text: String) throws(HostError) {
    let path = file.hasPrefix("/") ? file : "\(folder)/\(file)"
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw HostError("open \(path)", errno: errno) }
    defer { close(descriptor) }
    try Disk.write(Array(text.utf8), to: descriptor, path)
  }
}
