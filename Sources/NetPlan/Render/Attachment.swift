/// What VM software needs to be told so that it uses a NIC, in its own words.
package struct Attachment: Described, JSONRepresentable {
  package var vm: String
  package var nic: String
  package var vmm: VMM
  /// Name of the host-side interface; nil where the VM software speaks for the guest itself.
  package var device: LinkName?
  /// The PCI device itself, which is the guest's by VFIO: `0000:03:00.0`.
  package var pci: String?
  /// It is a macvtap, which is opened by its device node and handed over as a descriptor.
  package var isMacvtap: Bool?
  /// That node on this host.
  package var node: String?
  /// The first of its descriptors, one for each queue.
  package var descriptor: Int?
  /// Then the ports of the host at which it listens for the guest.
  package var forwards: [HostForward]?
  /// Where the program of ours that speaks for the guest waits for the VM software.
  package var socket: String?
  /// That is a switch, which has the device.
  package var isSwitch: Bool?
  /// The group in which its own socket has to be, where the switch is another user's.
  package var socketGroup: UInt32?
  /// The guest's.
  package var mac: MACAddress
  package var mtu: Int
  package var queues: Int
  /// The network namespace in which the device is, and the software has to run.
  package var netns: String?
  /// The bridge on which its software puts a port that it makes itself.
  package var bridge: LinkName?
  /// What it calls the port: `vnet*`, or a whole name that it is told.
  package var port: String?
  /// How the guest reaches the world through a routed TAP, where nothing tells it by DHCP.
  package var hint: String?

  package static let fields: [Field<Attachment>] = [
    .always("vm", \.vm),
    .always("nic", \.nic),
    .always("vmm", \.vmm),
    .open("device", \.device),
    .always("mac", \.mac),
    .always("mtu", \.mtu),
    .always("queues", \.queues),
    .open("netns", \.netns),
    .open("hint", \.hint),
    .open("forwards", \.forwards),
    .open("pci", \.pci),
    .open("macvtap", \.isMacvtap),
    .open("socket", \.socket),
    .open("switch", \.isSwitch),
    .open("socket-group", \.socketGroup),
    .open("bridge", \.bridge),
    .open("port", \.port),
  ]

  package static var blank: Attachment {
    Attachment(
      vm: "", nic: "", vmm: .qemu, device: nil, mac: MACAddress(bits: 0), mtu: 1500, queues: 1)
  }

  /// Why its VM software cannot have it.
  package var refusal: String? {
    if pci != nil, vmm == .firecracker {
      return "Firecracker has no device pass-through; it can have a TAP on a network with that uplink"
    }
    if let netns, vmm == .libvirt {
      return "libvirt starts its VMs in the host's own network namespace, not in '\(netns)'"
    }
    if isSwitch == true, vmm.kinds.isDisjoint(with: .switched) {
      return "\(vmm.rawValue) has no VDE; `via: tap` has the same TAP for it, without a switch"
    }
    if socket != nil, vmm.kinds.isDisjoint(with: .passt) {
      return vmm == .libvirt
        ? "libvirt connects to no passt that is running, and starts its own: `via: user` gives it one"
        : "\(vmm.rawValue) cannot connect to passt; a network with `nat` has TAPs for it"
    }
    if bridge != nil {
      if vmm == .qemu || vmm == .libvirt { return nil }
      return "\(vmm.rawValue) puts no TAP on a bridge: `via: bridge` makes one there for it"
    }
    if isMacvtap == true {
      switch vmm {
      case .firecracker:
        return
          "Firecracker opens /dev/net/tun itself and takes no open device, so it cannot have a macvtap; 'via: bridge' on a network with that uplink does the same"
      case .crosvm where queues > 1:
        return "crosvm takes one descriptor, which is one queue of a macvtap; the NIC has \(queues)"
      default:
        return vmm != .libvirt && node == nil ? "its device node /dev/tapN is there once it is applied" : nil
      }
    }
    guard forwards != nil, vmm.kinds.isDisjoint(with: .user) else { return nil }
    return
      "\(vmm.rawValue) has no network of its own to share the host's address by; a network with `nat` does"
  }

  /// What the software needs besides: where it has to run, if not in the host's own namespace, and as whom.
  package var softwareHint: String? {
    if bridge != nil, vmm == .qemu {
      return
        "QEMU starts qemu-bridge-helper, which has to be root's: as root, or once chmod u+s /usr/lib/qemu/qemu-bridge-helper"
    }
    return netns.map { name in
      "in its network namespace: ip netns exec \(name) …"
        + (vmm == .firecracker ? ", or jailer --netns \(Netns.path(named: name)) …" : "")
    }
  }

  /// What a shell is to open for it: `3<>/dev/tap7`.
  package var redirections: [String] {
    guard let node, vmm != .libvirt else { return [] }
    let first = descriptor ?? Attachment.firstDescriptor
    return (first..<first + queues).map { "\($0)<>\(node)" }
  }

  /// Behind standard input, output and error.
  package static let firstDescriptor = 3
}

extension NIC {
  /// What to type in the guest of a routed TAP.
  package var guestHint: String? {
    guard mode == .tap, !addresses.isEmpty else { return nil }
    let guests = innerAddresses.isEmpty ? addresses.map(\.value) : innerAddresses
    let lines = hostAddresses.compactMap { host -> String? in
      let own = guests.filter { $0.family == host.family }
      guard !own.isEmpty else { return nil }
      let family = host.family == .ipv4 ? "ip" : "ip -6"
      return own.map { "\(family) address add \($0) dev eth0; " }.joined()
        + "\(family) route add default via \(host.address) dev eth0 onlink"
    }
    return lines.isEmpty ? nil : "in the guest: " + lines.joined(separator: "\n              ")
  }
}

extension VMM: JSONRepresentable {}
