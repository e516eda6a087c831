import NetPlan
import Testing

/// Which interfaces programs would take, by files like those that people have.
@Suite("Programs that manage interfaces by themselves")
struct ManagerTests {
  private static let text = """
    name: lab
    networks: {lab: {}, office: {uplink: eth0}}
    vms: {web: {nics: {eth0: {network: lab}}}}

    """

  /// What is said of interfaces of the file where a program runs with these files.
  private func notices(
    _ program: InterfaceManager, _ files: [(String, String)], coexist: String = "",
    place: ManagerFacts.Place = .running
  ) throws -> [Risk] {
    var kernel = RandomHost.make(1)
    let found = files.map { FoundFile($0.0, $0.1) }
    kernel.managers = [ManagerFacts(program, place, program.configuration(found))]
    let file = SourceFile(path: "lab.conf", text: "\(coexist)\(Self.text)")
    let topology = try Configuration.load([file], defaultName: "lab", seed: Seed(machineID: "m")).topology
    let planner = Planner(topology: topology, host: kernel.observe())
    #expect(planner.target.obstacles.isEmpty)
    return planner.target.risks.filter { $0.name == "managed-links" }
  }

  private func taken(_ program: InterfaceManager, _ files: [(String, String)]) throws -> [String] {
    try notices(program, files).map(\.detail).sorted()
  }

  // MARK: systemd-networkd

  private func networkd(_ match: String, _ rest: String = "[Network]\nDHCP=yes\n") -> [(String, String)] {
    [("/etc/systemd/network/80-x.network", "[Match]\n\(match)\n\(rest)")]
  }

  @Test(
    "networkd takes what a file's conditions all hold for",
    arguments: [
      ("Name=*", "'eth0', 'lab', 'office' and 1 more"),
      ("", "'eth0', 'lab', 'office' and 1 more"),
      ("Name=web-*", "'web-eth0'"),
      ("Name=x web-eth[0-9] y", "'web-eth0'"),
      ("Name=!eth0 lab", "'office', 'web-eth0'"),
      // An alternative name is one, too, and is not in the list.
      ("Name=!web-eth0 eth0 lab", "'office', 'web-eth0'"),
      ("Name=lab.web.*", "'web-eth0'"),
      ("Name=web-*\nName=\nName=la?", "'lab'"),
      ("Type=ether", "'eth0', 'web-eth0'"),
      ("Type=bridge\nName=o*", "'office'"),
      ("Kind=tun", "'web-eth0'"),
      ("Kind=!*", "'eth0'"),
      ("Kind=!tun\nType=!ether", "'lab', 'office'"),
      ("Driver=bridge", "'lab', 'office'"),
      ("; Name=no\n# Name=nor\nName = lab", "'lab'"),
      ("Name=office \\\n  lab", "'lab', 'office'"),
    ])
  func conditions(match: String, links: String) throws {
    try #expect(
      taken(.networkd, networkd(match))
        == ["systemd-networkd would manage \(links), by /etc/systemd/network/80-x.network"])
  }

  @Test(
    "and nothing else",
    arguments: [
      "Name=ethernet", "Name=web", "Name=[a-k]*0x", "Type=wlan", "Kind=bridge\nType=ether", "Name=!*",
      "Name=*\nProperty=ID_X=1", "Name=*\nMACAddress=02:00:00:00:00:01", "Driver=virtio_net",
    ])
  func others(match: String) throws {
    try #expect(taken(.networkd, networkd(match)).isEmpty)
  }

  @Test("the first file that matches decides, by its name; `Unmanaged=yes` in it leaves the interface alone")
  func first() throws {
    let files = [
      ("/etc/systemd/network/80-all.network", "[Match]\nName=*\n[Network]\nDHCP=yes\n"),
      ("/run/systemd/network/10-mine.network", "[Match]\nName=lab web-*\n[Link]\nUnmanaged=yes\n"),
      ("/usr/lib/systemd/network/20-office.network", "[Match]\nName=office\n"),
    ]
    try #expect(
      taken(.networkd, files) == [
        "systemd-networkd would manage 'eth0', by /etc/systemd/network/80-all.network",
        "systemd-networkd would manage 'office', by /usr/lib/systemd/network/20-office.network",
      ])
  }

  @Test(
    "of files of one name the one in /etc counts, then /run, then /usr/local, then /usr; an empty one takes the others away"
  )
  func folders() throws {
    let all = "[Match]\nName=*\n"
    let shipped = ("/usr/lib/systemd/network/80-x.network", all)
    try #expect(taken(.networkd, [shipped]).count == 1)
    for folder in ["/etc/systemd/network", "/run/systemd/network", "/usr/local/lib/systemd/network"] {
      try #expect(taken(.networkd, [shipped, ("\(folder)/80-x.network", "")]).isEmpty)
      try #expect(taken(.networkd, [shipped, ("\(folder)/80-x.network", "[Match]\nName=y\n")]).isEmpty)
      try #expect(taken(.networkd, [shipped, ("\(folder)/80-y.network", "")]).count == 1)
    }
  }

  @Test("what is in NAME.network.d comes after NAME.network")
  func additions() throws {
    let file = ("/usr/lib/systemd/network/80-x.network", "[Match]\nName=*\n")
    let more = "/etc/systemd/network/80-x.network.d/50.conf"
    try #expect(taken(.networkd, [file, (more, "[Match]\nName=\nName=y\n")]).isEmpty)
    try #expect(taken(.networkd, [file, (more, "[Link]\nUnmanaged=yes\n")]).isEmpty)
    let masked = ("/run/systemd/network/80-x.network.d/50.conf", "[Link]\nUnmanaged=yes\n")
    try #expect(taken(.networkd, [file, masked, (more, "[Link]\nUnmanaged=no\n")]).count == 1)
  }

  @Test("files as Debian ships them take nothing of ours")
  func shipped() throws {
    let files = [
      ("80-6rd-tunnel", "[Match]\nName=6rd-*\n"),
      ("80-container-host0", "[Match]\nVirtualization=container\nName=host0\n"),
      ("80-container-vb", "[Match]\nName=vb-*\nDriver=bridge\n"),
      ("80-container-ve", "[Match]\nName=ve-*\nDriver=veth\n"),
      ("80-vm-vt", "[Match]\nName=vt-*\nDriver=tun\n"),
      ("80-wifi-adhoc", "[Match]\nType=wlan\nWLANInterfaceType=ad-hoc\n"),
    ].map { ("/usr/lib/systemd/network/\($0.0).network", $0.1) }
    try #expect(taken(.networkd, files).isEmpty)
  }

  // MARK: NetworkManager

  private func manager(_ lines: String) -> [(String, String)] {
    [("/etc/NetworkManager/conf.d/x.conf", lines)]
  }

  @Test("NetworkManager takes every interface that no file excepts")
  func habit() throws {
    let all = [
      "NetworkManager would go on managing 'eth0'", "NetworkManager would manage 'lab', 'office', 'web-eth0'",
    ]
    try #expect(taken(.networkManager, []) == all)
    try #expect(
      taken(.networkManager, [("/etc/NetworkManager/NetworkManager.conf", "[main]\nplugins=keyfile\n")])
        == all)
  }

  @Test(
    "but what `unmanaged-devices` or a device's section says",
    arguments: [
      ("[keyfile]\nunmanaged-devices=*", ""),
      ("[keyfile]\nunmanaged-devices=*,except:type:wifi,except:type:gsm", ""),
      ("[keyfile]\nunmanaged-devices=except:type:ethernet", "eth0"),
      ("[keyfile]\nunmanaged-devices=lab;office", "eth0 web-eth0"),
      ("[keyfile]\nunmanaged-devices=interface-name:web-*;type:bridge", "eth0"),
      ("[keyfile]\nunmanaged-devices=interface-name:=web-*;driver:bridge", "eth0 web-eth0"),
      ("[keyfile]\nunmanaged-devices=interface-name:~web-eth?,type:bridge", "eth0"),
      ("[keyfile]\nunmanaged-devices=type:tun\nunmanaged-devices=type:bridge", "eth0 web-eth0"),
      ("[keyfile]\nunmanaged-devices=type:tun\nunmanaged-devices+=type:bridge", "eth0"),
      ("[keyfile]\nunmanaged-devices=*,except:interface-name:lab", "lab"),
      ("[device-a]\nmatch-device=type:bridge\nmanaged=0", "eth0 web-eth0"),
      ("[device]\nmanaged=0\n[device-b]\nmatch-device=type:tun\nmanaged=1", "web-eth0"),
    ])
  func specifications(lines: String, links: String) throws {
    let said = try taken(.networkManager, manager(lines))
    let names = said.flatMap { $0.split(separator: "'").filter { !$0.contains(" ") } }.sorted()
    #expect(names == links.split(separator: " ").map { $0[...] }.sorted())
  }

  @Test(
    "/usr/lib comes first, then /run, then NetworkManager.conf, then /etc; a file of one name shadows the others"
  )
  func order() throws {
    let most = ("/usr/lib/NetworkManager/conf.d/10-x.conf", "[keyfile]\nunmanaged-devices=*\n")
    let none = "[keyfile]\nunmanaged-devices=none\n"
    try #expect(taken(.networkManager, [most]).isEmpty)
    for path in [
      "/run/NetworkManager/conf.d/05.conf", "/etc/NetworkManager/NetworkManager.conf",
      "/etc/NetworkManager/conf.d/05.conf", "/etc/NetworkManager/conf.d/10-x.conf",
    ] { try #expect(taken(.networkManager, [most, (path, none)]).count == 2, "\(path)") }
    try #expect(taken(.networkManager, [most, ("/usr/lib/NetworkManager/conf.d/05.conf", none)]).isEmpty)
    try #expect(taken(.networkManager, [most, ("/etc/NetworkManager/conf.d/10-x.conf", "")]).count == 2)
  }

  // MARK: The remedy

  @Test("the remedy is the key, and with it nothing is left to say", arguments: InterfaceManager.allCases)
  func remedy(_ program: InterfaceManager) throws {
    let files = program == .networkd ? networkd("Name=*") : []
    let key = "coexist: {\(program.rawValue): unmanaged}"
    // Hardware is handed over by hand, where a file would take it down.
    let rest = program == .networkd ? [] : ["nmcli device set eth0 managed no"]
    try #expect(Set(notices(program, files).map(\.remedy)) == Set([key] + rest))
    try #expect(notices(program, files, coexist: key + "\n").map(\.remedy) == rest)
  }

  @Test("where the key is of no avail, the file that is in its way is named")
  func unavailing() throws {
    let key = "coexist: {network-manager: unmanaged, networkd: unmanaged}\n"
    let early = [("/etc/systemd/network/00-x.network", "[Match]\nName=*\n")]
    try #expect(
      notices(.networkd, early, coexist: key).map(\.remedy)
        == ["give /etc/systemd/network/00-x.network a name that comes after 05-vnet-lab.network"])
    let shadow = [("/etc/systemd/network/05-vnet-lab.network", ""), networkd("Name=*")[0]]
    try #expect(
      notices(.networkd, shadow, coexist: key).map(\.remedy) == [
        "remove /etc/systemd/network/05-vnet-lab.network, which takes the place of /run/systemd/network/05-vnet-lab.network"
      ])
    try #expect(
      notices(.networkManager, manager("[keyfile]\nunmanaged-devices=none"), coexist: key).map(\.remedy)
        .prefix(1) == [
          "let files in /etc/NetworkManager say 'unmanaged-devices+=', not '=', and except none of these"
        ])
  }

  @Test(
    "a program that does not run here takes nothing; in another namespace the key says that it does nothing")
  func elsewhere() throws {
    let key = "coexist: {networkd: unmanaged}\n"
    for place in [ManagerFacts.Place.installed, .elsewhere] {
      try #expect(notices(.networkd, networkd("Name=*"), place: place).isEmpty)
    }
    let said = try notices(.networkd, [], coexist: key, place: .elsewhere)
    #expect(said.map(\.object) == ["networkd"] && said[0].detail.contains("does nothing here"))
  }
}
