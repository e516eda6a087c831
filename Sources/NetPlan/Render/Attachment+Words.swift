// A NIC in the words of each VM software.

extension Attachment {
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

  /// `3`, `3:4`
  private func descriptors(_ separator: String) -> String {
    let first = descriptor ?? Attachment.firstDescriptor
    return (first..<first + queues).map(String.init).joined(separator: separator)
  }

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
