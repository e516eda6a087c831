/// Networks that are one VLAN of another.
extension RandomSketch {
  /// The network, or a VLAN of one that is there in its place.
  mutating func placed(_ network: Sketch.Network, in sketch: Sketch) -> Sketch.Network {
    let roots = sketch.networks.filter { $0.keys["network"] == nil }
    guard !roots.isEmpty, vlans.chance(35) else { return network }
    let root = vlans.pick(roots)
    var group = Sketch.Network(name: network.name, keys: ["network": root.name])
    group.keys["vlan"] = vlans.pick(["10", "20", "1"])
    if root.keys["existing"] == nil, vlans.chance(85) {
      group.keys["address"] = vlans.pick(["10.30.0.1/24", "10.31.0.1/24", "auto"])
      if vlans.chance(40) { group.keys[vlans.pick(["nat", "route"])] = "true" }
    }
    return group
  }

  mutating func setKey(ofPortGroup network: inout Sketch.Network) {
    let choices = [
      ("vlan", ["10", "20", "30"]), ("mtu", ["1300"]), ("device", ["br\(vlans.below(3))", "v0"]),
      ("address", ["10.30.0.1/24", "10.32.0.1/24", "\"2001:db8:30::1/64\"", "auto"]),
    ]
    let (key, values) = vlans.pick(choices)
    network.keys[key] = vlans.pick(values)
  }
}
