import Testing
import Witness

/// A file, and a host on which applying it is made to fail or killed at one call after the other.
struct Proof {
  /// Every call by which a run hears of the kernel or changes something, with the error that the kernel gives.
  static let errors = [
    "sendmsg": "ENOBUFS", "sendto": "ENOMEM", "recvmsg": "ENOBUFS", "recvfrom": "ENOMEM", "ioctl": "EBUSY",
    "write": "ENOSPC", "pwrite64": "ENOSPC", "openat": "EMFILE", "rename": "EIO", "renameat2": "EIO",
    "fsync": "EIO", "fdatasync": "EIO", "fallocate": "ENOSPC", "mkdir": "ENOSPC", "unlink": "EIO",
    "socket": "EMFILE", "clone3": "EAGAIN", "clone": "EAGAIN", "bpf": "EPERM",
  ]

  private let host: Host
  private let path: String
  private let kinds: Set<String>
  private let before: Dump
  private let after: Dump
  private let calls: [TracedCall]
  private var faults = 0
  private var kills = 0
  private var recoveries = 0
  private var equal = 0

  /// nil where the file cannot be applied here, which is a failure.
  private init?(_ host: Host, _ path: String) throws {
    (self.host, self.path) = (host, path)
    before = try host.space.dump()
    kinds = Set(try host.plan(path).kinds)
    let apply = try host.vnet("apply", path)
    expect(apply, exits: 0)
    guard apply.code == 0 else { return nil }
    after = try host.comparableDump()
    expect(try host.vnet("remove", path), exits: 0)
    expectEqual(before, try host.space.dump(), "removed")
    calls = try host.calls(
      Self.errors.keys.sorted().joined(separator: ","), ["apply", path], follows: false)
    expectEqual(after, try host.comparableDump(), "applied again")
    expect(try host.vnet("remove", path), exits: 0)
  }

  static func run(_ path: String, on host: Host) throws {
    guard var proof = try Proof(host, path) else { return }
    try proof.run()
  }

  private mutating func run() throws {
    for call in Campaign.some(of: calls, usually: 1) {
      try fail(at: call)
      try kill(at: call)
    }
    expectEqual(before, try host.space.dump(), "at the end")
    let tried = faults + kills
    let name = path.split(separator: "/").last ?? ""
    print(
      "proof \(name) \(kinds.sorted().joined(separator: ",")) \(faults) \(kills) \(recoveries) \(equal) \(tried)"
    )
    #expect(equal == tried)
  }

  private func vnet(_ arguments: [String], at call: TracedCall, _ effect: Injection.Effect) throws -> Outcome
  {
    var injection = Injection(at: call, effect)
    // The programs that are started are not to be waited for.
    injection.follows = false
    return try host.vnet(arguments, injection).outcome
  }

  private mutating func fail(at call: TracedCall) throws {
    let error = Self.errors[call.name] ?? "EIO"
    let outcome = try vnet(["apply", path], at: call, .error(error))
    faults += 1
    // Before anything is planned the loader, the file and the accounts are read (127, 65, 69).
    #expect([0, 1, 65, 69, 127].contains(outcome.code), "\(call.line) = \(error): \(outcome)")
    if try isAsItWas(isNew: outcome.code == 0, "\(call.line) = \(error): \(outcome)") { equal += 1 }
  }

  /// And the recovery killed, somewhere, before the one that ends it.
  private mutating func kill(at call: TracedCall) throws {
    _ = try vnet(["apply", path], at: call, .signal("SIGKILL"))
    kills += 1
    var injection = Injection(call: "sendto", effect: .signal("SIGKILL"), when: "\(3 + call.ordinal % 9)")
    injection.follows = false
    if try host.vnet(["recover"], injection).reached { recoveries += 1 }
    expect(try host.vnet("recover"), exits: 0)
    // What it is says the program; whether that is true, the dump.
    let isNew = try host.vnet("plan", path).code == 0
    if try isAsItWas(isNew: isNew, "killed at \(call.line), then recovering at \(injection)") { equal += 1 }
  }

  /// Whether the host is one of the two, and goes back from there.
  private func isAsItWas(isNew: Bool, _ comment: String) throws -> Bool {
    let now = try isNew ? host.comparableDump() : host.space.dump()
    let wanted = isNew ? after : before
    expectEqual(wanted, now, "\(comment)")
    if isNew { expect(try host.vnet("plan", path), exits: 0) }
    let left = isNew ? [] : host.space.processes
    #expect(left == [], "\(comment)")
    expect(try host.vnet("remove", path), exits: 0)
    let end = try host.space.dump()
    expectEqual(before, end, "\(comment), removed")
    let processes = host.space.processes
    #expect(processes == [], "\(comment), removed")
    return wanted == now && left == [] && end == before && processes == []
  }
}

extension Plan {
  /// What its changes are of: `tap`, `bridge`, `address`, `route` …
  fileprivate var kinds: [String] {
    json["changes"].elements.compactMap { change in
      let kind = change["id"].text?.prefix { $0 != "/" }.description
      guard kind == "link" else { return kind }
      return (change["after"].isNull ? change["before"] : change["after"])["kind"].text
    }
  }
}
