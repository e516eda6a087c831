internal import Glibc
internal import Netlink

/// nft(8) at work: a process of its own because libnftables ends the process it is in when a system call fails
/// (`netlink_open_error`, src/netlink.c). What became of a step whose process vanished, only looking tells.
struct Nft {
  private let child: ChildProcess
  /// What it is for, in messages.
  private let operation: String

  /// Sets it to work; `commands` are its input.
  init(_ arguments: [String], _ operation: String, commands: String = "") throws(HostError) {
    guard let program = Executable.find("nft") else {
      throw HostError(
        operation: operation, errno: ENOENT, message: "the program 'nft' is not installed",
        hint: "install the package nftables")
    }
    self.operation = operation
    do throws(NetlinkError) {
      child = try ChildProcess([program] + arguments, input: Array(commands.utf8))
    } catch {
      throw HostError(error)
    }
  }

  init(listing id: TableID) throws(HostError) {
    try self.init(
      ["-j", "list", "table", id.family.rawValue, id.name],
      "list nftables table \(id.family.rawValue) \(id.name)")
  }

  static func listingAll() throws(HostError) -> Nft {
    try Nft(["-j", "list", "ruleset"], "list nftables rules")
  }

  /// Waits for its end, and for all that it says.
  func end() throws(HostError) -> ChildProcess.Result {
    let result: ChildProcess.Result
    do throws(NetlinkError) {
      result = try child.end(timeout: 60_000)
    } catch {
      throw HostError(error)
    }
    if result.code == 0 { return result }
    // Ended by a signal, or by itself in the middle: it may have got as far as the kernel.
    let isKilled = result.code > 128
    let said = String(decoding: result.errors, as: UTF8.self).firstLines(2)
    throw HostError(
      operation: operation, errno: isKilled ? EINTR : 0,
      message: isKilled ? "nft was ended by signal \(result.code - 128)" : said)
  }

  func json() throws(HostError) -> JSON {
    let output = try end().output
    guard let json = try? JSON(parsing: output) else {
      throw HostError(operation: operation, errno: 0, message: "nft's answer is no JSON")
    }
    return json
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
