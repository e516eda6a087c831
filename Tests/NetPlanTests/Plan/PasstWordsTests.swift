import NetPlan
import Testing

@Suite("What passt is told")
struct PasstWordsTests {
  private static let newer = ["map-host-loopback", "no-map-gw", "runas", "socket"]
  private static let older = ["no-map-gw", "runas", "socket"]

  private func planned(_ nic: String, vm: String = "owner: alice,", _ options: [String], user: UInt32 = 0)
    throws
    -> Target
  {
    let text = "vms: {web: {\(vm) nics: {eth0: {mode: shared, via: passt, \(nic)}}}}\n"
    let topology = try Configuration.load(
      [SourceFile(path: "lab.conf", text: text)], defaultName: "lab", seed: Seed(machineID: "m")
    ).topology
    var host = SimulatedKernel().observe()
    host.facts.passt = options
    host.facts.user = user
    host.facts.group = user
    host.facts.users = [.init(name: "root", id: 0, group: 0), .init(name: "alice", id: 1000, group: 100)]
    host.facts.groups = [.init(name: "kvm", id: 104)]
    for family in AddressFamily.allCases {
      let hop = Nexthop(link: LinkName("eth1")!)
      host.state.insert(.route(Route(id: RouteID(destination: .all(family)), nexthops: [hop])))
    }
    host.state.insert(.address(Address(link: LinkName("eth1")!, local: IPInterface("192.0.2.10/24")!)))
    return NetPlan.target(of: topology, on: host)
  }

  private func words(_ nic: String, vm: String = "owner: alice,", _ options: [String] = newer) throws
    -> [String]
  {
    let target = try planned(nic, vm: vm, options)
    #expect(target.obstacles.isEmpty, "\(target.obstacles)")
    return try #require(Array(target.wanted.services).first).configuration
  }

  private let socket = "--socket=/run/vnet-apply/services/lab/passt-web:eth0/guest/socket"

  @Test(
    "by default: the owner and the owner's group, and nothing of the host's loopback",
    arguments: [newer, older])
  func usual(options: [String]) throws {
    #expect(try words("", options) == ["--runas=1000:100", socket, "--no-map-gw"])
  }

  @Test(
    "whoever is to be nobody is",
    arguments: ["": "65534:65534", "owner: root,": "65534:65534", "owner: {user: 7, group: kvm},": "7:104"])
  func accounts(vm: String, ids: String) throws {
    #expect(try words("", vm: vm).first == "--runas=\(ids)")
  }

  @Test("each transport has its ports, ranges lead to ranges, an address stands before a slash")
  func forwards() throws {
    let nic = "forward: [\"tcp+udp 8000-8002 -> 80-82\", \"127.0.0.1:53 -> 5353\", \"udp [::1]:53 -> 53\"]"
    let words = try words(nic)
    #expect(
      words.dropFirst(3) == [
        "--tcp-ports=8000-8002:80-82", "--udp-ports=8000-8002:80-82", "--tcp-ports=127.0.0.1/53:5353",
        "--udp-ports=::1/53:53",
      ])
  }

  @Test(
    "the host's loopback at an address: by an option of its own, or as the router of a guest without IPv6")
  func loopback() throws {
    let nic = "host-loopback: 10.99.0.1"
    #expect(try words(nic).dropFirst(2) == ["--no-map-gw", "--map-host-loopback=10.99.0.1"])
    #expect(
      try words("host-loopback: 192.0.2.9", Self.older).dropFirst(2) == [
        "--gateway=192.0.2.9", "--ipv4-only",
      ])
    #expect(try words("host-loopback: \"fd00::1\"").last == "--map-host-loopback=fd00::1")
    for address in ["fd00::1", "10.99.0.1"] {
      let target = try planned("host-loopback: \"\(address)\"", Self.older)
      #expect(target.obstacles.map(\.kind) == [.lacking])
    }
  }

  @Test("only an older one leaves the host's loopback open")
  func risks() throws {
    #expect(try planned("", Self.newer).risks.isEmpty)
    #expect(try planned("", Self.older).risks.map(\.name) == ["open-loopback"])
  }

  @Test("a user starts their own and nobody else's")
  func user() throws {
    #expect(try planned("", vm: "", Self.newer, user: 1000).wanted.services.first { _ in true } != nil)
    #expect(try planned("", vm: "owner: 1001,", Self.newer, user: 1000).obstacles.map(\.kind) == [.lacking])
    #expect(try planned("", vm: "owner: {group: kvm},", Self.newer).obstacles.map(\.kind) == [.conflict])
  }

  @Test("a service reads back what it was told")
  func read() throws {
    let target = try planned("forward: [\"udp [::1]:53-54 -> 5353-5354\"]", Self.newer)
    let service = try #require(Array(target.wanted.services).first)
    #expect(service.socket == String(socket.dropFirst("--socket=".count)))
    #expect(service.forwards.map(\.description) == ["udp:[::1]:53-54-:5353"])
    #expect(ServiceID(name: "lab", folderName: service.id.folderName) == service.id)
    #expect(service.id.path == "vms.web.nics.eth0")
  }
}
