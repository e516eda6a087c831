internal import ArgumentParser

@main
struct VNetApply: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "vnet-apply")
}
