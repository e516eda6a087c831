internal import ArgumentParser
internal import NetPlan

struct Check: ParsableCommand {
  static let configuration = CommandConfiguration(abstract: "Parse and validate only: no root, no kernel.")

  @OptionGroup var arguments: ConfigurationArguments
  @OptionGroup var options: GlobalOptions
  @Option(help: "text or json.") var format = Format.text

  enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

  func run() throws {
    do throws(ConfigurationError) {
      let loaded = try Configuration.load(arguments.paths, seed: Seed(machineID: Files.machineID ?? ""))
      if format == .json {
        Output.result(loaded.warnings.json(loaded.files).text(indent: 2) + "\n")
      } else {
        for warning in loaded.warnings { Output.error(warning.text(loaded.files).dropped) }
        let nics = loaded.topology.vms.reduce(0) { $0 + $1.nics.count }
        if !options.quiet {
          Output.result(
            "\(loaded.topology.name): \(loaded.topology.networks.count) networks, \(loaded.topology.vms.count) VMs, \(nics) NICs: valid\n")
        }
      }
    } catch {
      if format == .json {
        Output.result(error.diagnostics.json(error.files).text(indent: 2) + "\n")
      } else {
        Output.error(error.text.dropped)
      }
      throw Exit.invalid
    }
  }
}
