import NetPlan
import Testing

@Suite("What dnsmasq is told")
struct DnsmasqTests {
  private func service(_ network: String, _ nics: String = "{network: n}", device: String = "n") throws
    -> Service
  {
    let text =
      "networks: {n: {device: \"\(device)\", \(network)}}\nvms: {web: {nics: {eth0: \(nics), eth1: {network: n}}}}\n"
    let target = try target(text)
    #expect(target.obstacles.isEmpty, "\(target.obstacles)")
    return try #require(Array(target.wanted.services).first)
  }

  private func target(_ text: String) throws -> Target {
    let topology = try Configuration.load(
      [SourceFile(path: "lab.conf", text: text)], defaultName: "lab", seed: Seed(machineID: "m")
    ).topology
    return NetPlan.target(of: topology, on: SimulatedKernel().observe())
  }

  private let v4 = "address: 10.7.0.1/24"

  @Test("by default: this bridge alone, no other files, guests' names, the host's own name servers")
  func usual() throws {
    let service = try service(v4)
    #expect(
      service.configuration == [
        "interface=n", "except-interface=lo", "bind-dynamic", "no-hosts", "domain=internal",
        "local=/internal/",
        "expand-hosts", "domain-needed", "bogus-priv", "dhcp-authoritative", "dhcp-ignore-names",
        "dhcp-lease-max=65535", "dhcp-range=10.7.0.0,static,255.255.255.0,3600",
      ])
  }

  @Test("each service can be off", arguments: ["dhcp", "dns", "ra"])
  func off(_ key: String) throws {
    let lines = try service("address: [10.7.0.1/24, \"fd07::1/64\"], \(key): false").configuration
    #expect(lines.contains("port=0") == (key == "dns"))
    #expect(lines.contains("dhcp-authoritative") == (key != "dhcp"))
    #expect(lines.contains("enable-ra") == (key != "ra"))
    switch key {
    case "dhcp": #expect(lines.last == "dhcp-range=fd07::,ra-only,64")
    case "ra": #expect(lines.contains("dhcp-range=fd07::,static,64,3600"))
    default: #expect(lines.contains("dhcp-range=fd07::,static,slaac,64,3600"))
    }
  }

  @Test("with all of them off there is none")
  func none() throws {
    let target = try target("networks: {n: {\(v4), dhcp: false, dns: false, ra: false}}\n")
    #expect(Array(target.wanted.services).isEmpty && target.obstacles.isEmpty)
  }

  @Test("every option of DHCP has its line")
  func options() throws {
    let lines = try service(
      """
      address: [10.7.0.1/24, "fd07::1/64"], dhcp: {range: ["10.7.0.100-10.7.0.120", "fd07::100-fd07::1ff"], lease: 12h,
        router: 10.7.0.9, dns: [10.7.0.2, "fd07::2"], ntp: 10.7.0.3, domain: lab.example, boot: {file: a.0, server: tftp.example}}
      """
    ).configuration
    #expect(
      Array(lines.suffix(10)) == [
        "dhcp-range=10.7.0.100,10.7.0.120,255.255.255.0,43200",
        "dhcp-range=fd07::100,fd07::1ff,slaac,64,43200", "dhcp-option=option:router,10.7.0.9",
        "dhcp-option=option:dns-server,10.7.0.2", "dhcp-option=option6:dns-server,[fd07::2]",
        "dhcp-option=option:ntp-server,10.7.0.3", "dhcp-option=option:domain-name,lab.example",
        "dhcp-option=option6:domain-search,lab.example", "dhcp-boot=\"a.0\",,tftp.example", "enable-ra",
      ])
  }

  @Test("names that are not the file's go to the servers that it names, or nowhere")
  func upstream() throws {
    #expect(
      try service("\(v4), dns: {upstream: [192.0.2.53, \"2001:db8::53\"]}").configuration.filter {
        $0.hasPrefix("server=") || $0 == "no-resolv"
      } == ["no-resolv", "server=192.0.2.53", "server=2001:db8::53"])
    #expect(try service("\(v4), dns: {upstream: []}").configuration.contains("no-resolv"))
    #expect(try !service(v4).configuration.contains("no-resolv"))
  }

  @Test("a VM has its name once, and each NIC its line")
  func guests() throws {
    let service = try service(v4, "{network: n, mac: \"52:54:00:00:00:05\", address: 10.7.0.77}")
    #expect(service.hosts.count == 2)
    #expect(service.hosts[0] == "52:54:00:00:00:05,10.7.0.77,web")
    #expect(!service.hosts[1].contains("web"))
    #expect(service.names.count == 2 && service.names[0] == "10.7.0.77 web")
  }

  @Test(
    "no value of a file ends a line, a word or a quote",
    arguments: [
      "a\",,evil", "a,b,10.0.0.1", "a\\\"#b", "#", "\\", "a b", "tag:x,y", "${net0/mac}?a=1,b=2", "é\"",
    ])
  func hostile(_ value: String) throws {
    let yaml = value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    let lines = try service("\(v4), dhcp: {boot: {file: \"\(yaml)\"}}").configuration
    let line = try #require(lines.last)
    #expect(line.hasPrefix("dhcp-boot=\"") && line.hasSuffix("\""))
    // Read as dnsmasq reads it: to the first quote that no backslash precedes.
    var read = ""
    var rest = line.dropFirst("dhcp-boot=\"".count)[...]
    while let next = rest.popFirst(), next != "\"" {
      read.append(next == "\\" ? rest.removeFirst() : next)
    }
    #expect(rest.isEmpty)
    #expect(read == value)
    #expect(lines.allSatisfy { !$0.contains("\n") })
  }

  @Test("what cannot be told is an error at its place, and no line")
  func unfit() throws {
    for (network, key) in [
      ("\(v4), dhcp: {boot: {file: a, server: \"a,b\"}}", "dhcp.boot.server"),
      ("\(v4), dhcp: {boot: {file: a, server: \"x\\\"\"}}", "dhcp.boot.server"),
      ("\(v4), dhcp: {router: \"fe80::1\"}", "dhcp.router"),
      ("address: \"fd07::1/48\"", "address"),
      ("address: \"fd07::1/48\", dhcp: false", "address"),
      ("address: auto, dhcp: {range: 192.0.2.1-192.0.2.9}", "dhcp.range"),
    ] {
      let target = try target("networks: {n: {\(network)}}\n")
      #expect(Array(target.wanted.services).isEmpty)
      #expect(target.obstacles.map(\.path) == ["networks.n.\(key)"], "\(network)")
      #expect(target.obstacles.allSatisfy { $0.position != nil })
    }
  }

  @Test("router advertisements alone need an IPv6 address, and link-local ones are nobody's subnet")
  func advertised() throws {
    let off = "dhcp: false, dns: false"
    #expect(Array(try target("networks: {n: {\(v4), \(off)}}\n").wanted.services).isEmpty)
    let lines = try service("address: [\"fd07::1/64\", \"fe80::7/64\"], \(off)").configuration
    #expect(lines.filter { $0.hasPrefix("dhcp-range") } == ["dhcp-range=fd07::,ra-only,64"])
  }

  @Test("a host that lacks the program lacks what the file needs")
  func lacking() throws {
    let topology = try Configuration.load(
      [SourceFile(path: "lab.conf", text: "networks: {a: {\(v4)}, b: {address: 10.8.0.1/24}}\n")],
      defaultName: "lab", seed: Seed(machineID: "m")
    ).topology
    var host = SimulatedKernel().observe()
    host.facts.dnsmasq = false
    let obstacles = Planner(topology: topology, host: host).plan().obstacles
    #expect(obstacles.count == 1 && obstacles[0].kind == .lacking)
    #expect(obstacles.first?.hint?.contains("dnsmasq-base") == true)
  }
}
