import Glibc
import Testing
import Witness

/// A file, and a host on which applying it is disturbed in every way, at one call after the other.
struct Proof {
  /// In the order of the table that `scripts/prove` makes.
  enum Deed: CaseIterable {
    case fault, kill, recovery, signal, output, disk
  }

  /// Every call by which a run hears of the kernel or changes something, with the error that the kernel gives.
  static let errors = [
    "sendmsg": "ENOBUFS", "sendto": "ENOMEM", "recvmsg": "ENOBUFS", "recvfrom": "ENOMEM", "ioctl": "EBUSY",
    "write": "ENOSPC", "pwrite64": "ENOSPC", "openat": "EMFILE", "rename": "EIO", "renameat2": "EIO",
    "fsync": "EIO", "fdatasync": "EIO", "fallocate": "ENOSPC", "mkdir": "ENOSPC", "unlink": "EIO",
    "socket": "EMFILE", "clone3": "EAGAIN", "clone": "EAGAIN", "bpf": "EPERM",
  ]
  static let signals = ["SIGTERM", "SIGINT", "SIGHUP"]
  static let redirections = [">&-", ">/dev/full", "2>/dev/full", ">&- 2>&-", "| true"]
  /// KiB of the file system that has the journal; a page is the least there is.
  static let sizes = [4, 8, 12, 16, 32, 64, 128, 256]

  private let host: Host
  private let file: String
  private let apply: [String]
  private let settle: () throws -> Void
  private let kinds: Set<String>
  private let before: Dump
  private let after: Dump
  private let calls: [TracedCall]
  private var tried: [Deed: Int] = [:]
  private var equal = 0

  /// nil where the file cannot be applied here, which is a failure.
  private init?(
    _ file: String, _ options: [String], on host: Host, settle: @escaping () throws -> Void
  ) throws {
    (self.host, self.file, self.settle) = (host, file, settle)
    apply = ["apply"] + options + [file]
    before = try host.space.dump()
    kinds = Set(try host.plan(file).kinds)
    let outcome = try host.vnet(apply)
    expect(outcome, exits: 0)
    guard outcome.code == 0 else { return nil }
    after = try host.comparableDump()
    func remove() throws {
      expect(try host.vnet("remove", file), exits: 0)
      try settle()
    }
    try remove()
    expectEqual(before, try host.space.dump(), "removed")
    calls = try host.calls(Self.errors.keys.sorted().joined(separator: ","), apply, follows: false)
    expectEqual(after, try host.comparableDump(), "applied again")
    try remove()
  }

  /// `settle` waits for what hardware does by itself.
  static func run(
    _ file: String, _ options: [String] = [], on host: Host, settle: @escaping () throws -> Void = {}
  ) throws {
    guard var proof = try Proof(file, options, on: host, settle: settle) else { return }
    try proof.run()
  }

  private mutating func run() throws {
    for call in Campaign.some(of: calls, usually: 1) {
      try fail(at: call)
      try kill(at: call)
      try interrupt(at: call)
    }
    for redirection in Campaign.some(of: Self.redirections, usually: 1) { try write(redirection) }
    for size in Campaign.some(of: Self.sizes, usually: 1) { try fit(in: size) }
    expectEqual(before, try host.space.dump(), "at the end")
    let counts = Deed.allCases.map { "\(tried[$0, default: 0])" }.joined(separator: " ")
    // A recovery that is killed is part of a kill.
    let sum = tried.values.reduce(0, +) - tried[.recovery, default: 0]
    let name = file.split(separator: "/").last ?? ""
    print("proof \(name) \(kinds.sorted().joined(separator: ",")) \(counts) \(equal) \(sum)")
    #expect(equal == sum)
  }

  // MARK: Deeds

  private func vnet(_ arguments: [String], at call: TracedCall, _ effect: Injection.Effect) throws -> Outcome
  {
    var injection = Injection(at: call, effect)
    // The programs that are started are not to be waited for.
    injection.follows = false
    return try host.vnet(arguments, injection).outcome
  }

  private mutating func fail(at call: TracedCall) throws {
    let error = Self.errors[call.name] ?? "EIO"
    let outcome = try vnet(apply, at: call, .error(error))
    // Before anything is planned the loader, the file and the accounts are read (127, 65, 69).
    #expect([0, 1, 65, 69, 127].contains(outcome.code), "\(call.line) = \(error): \(outcome)")
    try close(.fault, isNew: outcome.code == 0, "\(call.line) = \(error): \(outcome)")
  }

  /// Nobody has the file any more, and the recovery is killed, somewhere, before the one that ends it.
  private mutating func kill(at call: TracedCall) throws {
    _ = try vnet(apply, at: call, .signal("SIGKILL"))
    var injection = Injection(call: "sendto", effect: .signal("SIGKILL"), when: "\(3 + call.ordinal % 9)")
    injection.follows = false
    rename(file, file + ".gone")
    if try host.vnet(["recover"], injection).reached { tried[.recovery, default: 0] += 1 }
    expect(try host.vnet("recover"), exits: 0)
    rename(file + ".gone", file)
    // What it is says the program; whether that is true, the dump.
    let isNew = try host.vnet("plan", file).code == 0
    try close(.kill, isNew: isNew, "killed at \(call.line), then recovering at \(injection)")
  }

  private mutating func interrupt(at call: TracedCall) throws {
    let signal = Self.signals[tried[.signal, default: 0] % Self.signals.count]
    let outcome = try vnet(apply, at: call, .signal(signal))
    let isNew = outcome.code != 1 ? try host.vnet("plan", file).code == 0 : false
    try close(.signal, isNew: outcome.code == 0 || isNew, "\(signal) at \(call.line): \(outcome)")
  }

  private mutating func write(_ redirection: String) throws {
    let outcome = try host.vnet(behind: ["sh", "-c", "\"$0\" \"$@\" \(redirection)"], apply)
    try close(.output, isNew: true, "\(redirection): \(outcome)")
  }

  /// With that little room there is either enough of it for all, or nothing is done.
  private mutating func fit(in size: Int) throws {
    let script = """
      mkdir -p /run/vnet-apply && mount -t tmpfs -o size=\(size)k none /run/vnet-apply || exit 98
      "$0" "$@" || exit
      shift
      "$0" plan "$@" >/dev/null || exit 97
      mount -o remount,size=64m /run/vnet-apply && "$0" remove "$@" || exit 96
      """
    let outcome = try host.vnet(
      behind: ["unshare", "--mount", "--propagation", "private", "sh", "-c", script], apply)
    #expect([0, 1].contains(outcome.code), "\(size) KiB: \(outcome)")
    try settle()
    try close(.disk, isNew: false, "\(size) KiB: \(outcome)")
  }

  // MARK: What it leaves

  /// Whether the host is one of the two, and goes back from there.
  private mutating func close(_ deed: Deed, isNew: Bool, _ comment: String) throws {
    tried[deed, default: 0] += 1
    if !isNew { try settle() }
    let now = try isNew ? host.comparableDump() : host.space.dump()
    let wanted = isNew ? after : before
    expectEqual(wanted, now, "\(comment)")
    if isNew {
      let plan = try host.vnet("plan", file)
      #expect(plan.code == 0, "\(plan), after \(comment)")
    }
    let left = isNew ? [] : processes
    #expect(left == [], "\(comment)")
    expect(try host.vnet("remove", file), exits: 0)
    try settle()
    let end = try host.space.dump()
    expectEqual(before, end, "\(comment), removed")
    let rest = processes
    #expect(rest == [], "\(comment), removed")
    if wanted == now && left == [] && end == before && rest == [] { equal += 1 }
  }

  /// On a host that is no machine of its own.
  private var processes: [Int32] { host.space.isOwn ? [] : host.space.processes }
}

extension Plan {
  /// What its changes are of: `tap`, `bridge`, `address`, `route` …
  fileprivate var kinds: [String] {
    json["changes"].elements.compactMap { change in
      let kind = change["id"].text?.prefix { $0 != "/" }.description
      guard kind == "link" else { return kind == "function" ? "vf" : kind }
      if !change["after"]["vfio"].isNull { return "vfio" }
      return (change["after"].isNull ? change["before"] : change["after"])["kind"].text
    }
  }
}
