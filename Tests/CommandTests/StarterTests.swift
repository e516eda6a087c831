import Testing

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
}
