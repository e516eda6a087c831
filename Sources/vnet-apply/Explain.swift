internal import ArgumentParser
internal import NetPlan

struct Explain: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "What a mode gives a VM and cannot give, or what a NIC of a configuration has.")

  @Argument(help: ArgumentHelp("shared, tap, bridged, dedicated, or VM/NIC.", valueName: "mode|vm/nic"))
  var subject: String?
  @Option(
    name: [.customShort("c"), .customLong("config")],
    help: ArgumentHelp("The file that has the NIC.", valueName: "config"))
  var paths: [String] = []
  @Option(help: ArgumentHelp("The mechanism; the usual one where it is left out.", valueName: "via"))
  var via: Via?

  func run() throws {
    guard let subject else { return Output.result(Explanation.overview) }
    if let mode = Mode(rawValue: subject), paths.isEmpty { return Output.result(try text(mode)) }
    guard subject.contains("/"), !paths.isEmpty else {
      throw ValidationError(
        subject.contains("/")
          ? "-c CONFIG says which file has '\(subject)'"
          : "'\(subject)' is neither a mode (\(Explain.words(Mode.self))) nor VM/NIC")
    }
    let topology = try Loading.load(paths, machineID: try Files.machineID).topology
    guard let nic = topology.vms.flatMap(\.nics).first(where: { $0.id == subject }) else {
      Output.error("error: '\(topology.name)' has no NIC '\(subject)'")
      throw Exit.invalid
    }
    Output.result(Explanation.text(of: nic, in: topology))
  }

  private func text(_ mode: Mode) throws -> String {
    guard let via else { return Explanation.of(mode).text }
    guard mode.vias.contains(via) else {
      throw ValidationError(
        "\(mode.rawValue) is provided by \(mode.vias.map(\.rawValue).joined(separator: ", "))")
    }
    return Explanation.of(mode, via).text
  }

  private static func words<Choice: CaseIterable & RawRepresentable>(_ type: Choice.Type) -> String
  where Choice.RawValue == String {
    type.allCases.map(\.rawValue).joined(separator: ", ")
  }
}

extension Via: ExpressibleByArgument {}
