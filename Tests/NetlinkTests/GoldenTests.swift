import Netlink
import Testing

@Suite("A recorded message decodes to its value, and the value encodes to the message")
struct GoldenTests {
  @Test("address", arguments: addresses) func address(_ golden: Golden) throws { try golden.verify() }
  @Test("route", arguments: routes) func route(_ golden: Golden) throws { try golden.verify() }
  @Test("rule", arguments: rules) func rule(_ golden: Golden) throws { try golden.verify() }
  @Test("neighbour", arguments: neighbours) func neighbour(_ golden: Golden) throws { try golden.verify() }
  @Test("queueing discipline", arguments: qdiscs) func qdisc(_ golden: Golden) throws { try golden.verify() }
  @Test("next hop", arguments: nexthops) func nexthop(_ golden: Golden) throws { try golden.verify() }
  @Test("forwarding settings", arguments: netconf) func forwarding(_ golden: Golden) throws {
    try golden.verify()
  }
  @Test("link, as asked for", arguments: linkRequests) func linkRequest(_ golden: Golden) throws {
    try golden.verify()
  }
  @Test("link, as told", arguments: linkAnswers) func linkAnswer(_ golden: Golden) throws {
    try golden.verify()
  }
  @Test("bridge VLAN", arguments: vlans) func vlan(_ golden: Golden) throws { try golden.verify() }

  @Test("a route with attributes we do not know says which")
  func unknown() throws {
    let route = try RouteMessage(decoding: Fixture("route4-encap").payload.rawSpan)
    // RTA_ENCAP, RTA_ENCAP_TYPE
    #expect(route.unknown == [22, 21])
    #expect(route.destination == .v4(198, 51, 102, 0) && route.output == 2)
  }

  static var all: [Golden] {
    addresses + routes + rules + neighbours + nexthops + qdiscs + netconf + linkRequests + linkAnswers + vlans
  }

  @Test("every fixture is the subject of a test")
  func coverage() {
    #expect(
      Set(Fixture.all) == Set(Self.all.map(\.testDescription) + ["route4-encap"] + ConnectionTests.fixtures))
    #expect(Fixture.all.count > 40)
  }
}
