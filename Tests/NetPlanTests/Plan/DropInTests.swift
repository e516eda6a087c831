import NetPlan
import Testing

@Suite("Files by which programs leave interfaces alone")
struct DropInTests {
  private func names(_ texts: String...) -> [LinkName] { texts.map { LinkName($0)! } }

  private func id(_ program: InterfaceManager) -> DropInID { DropInID(program: program, name: "lab") }

  @Test("networkd's says Unmanaged for each name")
  func networkd() {
    let file = DropIn(id(.networkd), leavingAlone: names("web-eth0", "lab"))
    #expect(
      file?.text == """
        # Interfaces of the configuration 'lab' of vnet-apply. This file comes and goes with them.
        [Match]
        Name=lab web-eth0
        [Link]
        Unmanaged=yes

        """)
    #expect(file?.id.path == "/run/systemd/network/05-vnet-lab.network")
  }

  @Test("NetworkManager's adds each name as no pattern")
  func networkManager() {
    let file = DropIn(id(.networkManager), leavingAlone: names("web-eth0", "lab"))
    #expect(
      file?.text == """
        # Interfaces of the configuration 'lab' of vnet-apply. This file comes and goes with them.
        [keyfile]
        unmanaged-devices+=interface-name:=lab;interface-name:=web-eth0

        """)
    #expect(file?.id.path == "/run/NetworkManager/conf.d/vnet-lab.conf")
  }

  @Test(
    "there is none for no interfaces: without a condition networkd's would be for all",
    arguments: InterfaceManager.allCases)
  func nothing(_ program: InterfaceManager) {
    #expect(DropIn(id(program), leavingAlone: []) == nil)
    #expect(DropIn(id(program), leavingAlone: names("a*", "e?h0", "[x]", "a;b", "ä")) == nil)
  }

  @Test(
    "it names what it was made of, a thousand too, and knows when somebody edited it",
    arguments: InterfaceManager.allCases)
  func read(_ program: InterfaceManager) throws {
    let all = (1...1000).map { LinkName("vm-\($0)-eth0")! } + names("42", "_.-", "a.b", "0x1f")
    var file = try #require(DropIn(id(program), leavingAlone: all))
    #expect(file.interfaces == Set(all) && file.isAsWritten)
    #expect(DropIn(json: file.json) == file)
    if program == .networkd { #expect(file.text.split(separator: "\n").allSatisfy { $0.utf8.count < 160 }) }
    file.text += "# mine\n"
    #expect(file.interfaces == Set(all) && !file.isAsWritten)
  }

  @Test("a name of digits alone, which networkd takes for a number, is a pattern for itself")
  func digits() {
    #expect(DropIn(id(.networkd), leavingAlone: names("42"))?.text.contains("\nName=[4]2\n") == true)
  }

  @Test("a file's name tells whose it is", arguments: InterfaceManager.allCases)
  func fileNames(_ program: InterfaceManager) {
    let id = DropInID(program: program, name: "a-b.network")
    #expect(DropInID(program: program, fileName: id.fileName) == id)
    for other in ["05-vnet-.network", "vnet-.conf", "05-vnet.network", "vnet-a.conf.new", "x.conf", ""] {
      #expect(DropInID(program: program, fileName: other) == nil)
    }
  }

  // MARK: When

  private func link(_ name: String, ours: Bool = true) -> Link {
    var link = Link(name: LinkName(name)!, kind: ours ? .tap : .device)
    link.alias = ours ? "vnet:lab/vms.\(name)" : nil
    link.master = Link.Master.none
    return link
  }

  private func file(_ texts: String...) -> Object {
    .dropIn(DropIn(id(.networkd), leavingAlone: texts.map { LinkName($0)! })!)
  }

  private func stages(_ changes: [Change]) -> [(Stage, Set<LinkName>)] {
    schedule(changes).flatMap { batch in
      batch.steps.compactMap { step in
        guard case .dropIn = step.change.id else { return nil }
        return (batch.stage, step.change.after?.dropIn?.interfaces ?? [])
      }
    }
  }

  @Test("interfaces are named before they come to be, and until they have gone")
  func order() {
    let coming = Change(before: nil, after: .link(link("new")))
    let going = Change(before: .link(link("old")), after: nil)
    let both = stages([coming, going, Change(before: file("old"), after: file("new"))])
    #expect(both.map(\.0) == [.filter, .unfilter] && Stage.filter < .create && Stage.unfilter > .remove)
    #expect(both.map(\.1) == [Set(names("new", "old")), Set(names("new"))])
    #expect(stages([coming, Change(before: nil, after: file("new"))]).map(\.0) == [.filter])
    #expect(stages([going, Change(before: file("old"), after: nil)]).map(\.0) == [.unfilter])
  }

  @Test(
    "hardware that joins a bridge is named when the host's addresses have left it, and until they are back")
  func hardware() {
    var port = link("eth0", ours: false)
    let before = port
    port.master = .link(LinkName("br")!)
    let joins = Change(before: .link(before), after: .link(port))
    let steps = stages([joins, Change(before: nil, after: file("br", "eth0"))])
    #expect(steps.map(\.0) == [.filter, .serve] && Stage.serve > .retire)
    #expect(steps.map(\.1) == [Set(names("br")), Set(names("br", "eth0"))])
    #expect(stages([joins, Change(before: nil, after: file("eth0"))]).map(\.0) == [.serve])
    let leaves = stages([joins.inverse, Change(before: file("br", "eth0"), after: file("br"))])
    #expect(leaves.map(\.0) == [.unfilter])
  }
}
