import NetPlan
import Testing

/// What GitHub's runners and readers of SARIF 2.1.0 ask of the formats for programs.
@Suite("Diagnostics for other programs")
struct DiagnosticFormatTests {
  private func diagnostics(_ text: String, path: String = "lab.conf") throws -> ConfigurationError {
    do throws(ConfigurationError) {
      _ = try Configuration.load(
        [SourceFile(path: path, text: text)], defaultName: "lab", seed: Seed(machineID: ""))
    } catch {
      return error
    }
    throw Unexpected()
  }

  private struct Unexpected: Error {}

  private func location(_ error: ConfigurationError) -> JSON? {
    let run = error.diagnostics.sarif(error.files)["runs"]?.array?.first
    return run?["results"]?.array?.first?["locations"]?.array?.first?["physicalLocation"]
  }

  @Test(
    "a path is what the repository calls the file: a URI reference in SARIF, and escaped in a command's property",
    arguments: [
      ("./net/lab.conf", "net/lab.conf", "net/lab.conf"),
      (".//lab.conf", "lab.conf", "lab.conf"),
      ("a b,c:d%.conf", "a%20b%2Cc%3Ad%25.conf", "a b%2Cc%3Ad%25.conf"),
      ("näh.conf", "n%C3%A4h.conf", "näh.conf"),
      ("/srv/lab.conf", "file:///srv/lab.conf", "/srv/lab.conf"),
      ("<stdin>", "%3Cstdin%3E", "<stdin>"),
      ("../lab.conf", "../lab.conf", "../lab.conf"),
    ])
  func paths(path: String, uri: String, property: String) throws {
    let error = try diagnostics("vms: {a: {nic: {}}}\n", path: path)
    #expect(location(error)?["artifactLocation"]?["uri"]?.string == uri)
    #expect(error.diagnostics.github(error.files).hasPrefix("::error file=\(property),line=1,col=11,title="))
  }

  @Test("a workflow command is one line, whatever the file holds")
  func oneLine() throws {
    let error = try diagnostics("vms: {a: {\"n\\nic\\r::warning::x%0A\": {}}}\n")
    let lines = error.diagnostics.github(error.files).split(omittingEmptySubsequences: false) {
      $0 == "\n" || $0 == "\r" || $0 == "\r\n"
    }
    #expect(lines.count == error.diagnostics.count + 1 && lines.last == "", "\(lines)")
    for line in lines.dropLast() { #expect(line.hasPrefix("::error file=lab.conf,")) }
  }

  @Test("columns count code points, and SARIF is told so")
  func columns() throws {
    let error = try diagnostics("vms: {a: {owner: \"💥💥\", nic: {}}}\n")
    let nic = try #require(error.diagnostics.first { $0.message.contains("nic") })
    #expect(nic.position?.column == 24)
    let run = error.diagnostics.sarif(error.files)["runs"]?.array?.first
    #expect(run?["columnKind"] == "unicodeCodePoints")
  }

  /// Names of the properties that SARIF 2.1.0 gives each object, as far as they are used; `additionalProperties` is false
  /// for all of them in its schema.
  private static let properties: [String: Set<String>] = [
    "log": ["$schema", "version", "runs"],
    "run": ["tool", "results", "columnKind"],
    "tool": ["driver"],
    "driver": ["name", "rules"],
    "rule": ["id", "shortDescription", "fullDescription", "help"],
    "result": ["ruleId", "ruleIndex", "level", "message", "locations", "relatedLocations"],
    "location": ["physicalLocation", "message"],
    "physicalLocation": ["artifactLocation", "region"],
    "artifactLocation": ["uri"],
    "region": ["startLine", "startColumn"],
    "message": ["text"],
  ]

  private func check(_ json: JSON?, _ kind: String, with required: String...) throws {
    guard case .object(let members)? = json else {
      Issue.record("\(kind) is no object: \(String(describing: json))")
      return
    }
    let names = Set(members.map(\.name))
    #expect(names.isSubset(of: Self.properties[kind]!), "\(kind): \(names)")
    #expect(names.isSuperset(of: required), "\(kind): \(names)")
  }

  @Test("SARIF has the properties that its schema names, those it requires, and rules that results point at")
  func sarif() throws {
    let error = try diagnostics("networks:\n  lab: {mtu: 1, mtu: 2}\n  x: {adress: 1}\n")
    let log = error.diagnostics.sarif(error.files)
    try check(log, "log", with: "version", "runs")
    #expect(log["version"] == "2.1.0")
    let run = log["runs"]?.array?.first
    try check(run, "run", with: "tool", "results")
    try check(run?["tool"], "tool", with: "driver")
    let driver = run?["tool"]?["driver"]
    try check(driver, "driver", with: "name", "rules")
    let rules = driver?["rules"]?.array ?? []
    #expect(rules.count == 3)
    for rule in rules {
      try check(rule, "rule", with: "id", "shortDescription", "fullDescription", "help")
      try check(rule["help"], "message", with: "text")
    }
    let results = run?["results"]?.array ?? []
    #expect(results.count == 3)
    for result in results {
      try check(result, "result", with: "ruleId", "ruleIndex", "level", "message", "locations")
      #expect(["error", "warning"].contains(result["level"]?.string ?? ""))
      let index = try #require(result["ruleIndex"]?.int)
      #expect(rules[Int(index)]["id"] == result["ruleId"])
      let places = (result["locations"]?.array ?? []) + (result["relatedLocations"]?.array ?? [])
      #expect(!places.isEmpty)
      for place in places {
        try check(place, "location", with: "physicalLocation")
        let physical = place["physicalLocation"]
        try check(physical, "physicalLocation", with: "artifactLocation", "region")
        try check(physical?["artifactLocation"], "artifactLocation", with: "uri")
        try check(physical?["region"], "region", with: "startLine", "startColumn")
        #expect(try #require(physical?["region"]?["startColumn"]?.int) >= 1)
      }
    }
  }

  @Test("a good file is a SARIF log without results, which closes what was open before")
  func empty() {
    let log = [Diagnostic]().sarif([])
    #expect(log["runs"]?.array?.first?["results"]?.array?.count == 0)
  }
}
