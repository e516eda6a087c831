internal import ArgumentParser
internal import NetPlan

struct SchemaCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "JSON Schema of the configuration, for editors.")

  func run() throws { Output.result(Schema.json.text(indent: 2) + "\n") }
}
