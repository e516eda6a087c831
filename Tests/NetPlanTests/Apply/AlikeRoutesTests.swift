import NetPlan
import Testing

@Suite("Routes that are alike")
struct AlikeRoutesTests {
  private static func route(_ number: Int, _ family: AddressFamily, hasGateway: Bool = true) -> Route {
    let link = LinkName(kernel: "eth\(number)")
    let gateway: IPAddress? =
      !hasGateway ? nil : family == .ipv4 ? .v4(192, 0, 2, UInt8(number)) : IPAddress("fe80::1")
    return Route(id: RouteID(destination: .all(family)), nexthops: [Nexthop(gateway: gateway, link: link)])
  }

  /// What the kernel makes of a step.
  private func perform(_ step: AlikeRoutes.Step, _ list: inout [Route]) throws {
    switch step {
    case .replace(let old, let new):
      #expect(list.first == old)
      try #require(!list.contains(new))
      list[0] = new
    case .append(let new):
      try #require(!list.contains(new))
      list.append(new)
    case .remove(let old): list.remove(at: try #require(list.firstIndex(of: old)))
    }
  }

  @Test("any list becomes any other, and is never empty in between", arguments: AddressFamily.allCases)
  func anyToAny(family: AddressFamily) throws {
    var random = Random(seed: 7)
    for _ in 0..<2000 {
      // Of IPv6 routes with a gateway there is one: more would be the ways of one route.
      let pool = (0..<6).map { Self.route($0, family, hasGateway: family == .ipv4 || $0 == 0) }
      let before = Array(pool.shuffled(using: &random).prefix(random.below(5)))
      let after = Array(pool.shuffled(using: &random).prefix(random.below(5)))
      var list = before
      for step in AlikeRoutes(before, becoming: after).steps {
        try perform(step, &list)
        if !before.isEmpty, !after.isEmpty { #expect(!list.isEmpty, "\(before) → \(after)") }
      }
      #expect(list == after)
    }
  }

  @Test("what is in its place is left alone")
  func leftAlone() {
    let (a, b, c) = (Self.route(1, .ipv4), Self.route(2, .ipv4), Self.route(3, .ipv4))
    let (x, y) = (Self.route(8, .ipv4), Self.route(9, .ipv4))
    #expect(AlikeRoutes([a, b, c], becoming: [x, b, y]).steps == [.replace(a, x), .append(y), .remove(c)])
    #expect(AlikeRoutes([a, b, c], becoming: [b, c]).steps == [.remove(a)])
    #expect(AlikeRoutes([b, c], becoming: [b, c]).steps.isEmpty)
  }
}
