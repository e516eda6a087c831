import NetPlan
import Testing

@Suite("What a mode gives")
struct ExplanationTests {
  private static let pairs = Mode.allCases.flatMap { mode in mode.vias.map { (mode, $0) } }

  @Test("every mode and mechanism answers every question, the same each time", arguments: pairs)
  func complete(_ mode: Mode, _ via: Via) {
    let explanation = Explanation.of(mode, via)
    #expect(explanation.answers.map(\.topic) == Explanation.Topic.allCases)
    #expect(explanation.text == Explanation.of(mode, via).text)
    #expect(explanation.text.hasPrefix("\(mode.rawValue) via \(via.rawValue): \(Explanation.gist(mode))\n"))
  }

  @Test("what cannot be is marked so, and nothing else is", arguments: pairs)
  func honest(_ mode: Mode, _ via: Via) throws {
    let isImpossible = mode == .tap && via == .vmm
    #expect(Explanation.of(mode, via).text.contains("`plan` and `apply` exit 65") == isImpossible)
  }

  @Test("a mode alone is explained by its usual mechanism")
  func preferred() {
    #expect(Mode.allCases.map { Explanation.of($0).via } == [.user, .tap, .bridge, .vfio])
  }

  @Test("the overview has every mode with its mechanisms")
  func overview() {
    for mode in Mode.allCases {
      #expect(Explanation.overview.contains(Explanation.gist(mode)))
      for via in mode.vias { #expect(Explanation.overview.contains(via.rawValue)) }
    }
  }

  @Test("a NIC's text says what the file makes of its mode")
  func nic() throws {
    let text = """
      networks: {lab: {nat: true, address: 10.7.0.1/24, reach: far}, far: {address: 10.8.0.1/24, to-host: none}}
      vms:
        web:
          nics:
            eth0:
              network: lab
              address: 10.7.0.9
              isolated: true
              anti-spoof: false
              block: 198.51.100.0/24
              forward: ["127.0.0.1:8080 -> 80", {port: 53-54, to: 53-54, proto: udp, from: [192.0.2.0/24]}]
        db: {nics: {eth0: {network: far}}}

      """
    let topology = try TopologyTests.load(text)
    func here(_ vm: String) throws -> [String] {
      let nic = try #require(topology.vms.first { $0.name == vm }?.nics.first)
      let lines = Explanation.text(of: nic, in: topology).split(separator: "\n").map(String.init)
      #expect(lines.first?.hasPrefix("\(vm)/eth0: ") == true)
      return Array(lines.drop { $0 != "here" }.dropFirst())
    }
    #expect(
      try here("web") == [
        "  network: lab", "  its own addresses: 10.7.0.9/24",
        "  reached at: tcp 127.0.0.1:8080 -> 80, udp 53-54 -> 53-54 from 192.0.2.0/24",
        "  isolated: other isolated NICs are out of reach", "  reach: far",
        "  to-host: every service that listens there", "  block: 198.51.100.0/24",
        "  anti-spoof: off: it may send in anybody's name",
      ])
    #expect(
      try here("db") == ["  network: far", "  reach: no guest of another network", "  to-host: nothing"])
  }
}
