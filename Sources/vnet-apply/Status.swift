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
    var drift = try loaded.map { try Loading.plan(Planner(topology: $0.topology, host: host), $0.files) }
    drift?.nameAccounts(from: session.host)
    if json {
      let plan = drift.map { JSON.Member("drift", $0.json) }
      Output.result(
        JSON.object([.init("nics", table.json)] + (plan.map { [$0] } ?? [])).text(indent: 2) + "\n")
    } else {
      Output.result(table.text)
      if let drift, !drift.isEmpty {
        Output.result("\nThe host differs from the configuration:\n" + drift.text(Output.style))
      }
    }
    if let drift, !drift.isEmpty, !exitZero { throw Exit.differences }
  }
}
