import Testing

@Suite("docs/gallery.md and its pictures")
struct GalleryTests {
  @Test("they are what scripts/gallery writes from the examples of today")
  func current() throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let repository = Tools.repository
    expect(
      try run(["env", "VNET_APPLY_BIN=\(Tools.vnetApply)", "\(repository)/scripts/gallery", files.path]),
      exits: 0)
    for part in ["gallery.md", "gallery"] {
      let outcome = try run(["diff", "-r", "\(repository)/docs/\(part)", "\(files.path)/\(part)"])
      #expect(outcome.code == 0, "run 'make gallery': \(outcome)")
    }
    let examples = try must(["ls", "\(repository)/examples"]).words
    let page = try files.read("gallery.md")
    for example in examples {
      #expect(page.contains("\n## \(example.dropLast(".conf".count))\n"), "\(example)")
    }
  }

  @Test("README.md leads there")
  func linked() throws {
    #expect(try Page(name: "README.md").lines.contains { $0.contains("(docs/gallery.md)") })
  }
}
