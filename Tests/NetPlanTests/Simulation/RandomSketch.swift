import NetPlan

/// Configurations at random, over every key that is executed so far.
struct RandomSketch {
  var random: Random
  /// For rates: a seed gives what it gave before there were any.
  private var others: Random
  /// Names given so far, so that what is renamed gets one that nobody had.
  private var serial = 0

  /// Decides whom interfaces are kept from.
  private var managers: Random

  /// Decides what is in VLANs, by itself: without that a file is the same.
  var vlans: Random
  /// Decides which NICs are macvtaps, and what is said of those.
  var macvtaps: Random
  /// Decides which of those have the host beside them.
  var stations: Random
  /// The same for zones of firewalld.
  private var zones: Random
  /// And for network namespaces.
  private var spaces: Random

  init(_ random: Random) {
    self.random = random
    var copy = random
    let seed = copy.next()
    (vlans, others, zones) = (Random(seed: seed), Random(seed: ~seed), Random(seed: seed &+ 1))
    managers = Random(seed: seed ^ 0x5555_5555)
    spaces = Random(seed: seed ^ 0x7777_7777)
    macvtaps = Random(seed: seed ^ 0x3333_3333)
    stations = Random(seed: seed ^ 0x1111_1111)
  }

  mutating func sketch() -> Sketch {
    var sketch = Sketch()
    sketch.unmanaged = InterfaceManager.allCases.filter { _ in managers.chance(50) }
    for _ in 0..<random.below(4) { sketch.networks.append(placed(network(), in: sketch)) }
    for _ in 0..<random.below(4) { sketch.vms.append(vm(sketch)) }
    setZone(&sketch)
    enclose(&sketch, 30)
    return sketch
  }

  /// VMs go into network namespaces of their own, or of several; some NICs have other addresses there.
  private mutating func enclose(_ sketch: inout Sketch, _ percent: Int) {
    // The end of a veth has a carrier at once, and gives it to a bridge of somebody else that had none: the kernel makes
    // that a link-local address, which stays.
    let foreign = Set(sketch.networks.filter { $0.keys["existing"] != nil }.map(\.name))
    for index in sketch.vms.indices where spaces.chance(percent) {
      if sketch.vms[index].nics.contains(where: { $0.keys["network"].map(foreign.contains) ?? false }) {
        sketch.vms[index].keys["netns"] = nil
        for nic in sketch.vms[index].nics.indices { sketch.vms[index].nics[nic].keys["inner-address"] = nil }
        continue
      }
      let isOne = sketch.vms[index].keys["count"] == nil
      let names = isOne ? [nil, "jail", "own-\(sketch.vms[index].name)"] : [nil, "\"many-{n}\""]
      sketch.vms[index].keys["netns"] = spaces.pick(names)
      for nic in sketch.vms[index].nics.indices {
        let isInside = sketch.vms[index].keys["netns"] != nil && isOne
        let families = sketch.vms[index].nics[nic].keys["address"].map {
          ($0.contains("172."), $0.contains("2001:"))
        }
        let inner: String? =
          switch families {
          case (true, true)?: "[172.31.0.2, \"fd00::2\"]"
          case (true, false)?: "172.31.0.2"
          case (false, true)?: "\"fd00::2\""
          default: nil
          }
        sketch.vms[index].nics[nic].keys["inner-address"] = isInside && spaces.chance(50) ? inner : nil
      }
    }
  }

  private mutating func fresh(_ stem: String) -> String {
    serial += 1
    return "\(stem)\(serial)"
  }

  private mutating func network() -> Sketch.Network {
    var network = Sketch.Network(name: fresh("n"))
    switch random.below(10) {
    case 0...4: network.keys["uplink"] = random.pick(["eth0", "eth0", "eth1", "eth2", "default-route"])
    case 5: network.keys["existing"] = "virbr0"
    default: break
    }
    for _ in 0..<random.below(3) { setKey(&network) }
    return network
  }

  private mutating func setKey(_ network: inout Sketch.Network) {
    if network.keys["existing"] != nil { return }
    if network.keys["network"] != nil { return setKey(ofPortGroup: &network) }
    let subnet = 20 + random.below(3)
    let choices: [(String, [String])] = [
      ("mtu", ["1400", "1300"]), ("stp", ["true", "false"]), ("multicast-snooping", ["true"]),
      ("mac", ["\"02:00:00:00:00:0\(1 + random.below(9))\""]), ("device", ["br\(random.below(3))"]),
      ("vlan-filtering", ["true", "false"]), ("native", ["7", "1"]),
    ]
    var more = choices
    if network.keys["uplink"] != nil {
      more += [
        (
          "host",
          [
            "none", "keep", "{address: 10.\(subnet).0.1/24}",
            "{address: [10.\(subnet).0.1/24, \"2001:db8:\(subnet)::1/64\"], gateway: 10.\(subnet).0.254}",
          ]
        )
      ]
    } else {
      if network.keys["address"] != nil {
        more += [
          ("dhcp", ["false", "{lease: 10m}"]), ("dns", ["false", "{domain: lab.example}"]), ("ra", ["false"]),
        ]
      }
      more += [
        (
          "address",
          [
            "10.\(subnet).0.1/24", "[10.\(subnet).0.1/24, 10.\(subnet).1.1/24]",
            "[10.\(subnet).0.1/24, 10.\(subnet).0.2/24]",
            "\"2001:db8:\(subnet)::1/64\"", "[\"2001:db8:\(subnet)::1/64\", 10.\(subnet).0.1/24]",
            "auto", "[auto, \"2001:db8:\(subnet)::1/64\"]",
          ]
        )
      ]
    }
    let (key, values) = random.pick(more)
    network.keys[key] = random.pick(values)
    for service in ["dhcp", "dns", "ra"] where network.keys["address"] == nil { network.keys[service] = nil }
    if let host = network.keys["host"], host.hasPrefix("{"), !host.contains("vlan"), vlans.chance(30) {
      network.keys["host"] = host.dropLast() + ", vlan: \(vlans.pick([10, 40]))}"
    }
  }

  private mutating func vm(_ sketch: Sketch) -> Sketch.VM {
    var vm = Sketch.VM(name: fresh("v"))
    if random.chance(30) {
      vm.keys["owner"] = random.pick(["alice", "bob", "{user: alice, group: kvm}", "1234"])
    }
    if random.chance(10) { vm.keys["count"] = random.pick(["2", "3"]) }
    for _ in 0...random.below(3) { vm.nics.append(nic(sketch, of: vm)) }
    return vm
  }

  private mutating func nic(_ sketch: Sketch, of vm: Sketch.VM) -> Sketch.NIC {
    var nic = Sketch.NIC(name: fresh("e"))
    if !sketch.networks.isEmpty, random.chance(60) {
      nic.keys["network"] = random.pick(sketch.networks).name
    } else {
      nic.keys["mode"] = "tap"
    }
    for _ in 0..<random.below(4) { setKey(&nic, of: vm) }
    limit(&nic)
    return placed(nic)
  }

  private mutating func setKey(_ nic: inout Sketch.NIC, of vm: Sketch.VM) {
    if nic.keys["via"] == "macvtap" { return setKey(ofMacvtap: &nic) }
    let last = 1 + random.below(200)
    var choices: [(String, [String])] = [
      ("mtu", ["1300", "1280"]), ("queues", ["1", "2", "4"]),
      ("mac", ["\"02:00:00:00:01:\(10 + random.below(80))\""]),
    ]
    if vm.keys["count"] == nil { choices.append(("device", ["t\(random.below(6))"])) }
    if nic.keys["network"] != nil {
      choices += [
        ("isolated", ["true", "false"]), ("vlan", ["10", "20"]), ("trunk", ["[30, 40-42]", "[50]"]),
      ]
    } else if vm.keys["count"] == nil {
      choices += [
        (
          "address",
          ["172.16.0.\(last)", "[172.16.0.\(last), \"2001:db8:a::\(last)\"]", "\"2001:db8:a::\(last)\""]
        ),
        ("address", ["192.0.0.\(last)"]),
        (
          "host-address",
          ["172.16.9.1/24", "[172.16.9.1/24, \"fe80::1/64\"]", "169.254.0.1", "\"fe80::1/128\""]
        ),
        ("routes", ["[172.17.\(last).0/24]", "[\"2001:db8:\(last)::/48\", 172.18.\(last).0/24]"]),
        ("proxy", ["eth0", "eth1", "eth2"]),
      ]
    }
    let (key, values) = random.pick(choices)
    nic.keys[key] = random.pick(values)
  }

  // MARK: Change

  /// The file after somebody edited it.
  mutating func edited(_ old: Sketch) -> Sketch {
    var new = old
    if random.chance(60) { forgetFormerNames(&new) }
    for _ in 0...random.below(3) { edit(&new) }
    if managers.chance(20) {
      new.unmanaged = InterfaceManager.allCases.filter { _ in managers.chance(50) }
    }
    for vm in new.vms.indices {
      for nic in new.vms[vm].nics.indices where others.chance(20) { limit(&new.vms[vm].nics[nic]) }
    }
    if zones.chance(30) { setZone(&new) }
    enclose(&new, 15)
    return new
  }

  private mutating func setZone(_ sketch: inout Sketch) {
    sketch.coexist["firewalld"] = zones.pick([nil, "home", "trusted"])
  }

  private mutating func limit(_ nic: inout Sketch.NIC) {
    let limits = [nil, nil, "{in: 100mbit}", "{in: 10mbit, out: 20mbit}", "{out: 1gbit}"]
    nic.keys["limit"] = others.pick(limits)
  }

  private func forgetFormerNames(_ sketch: inout Sketch) {
    for network in sketch.networks.indices { sketch.networks[network].keys["was"] = nil }
    for vm in sketch.vms.indices {
      sketch.vms[vm].keys["was"] = nil
      for nic in sketch.vms[vm].nics.indices { sketch.vms[vm].nics[nic].keys["was"] = nil }
    }
  }

  private mutating func edit(_ sketch: inout Sketch) {
    switch random.below(12) {
    case 0: sketch.networks.append(placed(network(), in: sketch))
    case 1: sketch.vms.append(vm(sketch))
    case 2: if !sketch.networks.isEmpty { sketch.networks.remove(at: random.below(sketch.networks.count)) }
    case 3: if !sketch.vms.isEmpty { sketch.vms.remove(at: random.below(sketch.vms.count)) }
    case 4, 5: if !sketch.networks.isEmpty { setKey(&sketch.networks[random.below(sketch.networks.count)]) }
    case 6: renameNetwork(&sketch)
    case 7: renameVM(&sketch)
    default: editNIC(&sketch)
    }
  }

  private mutating func renameNetwork(_ sketch: inout Sketch) {
    guard !sketch.networks.isEmpty else { return }
    let place = random.below(sketch.networks.count)
    let old = sketch.networks[place].name
    let new = fresh("n")
    sketch.networks[place].name = new
    sketch.networks[place].keys["was"] = old
    for network in sketch.networks.indices where sketch.networks[network].keys["network"] == old {
      sketch.networks[network].keys["network"] = new
    }
    for vm in sketch.vms.indices {
      for nic in sketch.vms[vm].nics.indices where sketch.vms[vm].nics[nic].keys["network"] == old {
        sketch.vms[vm].nics[nic].keys["network"] = new
      }
    }
  }

  private mutating func renameVM(_ sketch: inout Sketch) {
    guard !sketch.vms.isEmpty else { return }
    let place = random.below(sketch.vms.count)
    sketch.vms[place].keys["was"] = sketch.vms[place].name
    sketch.vms[place].name = fresh("v")
  }

  private mutating func editNIC(_ sketch: inout Sketch) {
    guard !sketch.vms.isEmpty else { return }
    let vm = random.below(sketch.vms.count)
    guard !sketch.vms[vm].nics.isEmpty, !random.chance(10) else {
      sketch.vms[vm].nics.append(nic(sketch, of: sketch.vms[vm]))
      return
    }
    let place = random.below(sketch.vms[vm].nics.count)
    switch random.below(6) {
    case 0: sketch.vms[vm].nics.remove(at: place)
    case 1:
      if sketch.vms[vm].nics[place].keys["network"] != nil, !sketch.networks.isEmpty {
        sketch.vms[vm].nics[place].keys["network"] = random.pick(sketch.networks).name
      }
    case 2:
      sketch.vms[vm].nics[place].keys["was"] = sketch.vms[vm].nics[place].name
      sketch.vms[vm].nics[place].name = fresh("e")
    case 3:
      if let key = sketch.vms[vm].nics[place].keys.keys.sorted().filter({
        !["network", "mode", "limit"].contains($0)
      })
      .randomElement(using: &random) {
        sketch.vms[vm].nics[place].keys[key] = nil
      }
    default: setKey(&sketch.vms[vm].nics[place], of: sketch.vms[vm])
    }
  }
}
