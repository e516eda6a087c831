// Programs that manage interfaces by themselves: what keeps them off those of this file, and who would take them.

extension Composer {
  mutating func keepManagersOff() {
    // To sort ten thousand names takes longer than to see that nobody cares.
    let managers = host.facts.managers ?? []
    let isOfConcern = managers.contains { $0.place == .running || topology.coexist.asks($0.program) }
    let made = isOfConcern ? namesMade : []
    let ports = (Array(uplinks.keys) + stations.keys + given.keys).sorted().compactMap { observed.link($0) }
    for program in InterfaceManager.allCases {
      let facts = managers.first { $0.program == program }
      let id = DropInID(program: program, name: topology.name)
      var wanted: DropIn?
      if topology.coexist.asks(program), let facts {
        if facts.place == .elsewhere {
          noticeElsewhere(program)
        } else {
          wanted = DropIn(id, leavingAlone: program.letsGoOfPorts ? made + ports.map(\.name) : made)
        }
      }
      if let wanted {
        target.want(.dropIn(wanted), because: "coexist")
      } else if observed[.dropIn(id)] != nil {
        target.drop(.dropIn(id), because: "coexist")
      }
      if let facts, facts.place == .running {
        let joining = ports.filter { port in
          stations[port.name].map { observed.link($0) == nil }
            ?? (port.master?.name != uplinks[port.name] || isToBeGiven(port))
        }
        let links = made.compactMap { target.wanted.link($0) }
        noticeTakers(facts, program.letsGoOfPorts ? joining + links : links, wanted)
        if !program.letsGoOfPorts { noticeHardware(facts, joining) }
      }
    }
  }

  private var namesMade: [LinkName] {
    target.wanted.links.compactMap { isOurs($0) ? $0.name : nil }
      .sorted { naturallyPrecedes($0.text, $1.text) }
  }

  private func isToBeGiven(_ link: Link) -> Bool {
    given[link.name] != nil && !hasPassthru(link.name) && !link.isAway
  }

  private mutating func noticeElsewhere(_ program: InterfaceManager) {
    target.risks.append(
      Risk(
        "managed-links", object: program.rawValue,
        "\(program.title) does not run in this network namespace: 'coexist: {\(program.rawValue): unmanaged}' does nothing here",
        refusable: false))
  }

  private mutating func noticeTakers(_ facts: ManagerFacts, _ interfaces: [Link], _ wanted: DropIn?) {
    let program = facts.program
    let ours = wanted.map { program.reduced($0.id.path, $0.text) }
    let files = program.counting(facts.files + (ours.map { [$0] } ?? []))
    var takers: [InterfaceManager.Taker: [LinkName]] = [:]
    for link in interfaces {
      if let taker = program.taker(of: link, files) { takers[taker, default: []].append(link.name) }
    }
    for (taker, links) in takers {
      let path = if case .file(let path) = taker { path } else { String?.none }
      let names =
        links.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
        + (links.count > 3 ? " and \(links.count - 3) more" : "")
      target.risks.append(
        Risk(
          "managed-links", object: path ?? program.rawValue,
          "\(program.title) would manage \(names)\(path.map { ", by \($0)" } ?? "")", refusable: false,
          remedy: wanted.map { remedy(links, $0, path) } ?? "coexist: {\(program.rawValue): unmanaged}"))
    }
  }

  /// Hardware that a program would go on managing as a port, and that it takes down where a file tells it not to.
  private mutating func noticeHardware(_ facts: ManagerFacts, _ ports: [Link]) {
    for port in ports where facts.program.taker(of: port, facts.files) != nil {
      target.risks.append(
        Risk(
          "managed-links", object: ObjectID.link(port.name).description,
          "\(facts.program.title) would go on managing '\(port.name)'", refusable: false,
          remedy: "nmcli device set \(port.name) managed no"))
    }
  }

  /// Why a file of ours is of no avail.
  private func remedy(_ links: [LinkName], _ ours: DropIn, _ path: String?) -> String {
    if links.contains(where: { !$0.isPlain }) {
      return "its name has letters that mean something else there: name it in a file by hand"
    }
    let shadow = ours.id.program.folders[0] + "/" + ours.id.fileName
    if let facts = host.facts.managers?.first(where: { $0.program == ours.id.program }),
      facts.files.contains(where: { $0.path == shadow })
    {
      return "remove \(shadow), which takes the place of \(ours.id.path)"
    }
    if let path { return "give \(path) a name that comes after \(ours.id.fileName)" }
    return "let files in /etc/NetworkManager say 'unmanaged-devices+=', not '=', and except none of these"
  }
}

extension InterfaceManager {
  /// An interface that a file begins to except only loses what the program gave it (`link_reconfigure_impl`,
  /// src/network/networkd-link.c of systemd). NetworkManager takes it down (seen with 1.42), and with it the bridge's way
  /// out.
  fileprivate var letsGoOfPorts: Bool { self == .networkd }
}

extension Coexist {
  fileprivate func asks(_ program: InterfaceManager) -> Bool {
    program == .networkd ? networkdUnmanaged : networkManagerUnmanaged
  }
}
