import Glibc

/// A guest that boots: a Debian kernel with busybox under QEMU, whose NICs are what `attach` says and nothing else.
///
/// The test talks to its shell over a virtio port that is QEMU's standard input and output, so that a guest ends with
/// its test, however that ends.
final class Guest {
  let vm: String
  /// What `attach` says to type in it, where nothing else gives it its addresses.
  let hint: String
  let child: Child
  private let console: String

  /// Starts QEMU in `space` with the words that `attach` printed as they are; `ready` waits for the guest itself. As
  /// `user` QEMU has nothing of root's.
  init(
    _ vm: String, attached words: String, hint: String = "", in space: Namespace, files: TemporaryFolder,
    as user: String? = nil
  ) throws {
    self.vm = vm
    self.hint = hint.replacing("in the guest:", with: "")
    console = try files.write("\(vm).console", "")
    try CommandTests.must(["chmod", "666", console])
    let image = try user == nil ? GuestImage.made.get() : GuestImage.made.get().copied(to: files)
    let machine = Self.machine(image, megabytes: 128, "vm=\(vm)", console)
    let line = "\"$@\" " + words.words.joined(separator: " ")
    child = try space.start(["sh", "-c", Self.becoming(user) + line, user ?? "root"] + machine)
  }

  /// Starts QEMU with these words, and no NIC but theirs.
  init(
    _ name: String, booting image: GuestImage, megabytes: Int, options: String, _ words: [String],
    files: TemporaryFolder
  ) throws {
    vm = name
    hint = ""
    console = try files.write("\(name).console", "")
    child = try Child(Self.machine(image, megabytes: megabytes, options, console) + words)
  }

  private static func machine(
    _ image: GuestImage, megabytes: Int, _ options: String, _ console: String
  ) -> [String] {
    [
      "qemu-system-x86_64", "-accel", accelerator, "-M", "q35", "-m", "\(megabytes)", "-nodefaults",
      "-display", "none", "-no-reboot", "-serial", "file:\(console)",
      "-kernel", image.kernel, "-initrd", image.initramfs, "-append",
      "\(image.options) \(options)",
      "-chardev", "stdio,id=shell,signal=off",
      "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=shell",
      // Nothing boots from the network; without this the NIC's own boot program would be needed, and run.
      "-global", "virtio-net-pci.romfile=",
    ]
  }

  /// Emulation is the same everywhere; `LAB_ACCEL=kvm` where the hardware's virtualisation works.
  static let accelerator = Tools.environment("LAB_ACCEL") ?? "tcg"

  /// How a shell goes on as the user in `$0`. The namespace's own view of /dev gets a node that everybody may open, as
  /// udev makes it: who may use which TAP is then up to the TAP alone.
  private static func becoming(_ user: String?) -> String {
    user == nil
      ? "exec "
      : Namespace.openTun + " && exec setpriv --reuid=\"$0\" --regid=\"$(id -g \"$0\")\" --clear-groups -- "
  }

  /// Waits until its shell listens.
  func ready(timeout: Double = 60) throws {
    guard child.line(timeout: timeout) == "ready" else { throw failure("did not boot") }
  }

  /// What a command of its shell gives back; one that takes more than `limit` seconds is killed and exits 137.
  func run(_ command: String, limit: Int = 10) throws -> Outcome { try start(command, limit: limit)() }

  /// Starts a command, one at a time; what it gives back is what the result waits for.
  func start(_ command: String, limit: Int = 10) -> () throws -> Outcome {
    let started = Clock.seconds
    child.write("\(limit) \(command.replacing("\\", with: "\\\\").replacing("\n", with: "\\n"))\n")
    return {
      let sizes = self.child.line(timeout: Double(limit) + 30)?.words.compactMap { Int($0) } ?? []
      guard sizes.count == 3, let output = self.child.bytes(sizes[1], timeout: 30),
        let errors = self.child.bytes(sizes[2], timeout: 30)
      else {
        throw self.failure("did not answer: \(command)")
      }
      return Outcome(
        command: "\(self.vm)# \(command)", code: Int32(sizes[0]),
        stdout: String(decoding: output, as: UTF8.self), stderr: String(decoding: errors, as: UTF8.self),
        seconds: Clock.seconds - started)
    }
  }

  /// The output of a command that must succeed.
  @discardableResult
  func must(_ command: String, limit: Int = 10) throws -> String {
    let outcome = try run(command, limit: limit)
    guard outcome.code == 0 else { throw failure("\(outcome)") }
    return outcome.stdout
  }

  /// Types a command that the machine does not survive: QEMU ends with it.
  func end(by command: String, within timeout: Double = 60) throws {
    _ = start(command, limit: 600)
    let answer = child.line(timeout: timeout)
    guard answer == nil, child.finish(timeout: 5).code == 0 else {
      throw failure("goes on after: \(command)")
    }
  }

  /// Ends QEMU; what it said.
  @discardableResult
  func leave() -> Outcome {
    child.signal(SIGTERM)
    return child.finish(timeout: 10)
  }

  /// An error that shows the guest's console and what QEMU said; the guest has ended.
  private func failure(_ what: String) -> CommandFailure {
    let qemu = leave()
    let last = ((try? CommandTests.must(["tail", "-n", "40", console])) ?? "").trimmed
    return CommandFailure(
      description: "guest '\(vm)' \(what)\nits console: \(last)\nQEMU: exit \(qemu.code): \(qemu.stderr)")
  }
}

extension Host {
  /// The guests of `vms`, booted at once with what `attach` prints, for as long as `body` runs.
  func boot<Result>(
    _ vms: [String], _ file: String, as user: String? = nil, _ body: ([Guest]) throws -> Result
  ) throws -> Result {
    var guests: [Guest] = []
    defer { for guest in guests { guest.leave() } }
    for vm in vms {
      let attach = try vnet("attach", vm, "--vmm", "qemu", "-c", file)
      guard attach.code == 0 else { throw CommandFailure(description: attach.description) }
      // What a shell is to open for QEMU stands behind the command.
      let (hints, opened) = (attach.stderr.lines, "behind the command, so that it has them open: ")
      let open = hints.first { $0.hasPrefix(opened) }.map { String($0.dropFirst(opened.count)) } ?? ""
      // So does the namespace in which its devices are.
      let inside = "in its network namespace: ip netns exec "
      let netns = hints.first { $0.hasPrefix(inside) }.flatMap {
        $0.dropFirst(inside.count).split(separator: " ").first
      }
      let place = netns.map { Namespace(existing: String($0)) } ?? space
      // What is said of QEMU itself is nothing to type in the guest.
      let hint = hints.filter {
        !$0.hasPrefix(opened) && !$0.hasPrefix(inside) && !$0.hasPrefix("QEMU starts ")
      }.joined(separator: "\n")
      guests.append(
        try Guest(
          vm, attached: attach.stdout + " " + open, hint: hint, in: place, files: files, as: user))
    }
    for guest in guests { try guest.ready() }
    return try body(guests)
  }
}
