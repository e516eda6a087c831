/// NICs on hardware without a bridge.
extension RandomSketch {
  /// The NIC, or a macvtap in its place.
  mutating func placed(_ nic: Sketch.NIC) -> Sketch.NIC {
    guard macvtaps.chance(12) else { return nic }
    var macvtap = Sketch.NIC(name: nic.name, keys: ["mode": "bridged", "via": "macvtap"])
    macvtap.keys["hardware"] = macvtaps.pick(["eth0", "eth1", "eth2"])
    for _ in 0..<macvtaps.below(3) { setKey(ofMacvtap: &macvtap) }
    setHostAccess(of: &macvtap)
    return macvtap
  }

  mutating func setKey(ofMacvtap nic: inout Sketch.NIC) {
    let (key, values) = macvtaps.pick([
      ("macvtap", ["bridge", "private", "vepa"]), ("mtu", ["1400", "1300"]),
      ("mac", ["\"02:00:00:00:10:0\(1 + macvtaps.below(9))\""]), ("hardware", ["eth0", "eth1", "eth2"]),
      ("anti-spoof", ["false", "[mac]"]), ("limit", ["{in: 10mbit}", "{in: 5mbit, out: 5mbit}"]),
      ("device", ["t\(macvtaps.below(3))"]),
    ])
    nic.keys[key] = macvtaps.pick(values)
    setHostAccess(of: &nic)
  }

  private mutating func setHostAccess(of nic: inout Sketch.NIC) {
    if stations.chance(70) { nic.keys["host-access"] = nic.keys["host-access"] == nil ? "true" : nil }
    if nic.keys["macvtap"] ?? "bridge" != "bridge" { nic.keys["host-access"] = nil }
  }
}
