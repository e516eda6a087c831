internal import ArgumentParser
internal import NetPlan

@main
struct VNetApply: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "vnet-apply",
    abstract: "Gives virtual machines their network: plans, shows and applies it, all of it or nothing.",
    discussion: """
      'vnet-apply CONFIG…' is 'vnet-apply apply CONFIG…': plan, show the plan, apply it atomically, verify.

      Exit codes: 0 done · 1 failed, the host is as it was · 2 differences · 3 failed, rollback incomplete ·
      64 usage · 65 invalid configuration · 69 the host lacks something · 73 a risk is not accepted · 75 busy ·
      77 missing privilege
      """,
    version: version,
    subcommands: [
      Apply.self, PlanCommand.self, Check.self, Status.self, SnapshotCommand.self, Remove.self, Recover.self,
      Attach.self, SchemaCommand.self,
    ],
    defaultSubcommand: Apply.self)

  static let version = "0.1.0"
}
