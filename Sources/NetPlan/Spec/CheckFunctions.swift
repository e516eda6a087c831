/// What hardware can do for one of its virtual functions, and what it cannot.
extension Resolver {
  mutating func checkFunction(_ nic: NIC) {
    func refuse(_ key: String, _ message: String, _ hint: String) {
      guard nic.written[key] != nil else { return }
      report(.conflictingKeys, nic, key, nil, message, hint: hint)
    }
    refuse(
      "trunk",
      "hardware gives a virtual function one VLAN, or those that its guest asks for: it enforces no list",
      "write `vlan`; or neither, and the guest tags its frames itself")
    if nic.limitIn != nil {
      report(
        .conflictingKeys, nic, "limit", nil,
        "hardware limits what a virtual function sends, not what it receives",
        hint: "write `out` alone")
    }
    if let rate = nic.limitOut, rate % 1_000_000 != 0 {
      report(
        .badRate, nic, "limit", nil,
        "hardware counts a virtual function's rate in whole mbit, and this is \(rate.bitRate)",
        hint: "write whole `mbit`")
    }
    if nic.written["anti-spoof"] != nil, !nic.antiSpoof.isEmpty, !nic.antiSpoof.contains(.mac) {
      report(
        .conflictingKeys, nic, "anti-spoof", nil, "hardware checks the MAC of a virtual function alone",
        hint: "`true` or `[mac]`, or `false`")
    }
    refuse(
      "also", "hardware lets a virtual function send by its own MAC alone",
      "`anti-spoof: false` lets it use any")
  }
}
