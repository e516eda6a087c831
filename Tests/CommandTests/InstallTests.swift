import Testing
import Witness

@Suite("make install", .enabled(if: Tools.has("systemd-analyze"), "needs systemd"))
struct InstallTests {
  @Test(
    "the unit for the boot is sound, starts what was installed, and is ready before the network is said to be online"
  )
  func unit() throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let prefix = files.path + "/usr"
    try must(["make", "-s", "-C", Tools.repository, "install", "PREFIX=" + prefix])
    let unit = prefix + "/lib/systemd/system/vnet-apply.service"
    let verify = try run(["systemd-analyze", "verify", unit])
    #expect(verify.code == 0 && verify.output.trimmed.isEmpty, "\(verify)")
    let text = try must(["cat", unit])
    #expect(text.contains("\nExecStart=\(prefix)/bin/vnet-apply boot\n"))
    #expect(text.contains("\nBefore=network-online.target\n"))
    expect(try run([prefix + "/bin/vnet-apply", "--version"]), exits: 0)
    let installed = try must(["find", prefix, "-type", "f"]).lines.filter { !$0.isEmpty }
    #expect(installed.count == 5, "\(installed)")
  }

  @Test("with DESTDIR everything is below it, and the unit speaks of the place without it")
  func staged() throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    try must(["make", "-s", "-C", Tools.repository, "install", "DESTDIR=" + files.path, "PREFIX=/usr"])
    let unit = try must(["cat", files.path + "/usr/lib/systemd/system/vnet-apply.service"])
    #expect(unit.contains("\nExecStart=/usr/bin/vnet-apply boot\n"))
  }
}
