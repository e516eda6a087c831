import Testing

@Suite("docs/rosetta.md, which says what to write for what other VM software calls it")
struct RosettaTests {
  private static let page = Page(name: "docs/rosetta.md")

  @Test("every row has a configuration that passes check and can be planned where the hardware is there")
  func rows() throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let shown = try Self.page.rows
    #expect(shown.count > 50)
    for text in shown {
      let file = try files.write("shown.conf", text)
      let check = try run([Tools.vnetApply, "check", file])
      #expect(check.code == 0 && check.output.lines.filter { $0 != "" }.count == 1, "\(text)\n\(check)")
      let plan = try run([Tools.vnetApply, "plan", "--from", "/dev/null", file])
      // What the VM software does by itself changes nothing of the host.
      let asksNothing = text.contains("mode: shared") && !text.contains(/via: (nat|passt)/)
      #expect(plan.code == (asksNothing ? 0 : 2), "\(text)\n\(plan)")
    }
    // No row without one.
    let rows = try Self.page.lines.filter { $0.hasPrefix("| ") && !$0.hasSuffix("| write |") }
    #expect(rows.count == shown.count)
  }

  @Test(
    "there is a table for each, and an example with its modes",
    arguments: [
      "libvirt": "libvirt", "VirtualBox": "virtualbox", "VMware": "vmware", "Hyper-V": "hyper-v",
      "Parallels Desktop": "parallels", "Incus": "incus", "Proxmox VE": "proxmox", "Lima": "lima",
      "Firecracker": "firecracker", "Cloud Hypervisor": "cloud-hypervisor", "QEMU": nil,
    ])
  func tables(name: String, example: String?) throws {
    #expect(try Self.page.lines.contains("## \(name)"))
    guard let example else { return }
    let path = "examples/\(example).conf"
    #expect(try Self.page.lines.contains("In one file: [\(path)](../\(path))."))
    _ = try must(["test", "-f", "\(Tools.repository)/\(path)"])
  }
}
