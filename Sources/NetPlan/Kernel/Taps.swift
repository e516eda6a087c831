internal import Glibc
internal import Netlink

// TAPs come by ioctl on /dev/net/tun, not by netlink; they go by netlink, many at once.

extension LinuxHost {
  mutating func createTAP(_ link: Link) -> StepOutcome {
    links.forget(link.name)
    do throws(NetlinkError) {
      // QEMU, Firecracker, Cloud Hypervisor and crosvm all attach with IFF_VNET_HDR; what they set then is not drift.
      let mode = Tap.Mode(multiQueue: link.tap.multiQueue ?? false, vnetHeader: true)
      let tap = try Tap.create(link.name.text, mode, owner: link.tap.owner?.id, group: link.tap.group?.id)
      tap.close()
      return .done
    } catch {
      // The creation, the owner and the persistence are separate calls: without the last the interface is gone.
      return .failed(HostError(error))
    }
  }

  /// Owner and group of a TAP that nobody holds.
  mutating func changeOwner(_ before: Link, _ after: Link) -> StepOutcome {
    do throws(NetlinkError) {
      let mode = Tap.Mode(multiQueue: after.tap.multiQueue ?? false, vnetHeader: true)
      let tap = try Tap.attach(after.name.text, mode)
      if before.tap.owner != after.tap.owner { try tap.setOwner(after.tap.owner?.id ?? .max) }
      if before.tap.group != after.tap.group { try tap.setGroup(after.tap.group?.id ?? .max) }
      tap.close()
      return .done
    } catch {
      return .failed(HostError(error))
    }
  }

  /// Deletes links; the outcome of each, in order.
  ///
  /// One `RTM_DELLINK` for a whole link group waits for one RCU grace period instead of one a link. The group takes
  /// whatever is in it, so: a number at random above 2³¹, a dump equal to our list as the last call before, and each
  /// TAP attached by us first, which fails with EBUSY where a process holds it.
  mutating func delete(_ doomed: [Link]) -> [StepOutcome] {
    if doomed.count < 3 { return deleteSingly(doomed) }
    var outcomes = [StepOutcome?](repeating: nil, count: doomed.count)
    var start = 0
    while start < doomed.count {
      let chunk = Array(start..<min(start + deletionsAtOnce, doomed.count))
      start = chunk.last! + 1
      deleteTogether(chunk, of: doomed, &outcomes)
    }
    let rest = outcomes.indices.filter { outcomes[$0] == nil }
    for (index, outcome) in zip(rest, deleteSingly(rest.map { doomed[$0] })) { outcomes[index] = outcome }
    return outcomes.map { $0! }
  }

  /// Every TAP of a group takes a descriptor until the group is gone.
  private var deletionsAtOnce: Int { max(64, Descriptors.raiseLimit() - 64) }

  private mutating func deleteTogether(_ chunk: [Int], of doomed: [Link], _ outcomes: inout [StepOutcome?]) {
    var held = HeldTaps()
    var group: [Int] = []
    for index in chunk {
      let link = doomed[index]
      if link.kind != .tap || held.attach(link) { group.append(index) }
    }
    guard group.count > 2, let number = try? putIntoGroup(group.map { doomed[$0].name }) else { return }
    var batch = Netlink.Batch()
    batch.deleteLinks("delete \(group.count) links", group: number)
    let outcome = StepOutcome(socket.transact(batch)[0])
    for index in group {
      links.forget(doomed[index].name)
      outcomes[index] = outcome
    }
  }

  /// The number of a group that holds exactly these links; nil where that cannot be had.
  private mutating func putIntoGroup(_ names: [LinkName]) throws -> UInt32? {
    let number = UInt32.random(in: 0x8000_0000...UInt32.max - 1)
    var batch = Netlink.Batch(reserving: names.count)
    var indexes: Set<Int32> = []
    for name in names {
      let index = Int32(try links.index(name))
      indexes.insert(index)
      var message = LinkMessage(index: index)
      message.group = number
      batch.add("put \(name) into a link group", .change, message)
    }
    let complete = socket.transact(batch).allSatisfy { $0.error == nil }
    let members = Set(try dumpLinks().filter { $0.group == number }.map(\.index))
    if complete, members == indexes { return number }
    var back = Netlink.Batch(reserving: names.count)
    for index in indexes.intersection(members) {
      var message = LinkMessage(index: index)
      message.group = 0
      back.add("take a link out of a link group", .change, message)
    }
    _ = socket.transact(back)
    return nil
  }

  private mutating func deleteSingly(_ doomed: [Link]) -> [StepOutcome] {
    var batch = Netlink.Batch(reserving: doomed.count)
    for link in doomed {
      batch.addDeletion(of: link)
      links.forget(link.name)
    }
    return socket.transact(batch).map { outcome in
      // Gone is gone.
      if let error = outcome.error, error.errno == ENODEV { return .done }
      return StepOutcome(outcome)
    }
  }
}

enum Descriptors {
  /// As many as the process may have, or 65,536.
  static func raiseLimit() -> Int {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
    if limit.rlim_cur < limit.rlim_max {
      limit.rlim_cur = min(limit.rlim_max, 65536)
      _ = setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
    return Int(limit.rlim_cur)
  }
}

extension Link.TAP.Account {
  /// nil for nobody, which the kernel writes as −1.
  fileprivate var id: UInt32? { if case .id(let id) = self { id } else { nil } }
}

/// Attached queues of single-queue TAPs: while we have them nobody else can.
private struct HeldTaps: ~Copyable {
  private var descriptors: [Int32] = []

  /// False where a process holds the TAP, or may: several may attach to one of many queues.
  mutating func attach(_ link: Link) -> Bool {
    guard link.tap.multiQueue != true else { return false }
    guard let tap = try? Tap.attach(link.name.text, Tap.Mode(multiQueue: false, vnetHeader: true)) else {
      return false
    }
    let copy = fcntl(tap.descriptor, F_DUPFD_CLOEXEC, 0)
    guard copy >= 0 else { return false }
    descriptors.append(copy)
    return true
  }

  deinit { for descriptor in descriptors { close(descriptor) } }
}
