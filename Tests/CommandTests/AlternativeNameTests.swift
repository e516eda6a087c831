import Testing
import Witness

@Suite("alternative names", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct AlternativeNameTests {
  @Test("a NIC's TAP gets another name where the preferred one is some link's alternative name")
  func tap() throws {
    try Host.with { host in
      try host.space.ip("link property add dev eth1 altname a-eth0")
      let file = try host.files.write(
        "n.conf", "name: n\nnetworks: {inner: {}}\nvms: {a: {nics: {eth0: {network: inner}}}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try host.linkNames == ["lo", "eth1"])
    }
  }

  @Test(
    "a device name that is some link's alternative name is refused before anything changes",
    arguments: [
      "networks: {inner: {}}", "networks: {x: {device: inner}}",
      "networks: {x: {}}\nvms: {a: {nics: {eth0: {network: x, device: inner}}}}",
    ])
  func refused(text: String) throws {
    try Host.with { host in
      try host.space.ip("link property add dev eth1 altname inner")
      let file = try host.files.write("n.conf", "name: n\n\(text)\n")
      let before = try host.space.dump()
      let refused = try host.vnet("apply", file)
      expect(refused, exits: 65)
      #expect(refused.output.contains("alternative name of 'eth1'"), "\(refused)")
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("`uplink` and `existing` find a link by its alternative name")
  func found() throws {
    try Host.with { host in
      try host.space.ip(
        "link property add dev eth1 altname enp9s0\nlink add br9 type bridge\nlink property add dev br9 altname br-nine"
      )
      let file = try host.files.write(
        "n.conf",
        """
        name: n
        networks: {office: {uplink: enp9s0}, theirs: {existing: br-nine}}
        vms: {a: {nics: {eth0: {network: office}, eth1: {network: theirs}}}}
        """)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.link("eth1")["master"].text == "office")
      #expect(try host.link("a-eth1")["master"].text == "br9")
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
    }
  }
}
