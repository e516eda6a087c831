import NetPlan
import Testing

@Suite("Configuration")
struct ConfigurationTests {
  static let seed = Seed(machineID: "0123456789abcdef0123456789abcdef")

  static func load(_ text: String, name: String? = "lab") throws -> Loaded {
    try Configuration.load([SourceFile(path: "lab.conf", text: text)], defaultName: name, seed: seed)
  }

  @Test("the three first configurations of the language are sound")
  func firstThree() throws {
    let texts = [
      "vms: {scratch: {nics: {eth0: {mode: shared}}}}\n",
      """
      networks: {lab: {nat: true}}
      vms:
        web: {nics: {eth0: {network: lab, forward: ["8080 -> 80"]}}}
        db:  {nics: {eth0: {network: lab}}}
      """,
      """
      networks: {office: {uplink: eth1}}
      vms: {desktop: {owner: alice, nics: {eth0: {network: office}}}}
      """,
    ]
    for text in texts {
      do {
        let loaded = try Self.load(text)
        #expect(loaded.warnings.isEmpty)
      } catch let error as ConfigurationError {
        Issue.record("\(error.text)")
      }
    }
  }

  @Test("five mistakes are five diagnostics")
  func fiveMistakes() throws {
    do {
      _ = try Self.load(
        """
        networks:
          lab: {nat: yes, mtu: 010}
        vms:
          web:
            nics:
              eth0: {network: labb}
              eth1: {vlna: 10, network: lab}
              eth2: {network: lab, mac: 52:54:00:12:34}
        """)
      Issue.record("it passed")
    } catch let error as ConfigurationError {
      print(error.text)
      #expect(error.diagnostics.count == 5)
    }
  }
}
