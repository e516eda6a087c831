// Virtual functions of hardware NICs (SR-IOV): the host keeps the NIC and a guest has a part of it.

extension Composer {
  /// A NIC of the file that is a virtual function.
  struct Division {
    var nic: NIC
    var vm: VM
    var path: String
    /// The hardware that has it.
    var hardware: Link
    var number: Int?
  }

  mutating func addFunction(_ nic: NIC, of vm: VM, _ path: String) {
    let place = "\(path).hardware"
    guard let reference = nic.hardware, let hardware = find(reference, place),
      canBeDivided(hardware, at: reference.position, place), isFirstNamespace(at: nic.position, path)
    else { return }
    let present = observed.functions.first { $0.id.link == hardware.name && isHeld($0, by: nic, path) }
    divisions.append(
      Division(nic: nic, vm: vm, path: path, hardware: hardware, number: nic.vf ?? present?.id.number))
  }

  /// Whether it is what a NIC has by now.
  private func isHeld(_ function: VirtualFunction, by nic: NIC, _ path: String) -> Bool {
    let isAway = observed.formers.contains { former in
      former.movedPath == path
        && (former.function == function.id || former.set == function.device || function.mac == nic.mac)
    }
    if isAway || owned[Composer.lower(path)]?.facts?.function == function.id { return true }
    return function.interface != nil && owned[path]?.macvtap.link == function.interface
  }

  /// Where the interface of a function below a macvtap stands in the configuration.
  static func lower(_ path: String) -> String { path + ".vf" }

  private mutating func canBeDivided(_ hardware: Link, at position: SourcePosition?, _ path: String) -> Bool {
    if let place = hardware.whereabouts {
      conflict(position, path, "'\(hardware.name)' is \(place)", hint: "apply without it first")
      return false
    }
    guard hardware.facts?.functionRoom != nil else {
      lacking(
        position, path, "'\(hardware.name)' can have no virtual functions",
        hint: "name a NIC with SR-IOV, which some firmware has to be told to offer; 'via: macvtap' needs none"
      )
      return false
    }
    return true
  }

  // MARK: All together

  /// Numbers that the file names first, then those that NICs have, then what is free.
  mutating func divide() {
    let all = Dictionary(grouping: divisions, by: \.hardware.name)
    for (name, divisions) in all.sorted(by: { $0.key < $1.key }) {
      let hardware = divisions[0].hardware
      var taken: [Int: String] = [:]
      var settled: [Division] = []
      for division in divisions.filter({ $0.nic.vf != nil }) + divisions.filter({ $0.nic.vf == nil }) {
        var division = division
        if division.nic.vf == nil, division.number.map({ taken[$0] != nil }) ?? true {
          division.number = firstFree(of: hardware, taken)
        }
        let place = "\(division.path).vf"
        let position = division.nic.written["vf"] ?? division.nic.position
        guard let number = division.number else {
          lacking(
            position, place, "'\(name)' has \(hardware.functions ?? 0) virtual functions, and all are in use",
            hint: more(of: hardware))
          continue
        }
        if let other = taken[number] {
          conflict(
            position, place, "VF \(number) of '\(name)' is given to \(other) already",
            hint: "write another number, or leave 'vf' out")
          continue
        }
        taken[number] = division.nic.id
        settled.append(division)
      }
      guard let most = taken.keys.max(), canHave(most + 1, hardware, settled) else { continue }
      let reason = settled.map(\.path).min()!
      hold(name, "vfs", max(most + 1, hardware.functions ?? 0).json, because: reason)
      // Functions of hardware that is down have no link, and some drivers refuse them altogether.
      hold(name, "up", true.json, because: reason)
      if hardware.functions == 0 {
        target.interruptions[.link(name), default: []].append(
          "its driver starts it anew: traffic of the host through '\(name)' for some seconds")
      }
      divided.insert(name)
      for division in settled { give(division) }
    }
  }

  /// Of functions that are there, one that nobody uses; of those to be, the next.
  private func firstFree(of hardware: Link, _ taken: [Int: String]) -> Int? {
    let count = hardware.functions ?? 0
    if count == 0 { return (0..<(hardware.facts?.functionRoom?.total ?? 0)).first { taken[$0] == nil } }
    return (0..<count).first { number in
      taken[number] == nil
        && observed[.function(FunctionID(link: hardware.name, number: number))]?.function.map(isIdle) ?? true
    }
  }

  /// Nobody drives it, or its interface is the host's and unused.
  private func isIdle(_ function: VirtualFunction) -> Bool {
    guard function.driver != nil else { return true }
    guard let link = function.interface.flatMap(observed.link) else { return false }
    return link.up != true && link.owner == nil && link.master == Link.Master.none
      && !observed.addresses.contains { $0.link == link.name }
  }

  private mutating func canHave(_ count: Int, _ hardware: Link, _ divisions: [Division]) -> Bool {
    let total = hardware.facts?.functionRoom?.total ?? 0
    let last = divisions.max { $0.number ?? 0 < $1.number ?? 0 }!
    let place = "\(last.path).vf"
    let position = last.nic.written["vf"] ?? last.nic.position
    if count > total {
      lacking(
        position, place, "'\(hardware.name)' can have \(total) virtual functions, 0 to \(total - 1)",
        hint: "write a lower number, or spread the VMs over more NICs")
      return false
    }
    guard let now = hardware.functions, now > 0, now < count else { return true }
    lacking(
      position, place, "'\(hardware.name)' has \(now) virtual functions, and this needs \(count)",
      hint: more(of: hardware))
    return false
  }

  private func more(of hardware: Link) -> String {
    "the kernel can only make all of them anew: end the VMs that have one and apply without them first; a NIC with 'vf: N' leaves room for N + 1 from the start"
  }

  // MARK: Giving back

  /// Hardware that has functions for this configuration by now.
  var dividedBefore: [LinkName] {
    observed.formers.compactMap { former in
      former.id.attribute == "vfs" && former.users.contains(topology.name) ? former.link : nil
    }
  }

  /// Whether hardware can be as undivided as it was: nobody else has a function of it.
  func canBeUndivided(_ hardware: LinkName) -> Bool {
    observed.functions.filter { $0.id.link == hardware }.allSatisfy { function in
      isIdle(function) || isOurs(function.id)
        || function.interface.flatMap(observed.link).map(isOurs) ?? false
    }
  }

  mutating func restoreFunction(_ id: FunctionID, _ former: Former, because reason: String) {
    guard let function = observed[.function(id)]?.function,
      function.json[former.id.attribute]?.text() == former.set,
      target.wanted.link(id.link)?.functions != 0,
      let value = try? JSON(parsing: Array(former.value.utf8))
    else { return }
    var wanted = target.wanted[.function(id)]?.function ?? VirtualFunction(id: id)
    _ = VirtualFunction.fields.first { $0.name == former.id.attribute }?.set(&wanted, value)
    target.want(.function(wanted), because: reason)
  }
}
