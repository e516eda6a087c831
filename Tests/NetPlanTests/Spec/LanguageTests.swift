import NetPlan
import Testing

@Suite("Language")
struct LanguageTests {
  static func load(_ text: String) throws(ConfigurationError) -> Topology {
    try Configuration.load(
      [SourceFile(path: "lab.conf", text: text)], defaultName: "lab", seed: Seed(machineID: "m")
    ).topology
  }

  /// The codes of what is wrong with it.
  static func faults(_ text: String) -> [String] {
    do throws(ConfigurationError) {
      _ = try load(text)
      return []
    } catch {
      return error.diagnostics.map(\.code.rawValue)
    }
  }

  @Test(
    "a template is arithmetic over the VM's number",
    arguments: [
      ("{n}", "7"), ("{20000+n}", "20007"), ("{n-1}", "6"), ("{ n + 1 }", "8"), ("{n*n}", "49"),
      ("{n/2}", "3"),
      ("{n%4}", "3"), ("{(n-1)*2}", "12"), ("{1+2*3}", "7"), ("{10-2-3}", "5"), ("{{n}", "{n}"),
      ("a{n}b{n}", "a7b7"),
      ("}", "}"), ("{{{n}", "{7"), ("{((n))}", "7"),
    ])
  func template(_ text: String, _ expected: String) throws {
    let topology = try Self.load(
      "vms: {v: {count: 7, nics: {e: {mode: tap, via: vde, socket: \"/run/\(text)\"}}}}\n")
    #expect(topology.vms.last?.nics.first?.socket == "/run/\(expected)")
  }

  @Test("counted VMs are named NAME-1 to NAME-N, padded to the width of N")
  func counted() throws {
    func names(_ count: Int, _ more: String = "") throws -> [String] {
      try Self.load("vms: {r: {count: \(count)\(more)}}\n").vms.map(\.name)
    }
    #expect(try names(0) == [])
    #expect(try names(1) == ["r-1"])
    #expect(try names(9).last == "r-9")
    #expect(try names(10).first == "r-01")
    #expect(try names(1000).first == "r-0001")
    #expect(try names(12, ", pad: 1").first == "r-1")
    #expect(try names(12, ", pad: 1").last == "r-12")
    #expect(try names(12, ", pad: 4").last == "r-0012")
  }

  @Test("growing a count changes none of the VMs that were there")
  func growing() throws {
    func vms(_ count: Int) throws -> [VM] {
      try Self.load(
        """
        networks: {lab: {}}
        vms:
          r:
            pad: 3
            nics: {e: {network: lab}, t: {mode: tap, device: "t{n}"}}
            count: \(count)
        """
      ).vms
    }
    #expect(try vms(20).starts(with: vms(7)))
  }

  @Test(
    "mode and via follow from what is written",
    arguments: [
      ("network: plain", "bridged via bridge"), ("network: natted", "shared via nat"),
      ("mode: shared", "shared via user"),
      ("mode: tap", "tap via tap"), ("mode: bridged, network: natted", "bridged via bridge"),
      ("mode: dedicated, hardware: eth1", "dedicated via vfio"), ("mode: shared, via: nat", "shared via nat"),
      ("network: plain, via: vde", "tap via vde"),
      ("mode: bridged, via: macvtap, hardware: eth1", "bridged via macvtap"),
      ("mode: dedicated, via: macvtap, hardware: eth1", "dedicated via macvtap"),
      ("mode: shared, network: natted", "shared via nat"), ("mode: shared, via: passt", "shared via passt"),
    ])
  func inference(_ keys: String, _ expected: String) throws {
    let nic = try #require(
      try Self.load("networks: {plain: {}, natted: {nat: true}}\nvms: {v: {nics: {e: {\(keys)}}}}\n").vms
        .first?.nics.first)
    #expect("\(nic.mode.rawValue) via \(nic.via.rawValue)" == expected)
  }

  @Test("true and nothing are the empty mapping, false turns off")
  func emptyMappings() throws {
    let topology = try Self.load(
      """
      networks:
        a: {nat: true}
        b: {nat: }
        c: {nat: {}}
        d: {nat: false}
        e:
        f: true
        g: {nat: true, dhcp: false, dns: false, ra: false}
      """)
    #expect(topology.networks.map { $0.nat != nil } == [true, true, true, false, false, false, true])
    #expect(topology.networks.map { $0.dhcp != nil } == [true, true, true, false, false, false, false])
    #expect(topology.networks.map(\.ra) == [true, true, true, false, false, false, false])
  }

  @Test(
    "a key that the schema has is a key of the reader, and no other is",
    arguments: ["nic", "vm", "network", "defaults"])
  func schemaKeys(_ definition: String) throws {
    let kinds = try #require(Schema.json["$defs"]?[definition]?["anyOf"]?.array)
    guard case .object(let properties)? = kinds.last?["properties"] else {
      Issue.record("no properties")
      return
    }
    func text(_ key: String) -> String {
      switch definition {
      case "nic": "vms: {v: {nics: {e: {\(key): }}}}\n"
      case "vm": "vms: {v: {\(key): }}\n"
      case "network": "networks: {n: {\(key): }}\n"
      default: "defaults: {\(key): }\n"
      }
    }
    let strange: Set = ["unknown-key", "misplaced-key"]
    #expect(properties.count > 4)
    for property in properties {
      #expect(strange.isDisjoint(with: Self.faults(text(property.name))), "\(property.name)")
      #expect(!strange.isDisjoint(with: Self.faults(text(property.name + "x"))), "\(property.name)x")
    }
  }

  @Test("every reference of the schema leads to a definition, and every definition closes its mapping")
  func schemaReferences() throws {
    let definitions = try #require(Schema.json["$defs"])
    func walk(_ json: JSON) {
      switch json {
      case .array(let items): items.forEach(walk)
      case .object(let members):
        if let name = json["$ref"]?.string {
          #expect(definitions[String(name.dropFirst("#/$defs/".count))] != nil, "\(name)")
        }
        if json["properties"] != nil { #expect(json["additionalProperties"] == false) }
        members.forEach { walk($0.value) }
      default: break
      }
    }
    walk(Schema.json)
  }

  @Test("the formats for programs name file, line, column, code and message")
  func formats() throws {
    do throws(ConfigurationError) {
      _ = try Self.load("networks:\n  lab: {mtu: 1, mtu: 2}\n")
      Issue.record("it passed")
    } catch {
      #expect(
        error.diagnostics.github(error.files) == """
          ::error file=lab.conf,line=2,col=14,title=out-of-range::1 is not an MTU in bytes, 1280 … 65535
          ::error file=lab.conf,line=2,col=17,title=duplicate-key::the key `mtu` is there twice

          """)
      let result = error.diagnostics.sarif(error.files)["runs"]?.array?.first?["results"]?.array?.last
      #expect(result?["ruleId"] == "duplicate-key")
      #expect(result?["relatedLocations"]?.array?.first?["physicalLocation"]?["region"]?["startColumn"] == 9)
      let json = error.diagnostics.json(error.files).array?.first
      #expect(json?["path"] == "networks.lab.mtu")
      #expect(json?["line"] == 2 && json?["column"] == 14 && json?["file"] == "lab.conf")
    }
  }

  @Test("ten times the NICs cost about ten times the work")
  func growth() throws {
    func duration(_ count: Int) throws -> Duration {
      let vms = (1...count).map {
        "  v\($0): {nics: {e: {mode: tap, address: 10.\($0 >> 16).\($0 >> 8 & 255).\($0 & 255)}}}\n"
      }
      let text = "vms:\n" + vms.joined()
      return try (0..<3).map { _ in try ContinuousClock().measure { _ = try Self.load(text) } }.min()!
    }
    // The bar is above linear for caches and a busy machine, and far below what a square would cost.
    #expect(try duration(3000) / duration(300) < 30)
  }
}
