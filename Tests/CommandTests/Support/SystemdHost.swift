import Glibc

/// A host that boots with systemd (lab/systemd): this machine's file system below a layer in memory, and what `make install`
/// installs, enabled. /var/lib/vnet-apply is on a disk; everything else goes with the power.
struct SystemdHost {
  private let files: TemporaryFolder
  private var disk: String { files.path + "/disk" }

  static func with(_ body: (SystemdHost) throws -> Void) throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let host = SystemdHost(files: files)
    try must(["mkdir", "-p", files.path + "/shared"])
    try must([
      "make", "-s", "-C", Tools.repository, "install", "BINARY=\(Tools.vnetApply)",
      "DESTDIR=\(files.path)/shared/installed",
    ])
    let kernel = try GuestImage.systemd.get().kernel
    try host.write(
      "job",
      """
      export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LAB_KERNEL='\(kernel.dropLast("/vmlinux".count))'
      cd '\(Tools.repository)'
      exec lab/systemd/start

      """)
    try must(["truncate", "-s", "16M", host.disk])
    try must(["mke2fs", "-q", "-t", "ext4", host.disk])
    try body(host)
  }

  /// A file of the folder that the host sees as /run/lab; its path there.
  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try files.write("shared/" + name, text)
    return "/run/lab/" + name
  }

  /// From one boot to the end of `body`, with one NIC, which is there when somebody loads its driver (virtio_net).
  func boot(_ body: (Guest) throws -> Void) throws {
    // Its clock is that of the instructions that it executes, as in lab/run: it is not hurried where this machine is busy.
    let clock = Guest.accelerator == "tcg" ? ["-cpu", "max,erms=off,fsrm=off", "-icount", "shift=2"] : []
    let guest = try Guest(
      "systemd", booting: try GuestImage.systemd.get(), megabytes: 512,
      options: "systemd.show_status=false systemd.default_standard_output=journal+console",
      clock + [
        "-virtfs", "local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap",
        "-virtfs", "local,path=\(files.path)/shared,mount_tag=lab,security_model=none",
        "-drive", "file=\(disk),format=raw,if=virtio",
        "-netdev", "hubport,id=wire,hubid=1", "-device", "virtio-net-pci,netdev=wire",
      ], files: files)
    defer { guest.leave() }
    try guest.ready(timeout: 300)
    try body(guest)
  }
}

extension Guest {
  /// Waits until whoever needs the network was started.
  func booted() throws {
    try must("until [ -e /run/online ]; do sleep 0.1; done", limit: 200)
  }

  /// What systemd says of a unit.
  func show(_ unit: String) throws -> [String: String] {
    let pairs = try must("systemctl show \(unit)", limit: 60).lines.compactMap { line in
      line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
    }
    return Dictionary(pairs) { $1 }
  }
}

extension Gate {
  static let systemd =
    ready && Tools.has("qemu-system-x86_64") && Tools.has("mke2fs") && Tools.has("dnsmasq")
    && access("/lib/systemd/systemd", X_OK) == 0 && (try? GuestImage.systemd.get()) != nil

  static let systemdComment: String = {
    if case .failure(let failure) = GuestImage.systemd { return "needs a host to boot: \(failure)" }
    return "needs qemu-system-x86_64, mke2fs, dnsmasq and systemd; \(readyComment)"
  }()
}
