internal import ArgumentParser
internal import NetPlan

struct Attach: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "The exact arguments or fragment by which VM software uses a NIC.")

  @Argument(help: ArgumentHelp("VM or VM/NIC.", valueName: "vm[/nic]")) var parts: [String] = []
  @Option(
    name: [.customShort("c"), .customLong("config")],
    help: ArgumentHelp("The configuration.", valueName: "config"))
  var paths: [String]
  @Option(
    help: ArgumentHelp("qemu, firecracker, cloud-hypervisor, crosvm or libvirt.", valueName: "software"))
  var vmm: VMM?
  @Flag(help: "All VMs.") var all = false
  @Option(name: .customLong("out"), help: ArgumentHelp("One file per VM into this folder.", valueName: "dir"))
  var folder: String?
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if all == !parts.isEmpty { throw ValidationError(all ? "--all takes no VM" : "name a VM, or say --all") }
  }

  func run() throws {
    let loaded = try Loading.load(paths, machineID: Files.machineID)
    var session = try Session.open(options)
    let attachments = Attachments(loaded.topology, try session.observe(for: loaded.topology), vmm: vmm)
    let vms = all ? loaded.topology.vms.map(\.name) : parts
    for part in vms {
      let list: [Attachment]
      do {
        list = try attachments.find(part)
      } catch {
        Output.error("error: \(error)")
        throw Exit.invalid
      }
      guard let folder else {
        Output.result(Attachment.file(list))
        for hint in list.compactMap(\.guestHint) { Output.error(hint) }
        continue
      }
      guard let vmm = list.first?.vmm else { continue }
      let file = "\(folder)/\(part.replacing("/", with: "-")).\(Attachment.fileExtension(vmm))"
      try Files.write(Attachment.file(list), to: file)
    }
  }
}

extension VMM: ExpressibleByArgument {}
