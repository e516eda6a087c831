import NetPlan

/// A configuration in outline, which can be written, changed at random and made smaller.
struct Sketch: Sendable, Equatable {
  struct Network: Sendable, Equatable {
    var name: String
    var keys: [String: String] = [:]
  }

  struct NIC: Sendable, Equatable {
    var name: String
    var keys: [String: String] = [:]
  }

  struct VM: Sendable, Equatable {
    var name: String
    var keys: [String: String] = [:]
    var nics: [NIC] = []
  }

  var coexist: [String: String] = [:]
  var networks: [Network] = []
  var vms: [VM] = []
  /// Programs that are to leave interfaces alone.
  var unmanaged: [InterfaceManager] = []

  /// As a file, in flow style: one line an object.
  var text: String {
    func mapping(_ keys: [String: String]) -> String {
      "{" + keys.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
    }
    var out = "name: lab\n"
    var coexist = self.coexist
    for program in unmanaged { coexist[program.rawValue] = "unmanaged" }
    if !coexist.isEmpty { out += "coexist: \(mapping(coexist))\n" }
    if !networks.isEmpty { out += "networks:\n" }
    for network in networks { out += "  \(network.name): \(mapping(network.keys))\n" }
    if !vms.isEmpty { out += "vms:\n" }
    for vm in vms {
      out += "  \(vm.name):\n"
      for (key, value) in vm.keys.sorted(by: { $0.key < $1.key }) { out += "    \(key): \(value)\n" }
      out += vm.nics.isEmpty ? "    nics: {}\n" : "    nics:\n"
      for nic in vm.nics { out += "      \(nic.name): \(mapping(nic.keys))\n" }
    }
    return out
  }

  /// nil where the configuration is not sound in itself.
  var topology: Topology? {
    let seed = Seed(machineID: "0123456789abcdef0123456789abcdef")
    return try? Configuration.load([SourceFile(path: "lab.conf", text: text)], defaultName: "lab", seed: seed)
      .topology
  }

  /// This sketch with one thing left out, in every way.
  var smaller: [Sketch] {
    var list: [Sketch] = []
    func without(_ change: (inout Sketch) -> Void) {
      var copy = self
      change(&copy)
      list.append(copy)
    }
    for program in unmanaged { without { $0.unmanaged.removeAll { $0 == program } } }
    for key in coexist.keys { without { $0.coexist[key] = nil } }
    for network in networks.indices {
      without { $0.networks.remove(at: network) }
      for key in networks[network].keys.keys { without { $0.networks[network].keys[key] = nil } }
    }
    for vm in vms.indices {
      without { $0.vms.remove(at: vm) }
      for key in vms[vm].keys.keys { without { $0.vms[vm].keys[key] = nil } }
      for nic in vms[vm].nics.indices {
        without { $0.vms[vm].nics.remove(at: nic) }
        for key in vms[vm].nics[nic].keys.keys { without { $0.vms[vm].nics[nic].keys[key] = nil } }
      }
    }
    return list
  }
}
