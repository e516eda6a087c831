import Testing
import Witness

/// docs/ci.md, run as it is written: a repository with two branches, and in place of GitHub's program one that keeps
/// comments in a file.
@Suite("docs/ci.md", .enabled(if: Tools.has("git"), "needs git"))
struct ReviewTests {
  private static let page = Page(name: "docs/ci.md")

  /// `gh api`, as far as the page calls it: lists, makes and edits one comment.
  private static let gh = """
    #!/bin/sh
    echo "$*" >>"$STORE/calls"
    case "$*" in
      *"--method POST"*) sed 1q "${6#body=@}" >"$STORE/first"; cp "${6#body=@}" "$STORE/comment" ;;
      *"--method PATCH"*) cp "${6#body=@}" "$STORE/comment" ;;
      *) [ ! -e "$STORE/first" ] || [ "$(cat "$STORE/first")" != "$MARK" ] || echo 77 ;;
    esac
    """

  private static let base = "vms: {web: {nics: {eth0: {mode: tap, address: 203.0.113.7}}}}\n"
  private static let head =
    "vms: {web: {count: 2, nics: {eth0: {mode: tap, address: 203.0.113.7-203.0.113.8}}}}\n"

  /// Commands of a job, in their order.
  private func commands(_ start: String, _ prefix: String) throws -> [String] {
    let block = try #require(Self.page.blocks("yml").first { $0.text.contains(start) })
    return block.lines.compactMap { line in
      let words = line.trimmed
      return words.hasPrefix(prefix) ? String(words.dropFirst(prefix.count)) : nil
    }
  }

  private func withClone(_ body: (TemporaryFolder, _ shell: (String) throws -> Outcome) throws -> Void) throws
  {
    let files = try TemporaryFolder()
    defer { files.delete() }
    try must(["mkdir", "-p", files.path + "/bin", files.path + "/origin/network"])
    try files.write("bin/gh", Self.gh)
    try must(["chmod", "+x", files.path + "/bin/gh"])
    try must(["ln", "-s", Tools.vnetApply, files.path + "/bin/vnet-apply"])
    for block in try Self.page.blocks("sh") {
      let words = block.lines.first?.words ?? []
      #expect(
        words.count > 2 && words[1].hasPrefix("network/") && words[1].hasSuffix(".sh:"), "\(block.text)")
      let name = words[1].dropLast()
      try files.write("origin/" + name, block.text)
    }
    try files.write("origin/network/lab.conf", Self.base)
    let git =
      "git -c user.name=a -c user.email=a@example.org -c init.defaultBranch=main -c advice.detachedHead=false"
    func shell(_ script: String) throws -> Outcome {
      try run([
        "env", "-C", files.path + "/clone", "PATH=\(files.path)/bin:/usr/bin:/bin", "STORE=\(files.path)",
        "GITHUB_BASE_REF=main", "GITHUB_REPOSITORY=o/r", "NUMBER=5",
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME=main", "sh",
        "-euc", script,
      ])
    }
    try must([
      "sh", "-euc",
      "cd '\(files.path)'/origin && \(git) init -q && \(git) add . && \(git) commit -qm base && \(git) clone -q . ../clone",
    ])
    try files.write("clone/network/lab.conf", Self.head)
    try body(files, shell)
  }

  @Test("GitHub's job checks, plans and draws the change, and comments once, then edits the comment")
  func github() throws {
    let commands = try commands("jobs:", "- run: ")
    #expect(commands.count == 3)
    try withClone { files, shell in
      for command in commands { expect(try shell(command), exits: 0) }
      let first = try files.read("comment")
      #expect(first.contains("+ + tap web-1-eth0") && first.contains("- - tap web-eth0"), "\(first)")
      #expect(first.contains("```mermaid\nflowchart LR\n"), "\(first)")
      try files.write("clone/network/lab.conf", Self.base)
      for command in commands { expect(try shell(command), exits: 0) }
      let second = try files.read("comment")
      #expect(second.contains("No changes."), "\(second)")
      let calls = try files.read("calls").lines
      #expect(
        calls.filter { $0.contains("--method POST repos/o/r/issues/5/comments") }.count == 1, "\(calls)")
      #expect(
        calls.filter { $0.contains("--method PATCH repos/o/r/issues/comments/77") }.count == 1, "\(calls)")
      let sarif = try JSON(parsing: files.read("clone/check.sarif"))
      #expect(sarif["version"].text == "2.1.0")
    }
  }

  @Test("a wrong file ends GitHub's job at the check, with SARIF to upload")
  func wrong() throws {
    let check = try #require(try commands("jobs:", "- run: ").first)
    try withClone { files, shell in
      try files.write("clone/network/lab.conf", "vms: {web: {nic: {}}}\n")
      expect(try shell(check), exits: 65)
      let result = try JSON(parsing: files.read("clone/check.sarif"))["runs"].elements[0]["results"].elements[
        0]
      let place = result["locations"].elements[0]["physicalLocation"]
      #expect(place["artifactLocation"]["uri"].text == "network/lab.conf")
    }
  }

  @Test(
    "GitLab's job writes the review, also of a file that was not there before, and against a recorded host")
  func gitlab() throws {
    let block = try #require(Self.page.blocks("yml").first { $0.text.contains("expose_as") })
    let script = block.lines.drop { $0.trimmed != "script:" }.prefix { $0.trimmed != "artifacts:" }
    let commands = script.dropFirst().map { String($0.trimmed.dropFirst(2)) }
    #expect(commands.count == 3)
    try withClone { files, shell in
      for command in commands { expect(try shell(command), exits: 0) }
      #expect(try files.read("clone/review.md").contains("+ + tap web-2-eth0"))
      try files.write("clone/network/new.conf", Self.base)
      let outcome = try shell("sh network/review.sh origin/main network/new.conf")
      expect(outcome, exits: 0)
      #expect(outcome.stdout.contains("+ + tap web-eth0"), "\(outcome)")
      let snapshot = "\(Tools.repository)/Tests/NetPlanTests/Fixtures/plan/quickstart/host.json"
      let recorded = try shell("sh network/review.sh origin/main network/lab.conf '\(snapshot)'")
      expect(recorded, exits: 0)
      #expect(recorded.stdout.contains("+ + tap web-1-eth0"), "\(recorded)")
    }
  }
}
