import Testing
import Witness

@Suite(
  "status, of guests at work",
  .enabled(if: Gate.ready && Gate.nft, "needs root, /dev/net/tun, iproute2, nft and the built vnet-apply"))
struct StatusTests {
  private static let one = Inner.place(51)

  private static let text = """
    networks:
      net: {\(Inner.net), nat: true}
      named: {address: [10.9.0.1/24], nat: {source: 192.0.2.10}, dhcp: false, dns: false, ra: false}
      other: {\(Inner.other)}
      office: {uplink: eth1}
    vms:
    \(Inner.vm("one", "net", one))
      two: {nics: {eth0: {network: named, address: 10.9.0.2}}}
      three: {nics: {eth0: {network: other, address: 10.8.0.2}}}
      four: {nics: {eth0: {network: office}, eth1: {mode: tap, address: 203.0.113.7}}}
      five: {nics: {eth0: {mode: shared, via: nat, address: 172.16.0.2, host-address: 172.16.0.1}}}

    """

  @Test("a NIC on a network with nat is shared, with the file and without")
  func modes() throws {
    try Inner.withHost(Self.text, [:]) { inner in
      for selection in [[inner.file], ["--name", "inner"], []] {
        let outcome = try inner.host.vnet(["status", "--json"] + selection)
        expect(outcome, exits: 0)
        let modes = try JSON(parsing: outcome.stdout)["nics"].elements.map {
          "\($0["nic"].line) \($0["mode"].line)"
        }
        #expect(
          modes == [
            "five/eth0 shared", "four/eth0 bridged office", "four/eth1 tap", "one/eth0 shared net",
            "three/eth0 bridged other", "two/eth0 shared named",
          ], "\(selection)")
      }
    }
  }

  @Test("addresses, bytes and what was dropped stand in the row of the NIC that they are of")
  func counters() throws {
    try Inner.withHost(Self.text, ["one": Self.one]) { inner in
      try #expect(inner.who("one", asks: "10.7.0.1") == "host 10.7.0.51")
      // Somebody else's address: dropped at the TAP.
      try inner.space("one").ip("addr add 10.7.0.99/24 dev eth0")
      try inner.space("one").run(["ping", "-c", "2", "-W", "1", "-I", "10.7.0.99", "10.7.0.1"])
      let outcome = try inner.host.vnet("status", "--json", inner.file)
      expect(outcome, exits: 0)
      let rows = try JSON(parsing: outcome.stdout)["nics"].elements
      let row = try #require(rows.first { $0["nic"].text == "one/eth0" })
      #expect(row["addresses"].elements.map(\.line) == ["10.7.0.51", "2001:db8:7::51"])
      #expect(row["rx-bytes"].int ?? 0 > 0 && row["tx-bytes"].int ?? 0 > 0, "\(row.line)")
      let device = try inner.host.space.json("ip -s -j link show dev one-eth0")[0]["stats64"]
      #expect(row["rx-bytes"].int ?? 0 <= device["rx"]["bytes"].int ?? 0, "\(device.line)")
      let drops = row["dropped"].members.values.compactMap(\.int).reduce(0, +)
      #expect(drops > 0, "\(row.line)")
      let table = try inner.host.vnet("status", inner.file).stdout.lines
      #expect(table.contains { $0.hasPrefix("inner  one/eth0") && $0.contains(" \(drops)") }, "\(table)")
      #expect(rows.allSatisfy { $0["nic"].text == "one/eth0" || $0["dropped"].members.isEmpty })
    }
  }
}
