internal import Glibc
internal import Netlink

// Changes of nftables tables, each in a transaction of its own.

/// The changes of tables that a batch holds, with nft at work on the first where it makes or alters one.
struct TableChanges {
  var steps: [Int]
  var nft: Nft?
}

extension LinuxHost {
  /// Sets nft to work; what it has to say is heard in `end`.
  func beginTables(_ batch: Batch, _ outcomes: inout [StepOutcome]) -> TableChanges {
    var changes = TableChanges(steps: batch.steps.indices.filter { batch.steps[$0].change.id.isTable })
    guard let first = changes.steps.first, let table = batch.steps[first].change.after?.table else {
      return changes
    }
    do throws(HostError) {
      changes.nft = try begin(table, from: batch.steps[first].change.before?.table)
    } catch {
      outcomes[first] = .failed(error)
      changes.steps.removeFirst()
    }
    return changes
  }

  /// Connections of forwards that went with a table end with it: one that could not be ended makes the step one that may
  /// not have happened, and so undone.
  func end(_ changes: TableChanges, of batch: Batch, _ outcomes: inout [StepOutcome]) {
    for index in changes.steps {
      let change = batch.steps[index].change
      do throws(HostError) {
        if let after = change.after?.table {
          let begun = index == changes.steps.first ? changes.nft : nil
          let nft = if let begun { begun } else { try begin(after, from: change.before?.table) }
          _ = try nft.end()
        } else if case .table(let id) = change.id {
          try delete(id)
        }
      } catch {
        outcomes[index] = error.errno == 0 ? .failed(error) : .unknown(error)
        continue
      }
      do throws(HostError) {
        try endConnections(of: change.before?.table, under: change.after?.table)
      } catch {
        outcomes[index] = .unknown(error)
      }
    }
  }

  private func begin(_ table: Table, from before: Table?) throws(HostError) -> Nft {
    let verb = before == nil ? "create" : "change"
    return try Nft(
      ["-f", "-"], "\(verb) nftables table \(table.id.family.rawValue) \(table.id.name)",
      commands: table.commands(from: before))
  }

  /// By a request of our own: the way back relies on it, and must not depend on another program.
  private func delete(_ id: TableID) throws(HostError) {
    do throws(NetlinkError) {
      var socket = try NetfilterSocket()
      try socket.delete(family: id.family.protocolNumber, name: id.name)
    } catch {
      if error.errno != ENOENT { throw HostError(error) }
    }
  }

  func nft(_ arguments: [String], _ commands: String, _ operation: String) throws(HostError)
    -> ChildProcess.Result
  {
    try Nft(arguments, operation, commands: commands).end()
  }
}

extension TableID.Family {
  /// `NFPROTO_*` of linux/netfilter.h
  var protocolNumber: UInt8 {
    switch self {
    case .inet: 1
    case .netdev: 5
    case .bridge: 7
    }
  }

  init?(protocolNumber: UInt8) {
    guard let family = TableID.Family.allCases.first(where: { $0.protocolNumber == protocolNumber }) else {
      return nil
    }
    self = family
  }
}
