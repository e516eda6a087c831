extension VirtualFunction {
  /// `mac 02:…`, `vlan 12 qos 5`, `trust on`, as ip-link(8) writes them: what is not as usual.
  var summary: [String] {
    var words: [String] = []
    if let mac { words.append("mac \(mac)") }
    if let vlan, vlan != 0 { words.append("vlan \(vlan)") }
    if let qos, qos != 0 { words.append("qos \(qos)") }
    if let spoofCheck { words.append("spoofchk \(spoofCheck ? "on" : "off")") }
    if let trust, trust { words.append("trust on") }
    if let linkState, linkState != .auto { words.append("state \(linkState.rawValue)") }
    if let maxRate, maxRate != 0 { words.append("max_tx_rate \(maxRate)") }
    return words
  }
}
