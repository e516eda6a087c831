/// What a NIC gives its VM and cannot give, in the order in which one asks: text for people, alike everywhere.
package struct Explanation: Sendable {
  package let mode: Mode
  package let via: Via
  /// One line: what the VM is.
  package let gist: String
  /// Topic and answer; an answer may have several lines.
  package let answers: [(topic: Topic, answer: String)]

  package enum Topic: String, CaseIterable, Sendable {
    case address = "IP address"
    case icmp = "ICMP"
    case ipv6 = "IPv6"
    case arp = "ARP"
    case ethertypes = "other Ethertypes"
    case protocols = "other protocols"
    case inbound = "inbound"
    case lowPorts = "ports below 1024"
    case host = "host ↔ guest"
    case overhead = "overhead"
    case privilege = "privilege"
  }

  /// The mechanism that a mode is explained by: the one that this version has, else the usual one.
  package static func of(_ mode: Mode) -> Explanation {
    of(mode, mode.vias[0])
  }

  package static func of(_ mode: Mode, _ via: Via) -> Explanation {
    let answers =
      switch (mode, via) {
      case (.shared, .nat): translated
      case (.shared, .passt): process
      case (.shared, _): application
      case (.tap, .vde): switched
      case (.tap, _): routed
      case (.bridged, .macvtap): macvtap
      case (.bridged, .vmm): named
      case (.bridged, _): bridged
      case (.dedicated, .macvtap): passthru
      case (.dedicated, .netns): moved
      case (.dedicated, .sriov): function
      case (.dedicated, _): dedicated
      }
    return Explanation(
      mode: mode, via: via, gist: gist(mode),
      answers: Topic.allCases.compactMap { topic in answers[topic].map { (topic, $0) } })
  }

  package static func gist(_ mode: Mode) -> String {
    switch mode {
    case .shared: "the VM is one more application on the host, and shares the host's IP address"
    case .tap: "the VM talks to a virtual NIC of the host, which routes its traffic; nothing is bridged"
    case .bridged: "the VM is a station on an Ethernet: a hardware NIC's, or one of other VMs alone"
    case .dedicated: "the VM owns a hardware NIC; the host gives it up, and gets it back on release"
    }
  }

  package var text: String {
    var lines = ["\(mode.rawValue) via \(via.rawValue): \(gist)"]
    if Explanation.isImpossible(mode, via) {
      lines.append(
        "The host routes to an interface that is there: `check` takes it, `plan` and `apply` exit 65 and say what does."
      )
    }
    let width = (Topic.allCases.map(\.rawValue.count).max() ?? 0) + 2
    for (topic, answer) in answers {
      for (index, line) in answer.split(separator: "\n").enumerated() {
        let head = index == 0 ? topic.rawValue : ""
        lines.append("  " + head + String(repeating: " ", count: width - head.count) + line)
      }
    }
    let others = mode.vias.filter { $0 != via }
    if !others.isEmpty {
      lines.append("also via " + others.map { Explanation.label(mode, $0) }.joined(separator: ", "))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func label(_ mode: Mode, _ via: Via) -> String {
    via.rawValue + (isImpossible(mode, via) ? " (not for a host that routes)" : "")
  }

  /// No later version will do it either.
  private static func isImpossible(_ mode: Mode, _ via: Via) -> Bool { mode == .tap && via == .vmm }

  /// All modes, a line each.
  package static var overview: String {
    let width = (Mode.allCases.map(\.rawValue.count).max() ?? 0) + 2
    return Mode.allCases.map { mode in
      mode.rawValue + String(repeating: " ", count: width - mode.rawValue.count) + gist(mode) + "\n"
        + String(repeating: " ", count: width) + "via "
        + mode.vias.map { label(mode, $0) }.joined(separator: ", ") + "\n"
    }.joined()
  }
}
