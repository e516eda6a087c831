internal import Glibc
internal import Netlink

// Virtual functions: netlink and sysfs → model, change → requests.

extension LinuxHost {
  /// What hardware among these links has of virtual functions, and can have.
  ///
  /// To list them is asked of none that has none: sysfs says so at once.
  mutating func observeFunctions(of messages: [LinkMessage], _ state: inout State) throws(NetlinkError) {
    for message in messages where message.parentBus == "pci" {
      guard let address = message.parentDevice, let name = message.name.map(LinkName.init(kernel:)) else {
        continue
      }
      do throws(HostError) {
        try observeFunctions(of: name, PCIDevice(address: address), &state)
      } catch {
        throw NetlinkError(operation: error.operation, errno: error.errno, message: error.message)
      }
    }
  }

  private mutating func observeFunctions(
    of name: LinkName, _ hardware: PCIDevice, _ state: inout State
  ) throws(HostError) {
    guard let room = try hardware.functionRoom, var link = state.link(name) else { return }
    try link.readFunctions(of: hardware)
    link.facts = link.facts ?? LinkFacts()
    link.facts?.functionRoom = room
    state.insert(.link(link))
    guard link.functions ?? 0 > 0 else { return }
    for message in try messages(ofFunctionsOf: name) {
      var function = VirtualFunction(message, of: name)
      let device = hardware.function(function.id.number)
      function.device = device?.address
      function.driver = device?.driver
      if let interface = try device?.interface, var own = state.link(interface),
        own.facts?.parentDevice == device?.address
      {
        function.interface = interface
        own.facts?.function = function.id
        state.insert(.link(own))
      }
      state.insert(.function(function))
    }
  }

  private mutating func messages(
    ofFunctionsOf name: LinkName
  ) throws(HostError) -> [VirtualFunctionMessage] {
    do throws(NetlinkError) {
      return try socket.functions(of: name.text)
    } catch {
      throw HostError(error)
    }
  }

  /// Another number of them; the kernel goes from one to another by none only (`sriov_numvfs_store`,
  /// drivers/pci/pci-sysfs.c), with which all go.
  mutating func divide(_ before: Link, into count: Int) -> StepOutcome {
    do throws(HostError) {
      try device(of: before).setFunctionCount(count)
      if count > 0, before.up == true { awaitLink(of: before.name) }
      return .done
    } catch {
      return .unknown(error)
    }
  }

  /// It ends with the step that makes functions, whatever became of that; this is for what a run that was killed there has left.
  func offerFunctions(of link: Link, _ isOn: Bool) -> StepOutcome {
    do throws(HostError) {
      try device(of: link).offerFunctions(isOn)
      return .done
    } catch {
      return .unknown(error)
    }
  }

  private func device(of hardware: Link) throws(HostError) -> PCIDevice {
    guard let address = hardware.facts?.parentDevice else {
      throw HostError(
        operation: "find the device of \(hardware.name)", errno: ENODEV, message: "it is on no PCI")
    }
    return PCIDevice(address: address)
  }

  /// Its driver has started it anew, and without a link refuses some settings of functions: igb any rate
  /// (`igb_ndo_set_vf_bw`). Where no cable is in, there is none to wait for, and they are tried all the same.
  private mutating func awaitLink(of name: LinkName) {
    for _ in 0..<100 {
      if let message = try? socket.link(named: name.text), message.carrier == true { return }
      usleep(100_000)
    }
  }

  // MARK: Interfaces and devices of functions that had none

  /// The function's interface, or its device for user space.
  mutating func bind(_ link: Link, _ function: FunctionID) -> StepOutcome {
    links.forget(link.name)
    do throws(HostError) {
      let device = try device(of: function)
      if let address = link.vfio {
        guard device.address == address else {
          throw HostError(
            operation: "find vf \(function.number) of \(function.link)", errno: 0,
            message: "it is \(device.address), and was expected to be \(address)",
            hint: "make the functions beforehand: echo N >/sys/class/net/\(function.link)/device/sriov_numvfs"
          )
        }
        try device.assign(to: link.tap)
        return .done
      }
      return try rename(try device.bind(), to: link.name)
    } catch {
      return .unknown(error)
    }
  }

  /// Nobody's again, and without a driver, as it was when it came to be.
  mutating func unbind(_ link: Link, _ function: FunctionID) -> StepOutcome {
    links.forget(link.name)
    do throws(HostError) {
      try device(of: function).release()
      return .done
    } catch {
      // With the hardware's functions it has gone already.
      return error.errno == ENODEV ? .done : .unknown(error)
    }
  }

  private mutating func device(of function: FunctionID) throws(HostError) -> PCIDevice {
    do throws(NetlinkError) {
      let message = try socket.link(named: function.link.text)
      if let address = message.parentDevice,
        let device = PCIDevice(address: address).function(function.number)
      {
        return device
      }
    } catch {
      throw HostError(error)
    }
    throw HostError(
      operation: "find vf \(function.number) of \(function.link)", errno: ENODEV, message: "there is none")
  }
}

extension Link {
  /// What sysfs says of its functions, in whatever namespace its interface is.
  mutating func readFunctions(of device: PCIDevice) throws(HostError) {
    functions = try device.functionCount
    offersFunctions = try device.offersFunctions
  }
}

extension VirtualFunction {
  init(_ message: VirtualFunctionMessage, of link: LinkName) {
    self.init(id: FunctionID(link: link, number: Int(message.number)))
    mac = MACAddress(message.address)
    vlan = message.vlan.map(Int.init)
    qos = message.qos.map(Int.init)
    spoofCheck = message.checksSpoofing
    trust = message.isTrusted
    linkState = message.linkState.flatMap(LinkState.init(number:))
    maxRate = message.maxRate.map(Int.init)
    minRate = message.minRate.map(Int.init)
  }
}

extension LinkState {
  /// `IFLA_VF_LINK_STATE_*` of linux/if_link.h
  fileprivate init?(number: UInt32) {
    guard let state = LinkState.allCases.first(where: { $0.number == number }) else { return nil }
    self = state
  }

  fileprivate var number: UInt32 {
    switch self {
    case .auto: 0
    case .enable: 1
    case .disable: 2
    }
  }
}

extension Netlink.Batch {
  /// A request a setting, so that the one which the driver refuses is known by name. They come and go with their hardware.
  mutating func add(_ before: VirtualFunction?, _ after: VirtualFunction?) {
    guard let after else { return }
    func set(_ name: String, _ isNew: Bool, _ fill: (inout VirtualFunctionMessage) -> Void) {
      guard isNew else { return }
      var function = VirtualFunctionMessage(number: UInt32(after.id.number))
      fill(&function)
      var message = LinkMessage(name: after.id.link.text)
      message.functions = [function]
      add("set \(name) of vf \(after.id.number) of \(after.id.link)", .change, message)
    }
    set("mac", after.mac != nil && after.mac != before?.mac) { $0.address = after.mac?.netlink }
    let isTagged = (after.vlan ?? before?.vlan, after.qos ?? before?.qos)
    set("vlan", isTagged != (before?.vlan, before?.qos)) {
      ($0.vlan, $0.qos) = (UInt32(isTagged.0 ?? 0), UInt32(isTagged.1 ?? 0))
    }
    set("spoofchk", after.spoofCheck != nil && after.spoofCheck != before?.spoofCheck) {
      $0.checksSpoofing = after.spoofCheck
    }
    set("trust", after.trust != nil && after.trust != before?.trust) { $0.isTrusted = after.trust }
    set("state", after.linkState != nil && after.linkState != before?.linkState) {
      $0.linkState = after.linkState?.number
    }
    set("max_tx_rate", after.maxRate != nil && after.maxRate != before?.maxRate) {
      $0.maxRate = UInt32(after.maxRate ?? 0)
      $0.minRate = UInt32(after.minRate ?? before?.minRate ?? 0)
    }
  }
}
