import Testing
import Witness

@Suite(
  "What a run gets from its starter and its machine",
  .enabled(
    if: Gate.services && Gate.strace, Comment(rawValue: Gate.servicesComment)))
struct StarterTests {
  private static let text = """
    name: m
    networks: {lab: {address: 10.77.3.1/24, nat: true}}
    vms: {web: {nics: {eth0: {network: lab}}}}

    """

  @Test("a starter that ignores the ends of its children changes nothing")
  func ignoredChildren() throws {
    try Host.with { host in
      let file = try host.files.write("m.conf", Self.text)
      let words = ["env", "--ignore-signal=CHLD", Tools.vnetApply]
      expect(try host.space.run(words + ["apply", file]), exits: 0)
      expect(try host.space.run(words + ["plan", file]), exits: 0)
      expect(try host.space.run(words + ["remove", file]), exits: 0)
    }
  }

  /// Without it every derived MAC would be another one.
  @Test(
    "a machine id that is there and cannot be read is an error, not another machine",
    arguments: ["apply", "plan"])
  func machineID(_ command: String) throws {
    try Host.with { host in
      let file = try host.files.write("m.conf", Self.text)
      expect(try host.vnet("apply", file), exits: 0)
      let before = try host.space.dump()
      let outcome = try host.space.run(
        ["strace", "-qq", "-o", host.files.path + "/trace", "-P", "/etc/machine-id", "-e"]
          + ["trace=openat", "-e", "inject=openat:error=EIO", Tools.vnetApply, command, file])
      expect(outcome, exits: 1)
      #expect(outcome.stderr.contains("open /etc/machine-id"), "\(outcome)")
      expectEqual(before, try host.space.dump(), "\(command)")
    }
  }

  /// What is not seen would be taken for what is not there: a server started twice, an address given anew, files of another
  /// namespace.
  @Test("a folder that cannot be read is an error, not an empty one")
  func folders() throws {
    try Clones.with { clones in
      let host = clones.host
      let own = #"vms: {own: {netns: "\#(clones.name(1))", nics: {eth0: {mode: tap}}}, "#
      let file = try host.files.write("m.conf", Self.text.replacing("vms: {", with: own))
      expect(try clones.vnet("apply", file), exits: 0)
      let before = try host.space.dump()
      let trace = host.files.path + "/folders"
      for command in ["plan", "apply"] {
        let undisturbed = try clones.vnet(
          command, file, under: ["strace", "-qq", "-o", trace, "-e", "trace=openat"])
        expect(undisturbed, exits: 0)
        let calls = try host.files.read("folders").lines.filter { $0.hasPrefix("openat(") }
        let folders = calls.enumerated().filter {
          $0.element.contains("O_DIRECTORY") && !$0.element.contains("ENOENT")
        }
        for read in ["/run/netns\"", "services\"", "/proc\""] {
          #expect(folders.contains { $0.element.contains(read) }, "\(read): \(folders)")
        }
        for (index, call) in folders {
          let fault = ["-e", "trace=openat", "-e", "inject=openat:error=ENFILE:when=\(index + 1)"]
          let outcome = try clones.vnet(command, file, under: ["strace", "-qq", "-o", trace] + fault)
          // Who has a TAP or a port open is a name in a sentence, and may be missing.
          if outcome.code != 0 {
            expect(outcome, exits: 1)
            #expect(outcome.stderr.contains("Too many open files in system"), "\(call): \(outcome)")
          }
          expectEqual(before, try host.space.dump(), "\(command), \(call)")
        }
      }
      expect(try clones.vnet("remove", file), exits: 0)
    }
  }
}
