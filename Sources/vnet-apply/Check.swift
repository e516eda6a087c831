internal import ArgumentParser
internal import NetPlan

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check", abstract: "Parse and validate only: no root, no kernel.")

  @OptionGroup var arguments: ConfigurationArguments
  @OptionGroup var options: GlobalOptions
  @Option(help: "How diagnostics are written.") var format = DiagnosticFormat.text

  func run() throws {
    let machineID = try Files.machineID ?? ""
    do throws(ConfigurationError) {
      let loaded = try Configuration.load(arguments.paths, seed: Seed(machineID: machineID))
      show(loaded.warnings, loaded.files)
      let topology = loaded.topology
      let nics = topology.vms.reduce(0) { $0 + $1.nics.count }
      let parts = [
        counted(topology.networks.count, "network"), counted(topology.vms.count, "VM"), counted(nics, "NIC"),
      ]
      if format == .text, !options.quiet {
        Output.result("\(topology.name): \(parts.joined(separator: ", ")): valid\n")
      }
    } catch {
      if format == .text { Output.error(error.text.dropped) } else { show(error.diagnostics, error.files) }
      throw Exit.invalid
    }
  }

  /// Text is for people and goes to standard error; the other formats are what was asked for.
  private func show(_ diagnostics: [Diagnostic], _ files: [SourceFile]) {
    let text = format.render(diagnostics, files)
    if format != .text { Output.result(text) } else if !text.isEmpty { Output.error(text.dropped) }
  }
}

extension DiagnosticFormat: ExpressibleByArgument {}
