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

  private var id: String { "vnet-\(nic)" }

  /// What the software calls the host's side.
  private var place: String { device?.text ?? "" }

  /// One NIC: arguments for a shell-less command line, or a fragment of the software's own format.
  package var text: String {
    switch vmm {
    case .qemu: qemu
    case .firecracker: firecracker.text(indent: 2)
    case .cloudHypervisor: pci == nil ? "--net " + cloudHypervisor : "--device " + cloudHypervisor
    case .crosvm: pci.map { "--vfio /sys/bus/pci/devices/\($0)" } ?? "--net " + crosvm
    case .libvirt: libvirt
    }
  }

  /// What stands before and after the NICs of a VM in a file of its own.
  package static func file(_ attachments: [Attachment]) -> String {
    guard let vmm = attachments.first?.vmm else { return "" }
    switch vmm {
    case .firecracker:
      return JSON.object([.init("network-interfaces", .array(attachments.map(\.firecracker)))]).text(
        indent: 2) + "\n"
    case .cloudHypervisor:
      // Each option replaces the one before: all NICs are values of one.
      return [
        ("--net", attachments.filter { $0.pci == nil }), ("--device", attachments.filter { $0.pci != nil }),
      ]
      .filter { !$0.1.isEmpty }
      .map { option, items in option + " " + items.map(\.cloudHypervisor).joined(separator: " ") + "\n" }
      .joined()
    default: return attachments.map { $0.text + "\n" }.joined()
    }
  }

  package static func fileExtension(_ vmm: VMM) -> String {
    switch vmm {
    case .firecracker: "json"
    case .libvirt: "xml"
    default: "args"
    }
  }

  /// Why its VM software cannot have it.
  package var refusal: String? {
    if pci != nil, vmm == .firecracker {
      return
        "Firecracker has no device pass-through; `via: macvtap` has none for it either, a bridge with that uplink does"
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

  /// `3`, `3:4`
  private func descriptors(_ separator: String) -> String {
    let first = descriptor ?? Attachment.firstDescriptor
    return (first..<first + queues).map(String.init).joined(separator: separator)
  }

  /// What a shell is to open for it: `3<>/dev/tap7`.
  package var redirections: [String] {
    guard let node, vmm != .libvirt else { return [] }
    let first = descriptor ?? Attachment.firstDescriptor
    return (first..<first + queues).map { "\($0)<>\(node)" }
  }

  /// Behind standard input, output and error.
  package static let firstDescriptor = 3

  private var qemu: String {
    if let pci { return "-device vfio-pci,host=\(pci)" }
    var netdev = "-netdev tap,id=\(id),ifname=\(place),script=no,downscript=no"
    if isMacvtap == true {
      netdev = "-netdev tap,id=\(id)," + (queues > 1 ? "fds=" : "fd=") + descriptors(":")
    }
    if let bridge { netdev = "-netdev bridge,id=\(id),br=\(bridge)" }
    var device = "-device virtio-net-pci,netdev=\(id),mac=\(mac)"
    if let forwards {
      netdev = "-netdev user,id=\(id)" + forwards.flatMap(\.qemu).map { ",hostfwd=\($0)" }.joined()
    }
    if let socket {
      // Its parser takes two commas for one.
      let path = socket.replacing(",", with: ",,")
      netdev =
        isSwitch == true
        ? "-netdev vde,id=\(id),sock=\(path)"
          + (socketGroup.map { ",group=\($0),mode=\(VDESwitch.plugMode)" } ?? "")
        : "-netdev stream,id=\(id),server=off,addr.type=unix,addr.path=\(path)"
    }
    if queues > 1 {
      if isMacvtap != true { netdev += ",queues=\(queues)" }
      // One vector for each queue's two rings, one for control, one for configuration.
      device += ",mq=on,vectors=\(2 * queues + 2)"
    }
    if mtu != 1500 { device += ",host_mtu=\(mtu)" }
    return netdev + " " + device
  }

  /// `NetworkInterface` of Firecracker's API.
  private var firecracker: JSON {
    .object([
      .init("iface_id", .string(nic)), .init("guest_mac", .string(mac.description)),
      .init("host_dev_name", .string(place)),
    ])
  }

  private var cloudHypervisor: String {
    if let pci { return "path=/sys/bus/pci/devices/\(pci)/" }
    var text = "tap=\(place),mac=\(mac)"
    if isMacvtap == true {
      text = "fd=" + (queues > 1 ? "[\(descriptors(","))]" : descriptors("")) + ",mac=\(mac)"
    }
    if queues > 1 { text += ",num_queues=\(2 * queues)" }
    if mtu != 1500 { text += ",mtu=\(mtu)" }
    return text
  }

  private var crosvm: String {
    (isMacvtap == true ? "tap-fd=\(descriptors(""))" : "tap-name=\(place)") + ",mac=\(mac)"
      + (queues > 1 ? ",vq-pairs=\(queues)" : "")
  }

  private var libvirt: String {
    if let pci { return hostDevice(pci) }
    let type = forwards != nil ? "user" : bridge != nil ? "bridge" : "ethernet"
    var lines = ["<interface type='\(type)'>", "  <mac address='\(mac)'/>"]
    if let bridge {
      lines.append("  <source bridge='\(bridge)'/>")
      if let name = port.flatMap({ PortName($0).name }) { lines.append("  <target dev='\(name)'/>") }
    } else if let forwards {
      // libvirt's own stack in between knows no ports; passt does.
      if !forwards.isEmpty { lines.append("  <backend type='passt'/>") }
      lines += forwards.flatMap(\.libvirt)
    } else {
      lines.append("  <target dev='\(place)' managed='no'/>")
    }
    lines.append("  <model type='virtio'/>")
    if queues > 1 { lines.append("  <driver queues='\(queues)'/>") }
    if mtu != 1500 { lines.append("  <mtu size='\(mtu)'/>") }
    return (lines + ["</interface>"]).joined(separator: "\n")
  }
}

extension Attachment {
  /// `managed='no'`: libvirt is to leave the driver alone.
  private func hostDevice(_ pci: String) -> String {
    let parts = pci.split { $0 == ":" || $0 == "." }
    guard parts.count == 4 else { return "" }
    return """
      <hostdev mode='subsystem' type='pci' managed='no'>
        <source>
          <address domain='0x\(parts[0])' bus='0x\(parts[1])' slot='0x\(parts[2])' function='0x\(parts[3])'/>
        </source>
      </hostdev>
      """
  }
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
