import Glibc

/// What a guest boots: a Debian kernel of the lab and an initramfs.
struct GuestImage {
  /// Its modules are below the same folder.
  let kernel: String
  let initramfs: String
  /// The kernel's options, parted by blanks.
  let options: String

  /// Of busybox alone.
  static let made = make()
  /// Of a host that boots with systemd.
  static let systemd = make("systemd")

  /// As `lab/vm/image` gives it, or why it cannot.
  private static func make(_ words: String...) -> Result<GuestImage, CommandFailure> {
    do {
      let caches = ["HOME", "XDG_CACHE_HOME", "LAB_CACHE"].map { ($0, Tools.environment($0)) }
      let outcome = try run(
        ["\(Tools.repository)/lab/vm/image"] + words,
        environment: Dictionary(uniqueKeysWithValues: caches).compactMapValues(\.self))
      guard outcome.code == 0, outcome.stdout.lines.count >= 3 else {
        return .failure(CommandFailure(description: outcome.stderr.trimmed))
      }
      let lines = outcome.stdout.lines
      return .success(GuestImage(kernel: lines[0], initramfs: lines[1], options: lines[2]))
    } catch {
      return .failure(CommandFailure(description: "\(error)"))
    }
  }

  /// Copies that every user may read: a user's cache is nobody else's. Those of another guest of the test, which may just be
  /// reading them, stay.
  func copied(to files: TemporaryFolder) throws -> GuestImage {
    let copy = GuestImage(
      kernel: files.path + "/vmlinux", initramfs: files.path + "/initramfs", options: options)
    for (file, there) in [(kernel, copy.kernel), (initramfs, copy.initramfs)] where access(there, F_OK) != 0 {
      try must(["install", "-m", "644", file, there])
    }
    return copy
  }
}

extension Gate {
  /// Guests that boot: QEMU, and what it boots.
  static let guests: Bool = ready && Tools.has("qemu-system-x86_64") && (try? GuestImage.made.get()) != nil

  static let guestsComment: String = {
    if case .failure(let failure) = GuestImage.made { return "needs guests to boot: \(failure)" }
    return "needs qemu-system-x86_64; \(readyComment)"
  }()
}
