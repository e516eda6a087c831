internal import Glibc
internal import Netlink

// nftables tables through `nft`, a process of its own because libnftables ends the process it is in when a system call
// fails (`netlink_open_error`, src/netlink.c): what became of a step whose process vanished, only looking tells.

extension LinuxHost {
  /// The tables of all configurations; nil where this process may not look (CAP_NET_ADMIN).
  func readTables() throws(HostError) -> [Table]? {
    var ids: [TableID] = []
    do throws(NetlinkError) {
      var socket = try NetfilterSocket()
      for (family, name) in try socket.tables() {
        guard let family = TableID.Family(protocolNumber: family) else { continue }
        let id = TableID(family: family, name: name)
        if id.owner != nil { ids.append(id) }
      }
    } catch {
      switch error.errno {
      case EPERM: return nil
      // A kernel without nftables has none.
      case EPROTONOSUPPORT, EINVAL, EOPNOTSUPP: return []
      default: throw HostError(error)
      }
    }
    var tables: [Table] = []
    // One by one: of two `list table` commands in one run nft 1.0.6 finds the first family's only.
    for id in ids.sorted() {
      let operation = "list nftables table \(id.family.rawValue) \(id.name)"
      let result = try nft(["-j", "list", "table", id.family.rawValue, id.name], "", operation)
      guard let json = try? JSON(parsing: result.output) else {
        throw HostError(operation: operation, errno: 0, message: "nft's answer is no JSON")
      }
      tables += Table.list(json)
    }
    return tables
  }

  /// All changes of tables of a batch, each in a transaction of its own.
  func performTables(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    for (index, step) in batch.steps.enumerated() {
      guard case .table(let id) = step.change.id else { continue }
      let before = step.change.before?.table
      let commands = step.change.after?.table.map { $0.commands(from: before) } ?? before!.deletion
      let verb = step.change.after == nil ? "delete" : before == nil ? "create" : "change"
      do throws(HostError) {
        _ = try nft(["-f", "-"], commands, "\(verb) nftables table \(id.family.rawValue) \(id.name)")
      } catch {
        if step.change.after == nil, error.message.contains("No such file or directory") { continue }
        outcomes[index] = error.errno == 0 ? .failed(error) : .unknown(error)
      }
    }
  }

  /// Why `nft` would refuse these tables, without anything being changed.
  package func objection(to changes: [Change]) -> HostError? {
    var commands = ""
    for change in changes {
      guard let table = change.after?.table else { continue }
      commands += table.commands(from: change.before?.table)
    }
    if commands.isEmpty { return nil }
    do throws(HostError) {
      _ = try nft(["--check", "-f", "-"], commands, "check nftables tables")
      return nil
    } catch {
      return error
    }
  }

  private func nft(_ arguments: [String], _ commands: String, _ operation: String) throws(HostError)
    -> Program.Result
  {
    let result: Program.Result
    do throws(HostError) {
      result = try Program.run("nft", arguments, input: Array(commands.utf8))
    } catch {
      guard error.errno == ENOENT else { throw error }
      throw HostError(
        operation: operation, errno: ENOENT, message: "the program 'nft' is not installed",
        hint: "install the package nftables")
    }
    guard result.status != 0 else { return result }
    // Ended by a signal: it may have got as far as the kernel.
    let isKilled = result.status & 0x7f != 0
    let text = String(decoding: result.errors, as: UTF8.self)
    throw HostError(
      operation: operation, errno: isKilled ? EINTR : 0,
      message: isKilled ? "nft was ended by signal \(result.status & 0x7f)" : text.firstLines(2))
  }
}

extension TableID.Family {
  /// `NFPROTO_*` of linux/netfilter.h
  fileprivate init?(protocolNumber: UInt8) {
    switch protocolNumber {
    case 1: self = .inet
    case 7: self = .bridge
    default: return nil
    }
  }
}

extension String {
  /// Without the place in a text that nobody has seen.
  fileprivate func firstLines(_ count: Int) -> String {
    split(separator: "\n").prefix(count).map { line in
      line.hasPrefix("/dev/stdin:")
        ? line.split(separator: ": ", maxSplits: 1).last.map(String.init) ?? "" : String(line)
    }.joined(separator: ": ")
  }
}
