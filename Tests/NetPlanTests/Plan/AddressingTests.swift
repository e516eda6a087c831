import NetPlan
import Testing

/// A host on which configurations are applied in thought: what a plan wants, the next plan finds.
private struct Imagined {
  var host: Observation

  init() { host = SimulatedKernel().observe() }

  func target(_ text: String) throws -> Target {
    NetPlan.target(of: try topology(text), on: host)
  }

  func topology(_ text: String, machine: String = "0123456789abcdef0123456789abcdef") throws -> Topology {
    try Configuration.load(
      [SourceFile(path: "lab.conf", text: text)], defaultName: "lab", seed: Seed(machineID: machine)
    ).topology
  }

  /// Everything that is wanted is there, and nothing else of the records is.
  mutating func apply(_ text: String) throws {
    let target = try target(text)
    #expect(target.obstacles.isEmpty, "\(target.obstacles)")
    for id in target.unwanted { host.state[id] = nil }
    for object in target.wanted.objects.values { host.state.insert(object) }
  }

  /// The kernel's state is gone, the records are not.
  mutating func reboot() { host.state = State(host.state.reservations.map(Object.reservation)) }

  func addresses(_ path: String) -> [String] {
    let id = ReservationID(name: "lab", path: path)
    return host.state[.reservation(id)]?.reservation?.addresses.map { "\($0)" } ?? []
  }

  mutating func add(route: String, table: UInt32 = 254) {
    let route = Route(
      id: RouteID(destination: IPPrefix(route)!, table: table), nexthops: [Nexthop(link: LinkName("eth9")!)])
    host.state.insert(.route(route))
  }

  mutating func add(address: String, on link: String) {
    host.state.insert(.address(Address(link: LinkName(link)!, local: IPInterface(address)!)))
  }
}

private func vms(_ names: [String], _ keys: String = "network: n") -> String {
  "vms:\n" + names.map { "  \($0): {nics: {eth0: {\(keys)}}}\n" }.joined()
}

@Suite("Addresses that nobody wrote")
struct AddressingTests {
  private let auto = "networks: {n: {address: auto}}\n"

  @Test("an automatic network has a private /24 and a unique local /64")
  func automatic() throws {
    var imagined = Imagined()
    try imagined.apply(auto)
    let addresses = imagined.addresses("networks.n")
    try #require(addresses.count == 2)
    let (v4, v6) = (try #require(IPInterface(addresses[0])), try #require(IPInterface(addresses[1])))
    #expect(IPPrefix("10.0.0.0/8")!.contains(v4.address) && v4.length == 24 && v4.address.value & 255 == 1)
    #expect(IPPrefix("fd00::/8")!.contains(v6.address) && v6.length == 64)
    #expect(imagined.host.state.addresses.contains { $0.local == v4 && $0.origin == 214 })
  }

  @Test("the same file has the same subnet on one machine, and another on another")
  func derived() throws {
    let imagined = Imagined()
    func subnet(_ text: String, _ machine: String) throws -> [Reservation] {
      let target = NetPlan.target(of: try imagined.topology(text, machine: machine), on: imagined.host)
      return Array(target.wanted.reservations)
    }
    let (a, b) = (String(repeating: "a", count: 32), String(repeating: "b", count: 32))
    #expect(try subnet(auto, a) == subnet(auto, a))
    #expect(try subnet(auto, a) != subnet(auto, b))
    #expect(try subnet("mac-seed: s\n" + auto, a) == subnet("mac-seed: s\n" + auto, b))
  }

  @Test(
    "what a host has in the way is avoided, whatever it is",
    arguments: [
      "route", "route of another table", "shorter route", "address", "network of the file", "routed guest",
    ])
  func avoided(_ what: String) throws {
    var imagined = Imagined()
    let first = try #require(Array(imagined.target(auto).wanted.reservations).first?.addresses)
    let (v4, v6) = (first[0], first[1])
    var text = auto
    switch what {
    case "route":
      imagined.add(route: "\(v4.prefix)")
      imagined.add(route: "\(v6.prefix)")
    case "route of another table":
      imagined.add(route: "\(v4.prefix)", table: 77)
      imagined.add(route: "\(v6.prefix)", table: 77)
    case "shorter route":
      imagined.add(route: "10.0.0.0/8")
      imagined.add(route: "\(IPInterface(v6.address, length: 16)!.prefix)")
    case "address":
      imagined.add(address: "\(v4.prefix.address.advanced(by: 9)!)/25", on: "eth0")
      imagined.add(address: "\(v6.prefix.address.advanced(by: 9)!)/128", on: "eth0")
    case "network of the file":
      let near = [v4, v6].map { "\"\($0.address.advanced(by: 4)!)/\($0.length)\"" }.joined(separator: ", ")
      text = "networks: {n: {address: auto}, other: {address: [\(near)]}}\n"
    default:
      text += "vms: {v: {nics: {e: {mode: tap, address: [\(v4.address.advanced(by: 7)!), "
      text += "\"\(v6.address.advanced(by: 7)!)\"]}}}}\n"
    }
    let target = try imagined.target(text)
    let chosen =
      target.wanted[
        .reservation(ReservationID(name: "lab", path: "networks.n"))]?.reservation?.addresses ?? []
    #expect(chosen.count == 2)
    for address in chosen { for old in first { #expect(!address.prefix.overlaps(old.prefix)) } }
    if what == "shorter route" {
      #expect(chosen.contains { IPPrefix("172.16.0.0/12")!.contains($0.address) })
    }
  }

  @Test("a default route, or two halves of one, are in nobody's way")
  func defaults() throws {
    var imagined = Imagined()
    let first = Array(try imagined.target(auto).wanted.reservations)
    for route in ["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "::/0", "2000::/3"] { imagined.add(route: route) }
    #expect(Array(try imagined.target(auto).wanted.reservations) == first)
  }

  @Test("two automatic networks do not overlap, nor another configuration's that is down")
  func several() throws {
    var imagined = Imagined()
    try imagined.apply("networks: {a: {address: auto}, b: {address: auto}}\n")
    let all = (imagined.addresses("networks.a") + imagined.addresses("networks.b")).map { IPInterface($0)! }
    for (place, one) in all.enumerated() {
      for other in all[(place + 1)...] { #expect(!one.prefix.overlaps(other.prefix)) }
    }
    var other = Imagined()
    for address in all {
      other.host.state.insert(
        .reservation(
          Reservation(
            id: ReservationID(name: "elsewhere", path: "networks.\(address.address)"), network: "x", mac: nil,
            addresses: [address])))
    }
    for reservation in try other.target("networks: {a: {address: auto}, b: {address: auto}}\n").wanted
      .reservations
    {
      for address in reservation.addresses { #expect(!all.contains { $0.prefix.overlaps(address.prefix) }) }
    }
  }

  @Test(
    "a subnet stays through a reboot although the seed is another, and although a route came that it overlaps"
  )
  func reboot() throws {
    var imagined = Imagined()
    try imagined.apply(auto)
    let first = imagined.addresses("networks.n")
    imagined.reboot()
    try imagined.apply("mac-seed: another\n" + auto)
    #expect(imagined.addresses("networks.n") == first)
  }

  @Test("without a record the bridge's own addresses tell")
  func bridge() throws {
    var imagined = Imagined()
    try imagined.apply(auto)
    let first = imagined.addresses("networks.n")
    for reservation in Array(imagined.host.state.reservations) {
      imagined.host.state[.reservation(reservation.id)] = nil
    }
    try imagined.apply("mac-seed: another\n" + auto)
    #expect(imagined.addresses("networks.n") == first)
  }

  @Test("a host without IPv6 gets IPv4 alone")
  func withoutIPv6() throws {
    var imagined = Imagined()
    imagined.host.facts.ipv6 = false
    try imagined.apply(auto + vms(["a"]))
    #expect(imagined.addresses("networks.n").count == 1)
    #expect(imagined.addresses("vms.a.nics.eth0").count == 1)
  }

  @Test("a network that is full of routes is said to be so")
  func full() throws {
    var imagined = Imagined()
    for route in ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"] { imagined.add(route: route) }
    let obstacles = try imagined.target(auto).obstacles
    #expect(obstacles.map(\.message) == ["there is no IPv4 subnet left that overlaps nothing of the host"])
  }
}

@Suite("Reservations")
struct ReservationTests {
  private let lab = "networks: {n: {address: [10.7.0.1/24, \"fd07::1/64\"]}}\n"

  @Test("each NIC on a network with an address has one, of each family, and no two are alike")
  func unique() throws {
    var imagined = Imagined()
    try imagined.apply(lab + "vms: {v: {count: 200, nics: {eth0: {network: n}}}}\n")
    let all = (1...200).map { number in
      imagined.addresses("vms.v-\(number < 10 ? "00" : number < 100 ? "0" : "")\(number).nics.eth0")
    }
    #expect(all.allSatisfy { $0.count == 2 && $0[0].hasPrefix("10.7.0.") && $0[1].hasPrefix("fd07::") })
    #expect(Set(all.joined()).count == 400)
    #expect(!all.joined().contains("10.7.0.1/24") && !all.joined().contains("10.7.0.255/24"))
  }

  @Test("those of a count are one line of a plan")
  func folded() throws {
    let imagined = Imagined()
    let topology = try imagined.topology(lab + "vms: {v: {count: 20, nics: {eth0: {network: n}}}}\n")
    let text = Planner(topology: topology, host: imagined.host).plan().plan.text()
    #expect(text.contains("\n+ reservation v-{01…20}-eth0  (20)\n"), "\(text)")
  }

  @Test("who comes or goes renumbers nobody, in any order")
  func stable() throws {
    var imagined = Imagined()
    let names = (1...40).map { "m\($0)" }
    try imagined.apply(lab + vms(names))
    let first = names.map { imagined.addresses("vms.\($0).nics.eth0") }
    try imagined.apply(lab + vms((1...80).map { "a\($0)" } + names))
    #expect(names.map { imagined.addresses("vms.\($0).nics.eth0") } == first)
    try imagined.apply(lab + vms(["m7", "m31"]))
    #expect(imagined.addresses("vms.m7.nics.eth0") == first[6])
    #expect(imagined.addresses("vms.m31.nics.eth0") == first[30])
    #expect(imagined.addresses("vms.m8.nics.eth0") == [])
  }

  @Test("a VM, a NIC and a network that are renamed keep theirs")
  func renamed() throws {
    var imagined = Imagined()
    try imagined.apply("networks: {n: {address: auto}}\n" + vms(["a", "b"]))
    let (first, host) = (imagined.addresses("vms.a.nics.eth0"), imagined.addresses("networks.n"))
    imagined.reboot()
    try imagined.apply(
      """
      networks: {m: {was: n, address: auto}}
      vms: {aa: {was: a, nics: {lan: {was: eth0, network: m}}}, b: {nics: {eth0: {network: m}}}}
      """)
    #expect(imagined.addresses("vms.aa.nics.lan") == first)
    #expect(imagined.addresses("networks.m") == host)
    #expect(imagined.addresses("vms.a.nics.eth0") == [] && imagined.addresses("networks.n") == [])
  }

  @Test("a written address is the reservation, also one that somebody else had by choice")
  func written() throws {
    var imagined = Imagined()
    try imagined.apply(lab + vms(["a"]))
    let old = try #require(imagined.addresses("vms.a.nics.eth0").first)
    let address = String(old.prefix { $0 != "/" })
    try imagined.apply(lab + vms(["a"]) + "  b: {nics: {eth0: {network: n, address: \(address)}}}\n")
    #expect(imagined.addresses("vms.b.nics.eth0")[0] == old)
    #expect(imagined.addresses("vms.b.nics.eth0").count == 2)
    #expect(imagined.addresses("vms.a.nics.eth0")[0] != old)
  }

  @Test("another subnet gives other addresses, each inside of it")
  func moved() throws {
    var imagined = Imagined()
    try imagined.apply(lab + vms(["a"]))
    try imagined.apply("networks: {n: {address: 10.8.0.1/24}}\n" + vms(["a"]))
    let addresses = imagined.addresses("vms.a.nics.eth0")
    #expect(addresses.count == 1 && addresses[0].hasPrefix("10.8.0."))
  }

  @Test("the range for unknown guests is left to them as long as there is other room")
  func range() throws {
    var imagined = Imagined()
    let text = "networks: {n: {address: 10.7.0.1/28, dhcp: {range: 10.7.0.8-10.7.0.14}}}\n"
    let names = (1...8).map { "m\($0)" }
    try imagined.apply(text + vms(names))
    let numbers = names.map { name in
      IPInterface(imagined.addresses("vms.\(name).nics.eth0")[0])!.address.value & 255
    }
    #expect(Set(numbers).count == 8)
    #expect(numbers.filter { $0 < 8 }.count == 6)
  }

  @Test("the IPv6 reservation is what the guest makes of the prefix by itself (EUI-64)")
  func stateless() throws {
    var imagined = Imagined()
    try imagined.apply(lab + vms(["a"], "network: n, mac: \"52:54:00:12:34:56\""))
    #expect(imagined.addresses("vms.a.nics.eth0")[1] == "fd07::5054:ff:fe12:3456/64")
    try imagined.apply(lab + vms(["a"], "network: n, mac: \"52:54:00:12:34:57\""))
    #expect(imagined.addresses("vms.a.nics.eth0")[1] == "fd07::5054:ff:fe12:3457/64")
  }

  @Test("without room for all, the error says for how many")
  func tooMany() throws {
    let imagined = Imagined()
    let obstacles = try imagined.target(
      "networks: {n: {address: auto}}\nvms: {v: {count: 260, nics: {eth0: {network: n}}}}\n"
    ).obstacles
    #expect(obstacles.map(\.message) == ["'n' has no addresses left for 7 of its 260 NICs"])
  }

  @Test("on the LAN of an uplink, on a foreign bridge and without an address nobody reserves")
  func elsewhere() throws {
    let imagined = Imagined()
    let target = try imagined.target("networks: {n: {}}\n" + vms(["a"]))
    #expect(Array(target.wanted.reservations).isEmpty)
  }

  @Test("what lies behind a guest is reached by its reservation")
  func behind() throws {
    var imagined = Imagined()
    try imagined.apply(lab + vms(["a"], "network: n, routes: [10.99.0.0/16, \"fd99::/48\"]"))
    let addresses = imagined.addresses("vms.a.nics.eth0").map { String($0.prefix { $0 != "/" }) }
    let routes = imagined.host.state.routes.map(\.summary).sorted()
    #expect(
      routes == ["10.99.0.0/16 via \(addresses[0]) dev n", "fd99::/48 via \(addresses[1]) dev n metric 1024"])
  }
}
