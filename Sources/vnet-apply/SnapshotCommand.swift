internal import ArgumentParser
internal import NetPlan

struct SnapshotCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "snapshot", abstract: "The observed network state as JSON, for 'plan --against' and reports."
  )

  @OptionGroup var options: GlobalOptions
  @Flag(help: "Replace hardware addresses, leave out accounts and the machine id.") var redact = false

  func run() throws {
    var session = try Session.open(options)
    var host = try session.observe(for: nil)
    host.facts.machineID = try Files.machineID
    Output.result(host.json(redacted: redact).text(indent: 1) + "\n")
  }
}
