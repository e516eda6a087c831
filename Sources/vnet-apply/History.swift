internal import ArgumentParser
internal import NetPlan

struct History: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "history", abstract: "The configurations that were applied; 'rollback' goes back to one.")

  @Option(help: ArgumentHelp("Of this configuration, where there are several.", valueName: "name"))
  var name: String?
  @OptionGroup var options: GlobalOptions
  @Flag(help: "As JSON, with the files.") var json = false

  func run() throws {
    let history = try History.of(name, in: try Session.open(options, of: name).places)
    if json {
      let list = JSON.array(history.list.map(\.json))
      Output.result(
        JSON.object([.init("name", .string(history.name)), .init("generations", list)]).text(indent: 2) + "\n"
      )
      return
    }
    let last = history.list.last?.number
    for generation in history.list {
      let files = generation.files.map(\.path).joined(separator: " ")
      Output.result(
        "\(generation.number)  \(Seconds.date(generation.time))  \(files.shown)\(generation.number == last ? "  (applied)" : "")\n"
      )
    }
  }

  struct Kept {
    var name: String
    /// The oldest first; at least one.
    var list: [Generation]
  }

  /// Of the one name that has any, where none is given.
  static func of(_ name: String?, in places: StatePlaces) throws -> Kept {
    do throws(HostError) {
      let names = try Generations.names(in: places)
      if let name = name ?? (names.count == 1 ? names[0] : nil) {
        let list = try Generations(of: name, in: places).list()
        if !list.isEmpty { return Kept(name: name, list: list) }
      }
      tellNone(name, names)
    } catch {
      throw Exit.because(error)
    }
    throw Exit.failed
  }

  private static func tellNone(_ name: String?, _ names: [String]) {
    let all = names.joined(separator: ", ")
    if let name {
      Output.error("error: no configuration '\(name)' that was applied here is kept")
      if !names.isEmpty { Output.error("  hint: there is \(all)") }
    } else if names.isEmpty {
      Output.error("error: no configuration that was applied here is kept")
    } else {
      Output.error("error: several configurations were applied here: \(all)")
      Output.error("  hint: say --name NAME")
    }
  }
}
