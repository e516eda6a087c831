internal import ArgumentParser
internal import NetPlan

struct Attach: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "attach", abstract: "The exact arguments or fragment by which VM software uses a NIC.")

  @Argument(help: ArgumentHelp("VM or VM/NIC.", valueName: "vm[/nic]")) var parts: [String] = []
  @Option(
    name: [.customShort("c"), .customLong("config")], help: ArgumentHelp("The file.", valueName: "config"))
  var paths: [String] = []
  @Option(
    help: ArgumentHelp(
      "The name of an applied configuration, where several have such a VM.", valueName: "name"))
  var name: String?
  @Option(
    help: ArgumentHelp("qemu, firecracker, cloud-hypervisor, crosvm or libvirt.", valueName: "software"))
  var vmm: VMM?
  @Flag(help: "All VMs.") var all = false
  @Option(name: .customLong("out"), help: ArgumentHelp("One file per VM into this folder.", valueName: "dir"))
  var folder: String?
  @OptionGroup var options: GlobalOptions

  func validate() throws {
    if all == !parts.isEmpty { throw ValidationError(all ? "--all takes no VM" : "name a VM, or say --all") }
    if !paths.isEmpty, name != nil {
      throw ValidationError("-c CONFIG or --name NAME of one that is applied, not both")
    }
  }

  func run() throws {
    let loaded = paths.isEmpty ? nil : try Loading.load(paths, machineID: try Files.machineID)
    var session =
      if let loaded { try Session.open(options, for: loaded.topology) } else {
        try Session.open(options, of: name)
      }
    let attachments =
      if let topology = loaded?.topology {
        Attachments(topology, target(of: topology, on: try session.observe(for: topology)))
      } else {
        try session.attachments(of: try name ?? session.nameOwning(parts))
      }
    for part in all ? attachments.vms : parts {
      do {
        let list = try attachments.find(part, vmm: vmm) { session.host.node(of: $0) }
        try show(part, list)
      } catch let error as Attachments.Failure {
        Output.error("error: \(error)")
        throw Exit.invalid
      }
    }
  }

  private func show(_ part: String, _ list: [Attachment]) throws {
    guard let folder else {
      Output.result(Attachment.file(list))
      for hint in list.compactMap(\.hint) + Set(list.compactMap(\.softwareHint)).sorted() {
        Output.error(hint)
      }
      // A shell takes no redirection out of what a command printed.
      let open = list.flatMap(\.redirections)
      if !open.isEmpty {
        Output.error("behind the command, so that it has them open: " + open.joined(separator: " "))
      }
      return
    }
    let name = part.replacing("/", with: "-") + "." + Attachment.fileExtension(list[0].vmm)
    try Files.write(Attachment.file(list), to: "\(folder)/\(name)", creatingFolder: folder)
  }
}

extension VMM: ExpressibleByArgument {}
