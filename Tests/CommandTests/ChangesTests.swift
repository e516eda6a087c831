import Testing
import Witness

@Suite(
  "docs/changes.md, row by row", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct ChangesTests {
  static let rows = (try? ChangeTable().rows) ?? []

  @Test("an edit plans what its row says, applies, and goes back", arguments: rows.filter { !$0.needsVLANs })
  func row(_ row: ChangeRow) throws { try check(row) }

  @Test(
    "so does one that names a VLAN", .enabled(if: Gate.vlanFiltering, "kernel lacks bridge VLAN filtering"),
    arguments: rows.filter(\.needsVLANs))
  func vlanRow(_ row: ChangeRow) throws { try check(row) }

  @Test("every key of the language has a row, and no row has a key that is none")
  func complete() throws {
    let schema = try JSON(parsing: must([Tools.vnetApply, "schema"]))
    // `true` and nothing stand for an empty mapping too.
    func keys(_ name: String) -> Set<String> {
      let mapping = schema["$defs"][name]["anyOf"].elements.first { !$0["properties"].isNull }
      return Set(mapping?["properties"].members.keys ?? [:].keys)
    }
    let nic = keys("nic")
    let scopes = [
      "The file": Set(schema["properties"].members.keys),
      "Networks": keys("network"),
      "VMs": keys("vm").subtracting(
        nic.subtracting(["was", "allow"])),
      "NICs": nic,
    ]
    for (scope, keys) in scopes {
      let told = Set(Self.rows.flatMap { $0.keys[scope] ?? [] })
      #expect(keys.subtracting(told).isEmpty, "\(scope): keys without a row")
      #expect(told.subtracting(keys).isEmpty, "\(scope): rows without a key")
    }
  }

  private func check(_ row: ChangeRow) throws {
    try Host.with(secondUplink: true) { host in
      var host = host
      host.space.opensTun = row.edits.contains { $0.new.contains("via: vde") }
      host.isEnteredByName = row.edits.contains { $0.new.contains("netns:") }
      try host.space.ip("link add name br9 type bridge\nlink set br9 addrgenmode none\nlink set br9 up")
      let base = try ChangeTable().base
      let file = try host.files.write("lab.conf", base)
      let first = try host.vnet("apply", file)
      expect(first, exits: 0)
      guard first.code == 0 else { return }
      let holders = try ["web-eth0", "web-eth1"].map { try Station($0, in: host.space) }
      defer { for holder in holders { holder.leave() } }
      try host.files.write("lab.conf", row.edited(base))
      if let code = row.code {
        let before = try host.space.dump()
        let outcome = try host.vnet("apply", file)
        expect(outcome, exits: code)
        for words in row.words { #expect(outcome.stderr.contains(words), "\(outcome)") }
        #expect(!row.words.isEmpty || code != 69, "a row says what is lacking")
        return expectEqual(before, try host.space.dump())
      }
      try expectPlan(row, host, file)
      try expectApplied(row, host, file)
      try host.files.write("lab.conf", base)
      let back = try host.vnet("apply", "--allow", "in-use", "--allow", "prune-many", file)
      expect(back, exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  private func expectPlan(_ row: ChangeRow, _ host: Host, _ file: String) throws {
    let outcome = try host.vnet("plan", "--full", file)
    if !row.patterns.isEmpty { expect(outcome, exits: 2) }
    let lines = outcome.stdout.lines.map { $0.words.joined(separator: " ") }
    // Filters follow the guests; they are a row's matter where it names them.
    let namesTables = row.patterns.contains { $0.words.dropFirst().first == "table" }
    let changes = lines.filter {
      ["+", "-", "~", "-/+"].contains($0.words.first)
        && (namesTables || $0.words.dropFirst().first != "table")
    }
    for line in changes {
      #expect(row.patterns.contains { line.matches($0) }, "not in the row: \(line)")
    }
    for pattern in row.patterns {
      #expect(changes.contains { $0.matches(pattern) }, "not planned: \(pattern)\n\(outcome)")
    }
    let mark = "interrupts: "
    let interrupts = lines.filter { $0.hasPrefix(mark) }.map { String($0.dropFirst(mark.count)) }
    #expect(Set(interrupts) == Set(row.interrupts), "\(outcome)")
    let risks = try host.plan(file).json["risks"].elements
    for (isRefusable, names) in [(true, row.refused), (false, row.notices)] {
      let found = risks.filter { $0["refusable"].isTrue == isRefusable }.compactMap { $0["name"].text }
      #expect(Set(found) == Set(names), "\(outcome)")
    }
  }

  private func expectApplied(_ row: ChangeRow, _ host: Host, _ file: String) throws {
    let changed = try host.plan(file).json["changes"].elements.filter {
      $0["id"].text?.hasPrefix("link/") == true && !$0["before"].isNull && !$0["after"].isNull
    }
    let indexes = try changed.map { try host.link($0["before"]["name"].text ?? "")["ifindex"] }
    if !row.refused.isEmpty {
      let before = try host.space.dump()
      expect(try host.vnet("apply", file), exits: 73)
      expectEqual(before, try host.space.dump())
    }
    let outcome = try host.vnet(["apply"] + row.refused.flatMap { ["--allow", $0] } + [file])
    expect(outcome, exits: 0)
    guard outcome.code == 0 else { return }
    for (change, index) in zip(changed, indexes) {
      let kept = try host.link(change["after"]["name"].text ?? "")["ifindex"] == index
      #expect(kept == (change["action"].text == "change"), "\(change["id"].line)")
    }
    expect(try host.vnet("plan", file), exits: 0)
  }
}

/// One row of the tables in docs/changes.md.
struct ChangeRow: Sendable, CustomTestStringConvertible {
  let section: String
  let name: String
  /// What is replaced in the file, and by what.
  let edits: [(old: String, new: String)]
  /// Lines of the plan; `*` stands for anything.
  let patterns: [String]
  /// The exit code of an edit that is no plan, and what the error says.
  let code: Int32?
  let words: [String]
  let interrupts: [String]
  let refused: [String]
  let notices: [String]

  var testDescription: String { "\(section): \(name)" }
  var needsVLANs: Bool { section == "VLANs" }

  init?(_ line: String, section: String) {
    let cells = line.split(separator: "|").map { String($0).trimmed }
    guard cells.count == 5, cells[0].contains("`") else { return nil }
    self.section = section
    name = cells[0]
    edits = cells[1].separated(by: "<br>").map { edit in
      let spans = edit.spans
      return (spans.first ?? "", spans.last ?? "")
    }
    code = cells[2].firstRange(of: "(exit ").flatMap {
      Int32(cells[2][$0.upperBound...].prefix { $0 != ")" })
    }
    (patterns, words) = code == nil ? (cells[2].spans, []) : ([], cells[2].spans)
    interrupts = cells[3].spans
    let risks = cells[4].separated(by: "; ")
    refused = risks.filter { $0.hasPrefix("refused:") }.flatMap(\.spans)
    notices = risks.filter { $0.hasPrefix("notice:") }.flatMap(\.spans)
  }

  /// Keys by the mapping they are of. A row of the VLANs says which.
  var keys: [String: [String]] {
    if !needsVLANs { return [section: name.spans] }
    return [name.hasPrefix("network ") ? "Networks" : "NICs": name.spans]
  }

  func edited(_ text: String) -> String {
    edits.reduce(text) { text, edit in
      #expect(text.contains(edit.old), "\(edit.old) is not in the file")
      return text.replacing(edit.old, with: edit.new)
    }
  }
}

/// The page: the file that all rows start from, and the rows.
struct ChangeTable {
  let page = Page(name: "docs/changes.md")

  var base: String {
    get throws { try page.blocks("yaml").first { $0.file == "base.conf" }?.text ?? "" }
  }

  var rows: [ChangeRow] {
    get throws {
      var section = ""
      return try page.lines.compactMap { line in
        if line.hasPrefix("## ") { section = String(line.dropFirst(3)) }
        return line.hasPrefix("| ") ? ChangeRow(line, section: section) : nil
      }
    }
  }
}

extension String {
  /// The texts in code spans.
  fileprivate var spans: [String] {
    split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
      .map { String($0.element) }
  }

  fileprivate func separated(by separator: String) -> [String] {
    split(separator: separator).map(String.init)
  }

  /// `*` in the pattern stands for any text.
  fileprivate func matches(_ pattern: String) -> Bool {
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return self == pattern }
    var rest = self[...]
    guard rest.hasPrefix(parts[0]) else { return false }
    rest = rest.dropFirst(parts[0].count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(parts[parts.count - 1])
  }
}
