import NetPlan
import Testing

@Suite("Where forwards lead")
struct ForwardedFlowTests {
  private static func table(_ sets: [String: [String: String]]) -> Table {
    var table = Table(id: TableID(.inet, of: "lab"))
    table.sets = sets.map { name, elements in
      var set = TableSet(name, key: "", value: "")
      set.elements = elements
      return set
    }
    return table
  }

  private static let all = table([
    "forward-ip4": ["tcp . 80": "10.7.0.1 . 80", "udp . 80": "10.7.0.5 . 80"],
    "forward-from-ip4": ["192.0.2.0/24 . tcp . 80": "10.7.0.2 . 80"],
    "forward-at-ip4": ["203.0.113.1 . tcp . 80": "10.7.0.3 . 80"],
    "forward-at-from-ip4": ["192.0.2.9 . 203.0.113.1 . tcp . 80": "10.7.0.4 . 80"],
    "forward-from-ip6": ["2001:db8::/64 . tcp . 80": "2001:db8:7::1 . 80"],
  ])

  private static func target(_ transport: String, _ from: String, _ to: String, _ port: UInt16 = 80)
    -> String?
  {
    all.target(of: ForwardedFlow(transport, from: IPAddress(from)!, to: IPAddress(to)!, port))
  }

  @Test("the narrowest forward counts, by address and sender, then by address, then by sender")
  func narrowest() {
    #expect(Self.target("tcp", "192.0.2.9", "203.0.113.1") == "10.7.0.4 . 80")
    #expect(Self.target("tcp", "192.0.2.8", "203.0.113.1") == "10.7.0.3 . 80")
    #expect(Self.target("tcp", "192.0.2.8", "203.0.113.2") == "10.7.0.2 . 80")
    #expect(Self.target("tcp", "192.0.3.8", "203.0.113.2") == "10.7.0.1 . 80")
  }

  @Test("another transport, port or family is another forward")
  func others() {
    #expect(Self.target("udp", "192.0.2.9", "203.0.113.1") == "10.7.0.5 . 80")
    #expect(Self.target("tcp", "192.0.2.9", "203.0.113.1", 81) == nil)
    #expect(Self.target("tcp", "192.0.2.9", "203.0.113.1", 8080) == nil)
    #expect(Self.target("tcp", "2001:db8::9", "2001:db8:f::1") == "2001:db8:7::1 . 80")
    #expect(Self.target("tcp", "2001:db9::9", "2001:db8:f::1") == nil)
  }
}
