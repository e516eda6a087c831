internal import ArgumentParser
internal import NetPlan

struct Status: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status",
    abstract:
      "Every VM NIC: mode, device, state, who holds it; with a configuration also how the host differs.")

  @Argument(help: ArgumentHelp("Files, a folder, or - for standard input.", valueName: "config")) var paths:
    [String] = []
  @Option(help: ArgumentHelp("NICs of this name only.", valueName: "name")) var name: String?
  @OptionGroup var options: GlobalOptions
  @Flag(help: "As JSON.") var json = false
  @Flag(help: "Exit 0 in spite of differences.") var exitZero = false

  func run() throws {
    let loaded = paths.isEmpty ? nil : try Loading.load(paths, machineID: try Files.machineID)
    var session = try Session.open(
      options, of: loaded?.topology.name ?? name, isForEverybody: loaded?.topology.isForEverybody)
    let host = try session.observe(for: loaded?.topology ?? .empty(""))
    let name = loaded?.topology.name ?? name
    let taps = Set(host.state.links.filter(\.isHeld).map(\.name))
    let table = StatusTable(
      host.state, name: name, topology: loaded?.topology, holders: session.host.holders(of: taps),
      counters: session.host.counters(),
      drops: session.host.drops(in: host.state), leased: session.host.leases(of: name),
      named: session.named(on: host.state, of: name))
    var drift = try loaded.map { try Loading.plan(Loading.planner(for: $0.topology, on: host), $0.files) }
    drift?.nameAccounts(from: session.host)
    let waiting = try session.waiting()
    let unfinished = session.unfinished()
    if json {
      let members = [
        .init("nics", table.json), drift.map { JSON.Member("drift", $0.json) },
        waiting.map { JSON.Member("waiting", $0.json) },
        unfinished.map { JSON.Member("unfinished", $0.json) },
      ].compactMap(\.self)
      Output.result(JSON.object(members).text(indent: 2) + "\n")
    } else {
      Output.result(table.text)
      if let text = waiting?.text(options) ?? unfinished?.text(options) ?? session.undoing() {
        Output.result("\n" + text)
      }
      if let drift, !drift.isEmpty {
        Output.result("\nThe host differs from the configuration:\n" + drift.text(Output.style))
      }
    }
    if let drift, !drift.isEmpty, !exitZero { throw Exit.differences }
  }
}

extension Session {
  fileprivate struct Waiting {
    var name: String
    /// Milliseconds since boot.
    var deadline: UInt64

    var json: JSON {
      .object([.init("name", .string(name)), .init("seconds", .int(Int64(Seconds.left(until: deadline))))])
    }

    func text(_ options: GlobalOptions) -> String {
      """
      A change of '\(name)' waits to be confirmed, for another \(Seconds.left(until: deadline)) s: '\(options.command("confirm"))' keeps it,
      '\(options.command("rollback"))' undoes it.

      """
    }
  }

  fileprivate func waiting() throws -> Waiting? {
    do throws(HostError) {
      return try FileJournal(directory: stateDirectory).waiting().map(Waiting.init)
    } catch {
      throw Exit.because(error)
    }
  }

  /// A run that was killed, or could not undo itself.
  fileprivate struct Unfinished {
    /// nil where this process may not read it.
    var name: String?
    var isDecided: Bool

    var json: JSON {
      .object([.init("name", name?.json ?? .null), .init("decided", isDecided.json)])
    }

    func text(_ options: GlobalOptions) -> String {
      "A change\(name.map { " of '\($0)'" } ?? "") is unfinished: '\(options.command("recover"))' "
        + (isDecided ? "brings it to its end.\n" : "undoes it.\n")
    }
  }

  /// nil also while somebody is at work.
  fileprivate func unfinished() -> Unfinished? {
    let journal = FileJournal(directory: stateDirectory)
    let isDecided = journal.has(.committed)
    guard isDecided || journal.has(.undecided), !Lock.isHeld(namespace: cookie, in: places.locks) else {
      return nil
    }
    return Unfinished(name: journal.name(isDecided ? .committed : .undecided), isDecided: isDecided)
  }

  /// Told to whoever comes back after having been cut off.
  fileprivate func undoing() -> String? {
    guard let told = Confirmation(in: stateDirectory), !told.kept else { return nil }
    return "The last change of '\(told.name)' was not confirmed, and is undone.\n"
  }
}
