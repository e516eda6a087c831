internal import ArgumentParser
internal import NetPlan

@main
struct VNetApply: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vnet-apply",
    abstract: "Gives virtual machines their network: plans, shows and applies it, all of it or nothing.",
    discussion: """
      'vnet-apply CONFIG…' is 'vnet-apply apply CONFIG…': plan, show the plan, apply it atomically, verify.

      Exit codes:
         0  done, or nothing to do
         1  failed, and the host is as it was before
         2  plan, status: there are differences
         3  failed, and the rollback is incomplete
        64  wrong usage of the command line
        65  the configuration is invalid
        69  the host lacks something that the configuration needs
        73  refused: a risk that is not accepted
        75  another apply holds the lock, or a change waits for 'confirm'
        77  missing privilege
      """,
    version: version,
    subcommands: [
      Apply.self, PlanCommand.self, Check.self, Status.self, SnapshotCommand.self, Remove.self, Confirm.self,
      Rollback.self, History.self, Recover.self, Boot.self, Attach.self, Explain.self, GraphCommand.self,
      SchemaCommand.self,
      Guard.self,
    ],
    defaultSubcommand: Apply.self)

  static let version = "0.1.0"

  static func main() {
    Signals.heedChildren()
    // Read from /proc/self/cmdline: without a program's name among them there was nothing to be read.
    guard !CommandLine.arguments.isEmpty else {
      Output.error("error: the command line cannot be read from /proc/self/cmdline")
      exit(withError: Exit.failed)
    }
    // Each says its own: what the library makes of a type's name costs a seventh of a `check`.
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    do {
      main(try Arguments.ordered(Array(CommandLine.arguments.dropFirst()), commands: names))
    } catch {
      exit(withError: error)
    }
  }
}
