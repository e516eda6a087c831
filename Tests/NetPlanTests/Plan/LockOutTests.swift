import NetPlan
import Testing

/// Ways that a plan takes away, on a host with the hardware `eth1` and `eth2`.
@Suite("Lock-out")
struct LockOutTests {
  private let station = IPAddress("192.0.2.1")!
  private let own = IPAddress("192.0.2.10")!

  private func link(_ name: String, _ kind: Link.Kind = .device, _ edit: (inout Link) -> Void = { _ in })
    -> Object
  {
    var link = Link(name: LinkName(name)!, kind: kind)
    link.up = true
    link.master = Link.Master.none
    edit(&link)
    return .link(link)
  }

  private func port(_ name: String, of bridge: String, _ vlans: [String]? = nil) -> Object {
    link(name) {
      $0.master = .link(LinkName(bridge)!)
      $0.vlans = vlans?.compactMap(PortVLAN.init)
    }
  }

  private func bridge(_ name: String, _ vlans: [String]? = nil) -> Object {
    link(name, .bridge) {
      $0.bridge.vlanFiltering = vlans != nil
      $0.vlans = vlans?.compactMap(PortVLAN.init)
    }
  }

  private func vlan(_ name: String, _ id: UInt16, on lower: String) -> Object {
    link(name, .vlan) { $0.vlan = Link.VLAN(id, on: LinkName(lower)!) }
  }

  private func address(_ text: String, on link: String) -> Object {
    .address(Address(link: LinkName(link)!, local: IPInterface(text)!))
  }

  private func route(_ prefix: String, via link: String, metric: UInt32 = 0) -> Object {
    .route(
      Route(
        id: RouteID(destination: IPPrefix(prefix)!, metric: metric),
        nexthops: [Nexthop(link: LinkName(link)!)]))
  }

  /// Why a session between the two would end.
  private func cut(
    _ objects: [Object], _ changes: [(Object?, Object?)], from local: IPAddress? = nil,
    to remote: IPAddress? = nil
  ) -> String? {
    let plan = Plan(name: "n", changes: changes.map { Change(before: $0, after: $1) })
    return LockOut(plan, on: State(objects))?.cut(from: local ?? own, to: remote ?? station)?.reason
  }

  @Test("an address that is nobody's any more ends a session, by whatever way the host answers")
  func gone() {
    let before = address("192.0.2.10/24", on: "eth1")
    let state = [link("eth1"), link("eth2"), before, route("0.0.0.0/0", via: "eth2")]
    #expect(cut(state, [(before, nil)], to: IPAddress("203.0.113.9")) == "192.0.2.10 is no longer the host's")
  }

  @Test("an address that moves onto the bridge of its hardware, in one VLAN or in none, is where it was")
  func moved() {
    let before = address("192.0.2.10/24", on: "eth1")
    for tags in [nil, ["1 pvid untagged", "30"]] {
      let changes: [(Object?, Object?)] = [
        (nil, bridge("office", tags.map { _ in ["1 pvid untagged"] })),
        (link("eth1"), port("eth1", of: "office", tags)), (before, nil),
        (nil, address("192.0.2.10/24", on: "office")),
      ]
      #expect(cut([link("eth1"), before], changes) == nil)
    }
  }

  @Test(
    "a bridge that is in another VLAN of its uplink than before, or in one that the uplink does not carry")
  func otherVLAN() {
    let there = [
      port("eth1", of: "office", ["1 pvid untagged", "30"]), bridge("office", ["1 pvid untagged"]),
      address("192.0.2.10/24", on: "office"),
    ]
    #expect(
      cut(there, [(there[1], bridge("office", ["30 pvid untagged"]))]) == "192.0.2.10 is no longer on it")
    #expect(cut(there, [(there[0], port("eth1", of: "office", ["30"]))]) == "192.0.2.10 is no longer on it")
    #expect(cut(there, [(there[0], port("eth1", of: "office", ["1 pvid untagged"]))]) == nil)
  }

  @Test("a tag may be that of an interface on the hardware, or of one on its bridge")
  func tagged() {
    let before = [link("eth1"), vlan("eth1.30", 30, on: "eth1"), address("192.0.2.10/24", on: "eth1.30")]
    func changes(_ carried: [String]) -> [(Object?, Object?)] {
      [
        (nil, bridge("office", ["1 pvid untagged", "30"])), (before[0], port("eth1", of: "office", carried)),
        (nil, vlan("office.30", 30, on: "office")), (before[2], nil), (before[1], nil),
        (nil, address("192.0.2.10/24", on: "office.30")),
      ]
    }
    #expect(cut(before, changes(["1 pvid untagged", "30"])) == nil)
    #expect(cut(before, changes(["1 pvid untagged"])) == "192.0.2.10 is no longer on it")
    #expect(cut(before, changes(["30 pvid untagged"])) == "192.0.2.10 is no longer on it")
  }

  @Test("a way to whoever is elsewhere: gone, by other hardware, by a worse route to the same")
  func ways() {
    let far = IPAddress("198.51.100.7")!
    let there = [
      link("eth1"), link("eth2"), address("192.0.2.10/24", on: "eth1"), route("0.0.0.0/0", via: "eth1"),
      route("0.0.0.0/0", via: "eth1", metric: 9),
    ]
    #expect(cut(there, [(there[3], nil)], to: far) == nil)
    #expect(cut(there, [(there[3], nil), (there[4], nil)], to: far) == "no way to 198.51.100.7 is left")
    #expect(
      cut(there, [(nil, route("198.51.100.0/24", via: "eth2"))], to: far)
        == "what the host sends to 198.51.100.7 leaves by 'eth2' then")
    #expect(cut(there, [(nil, route("203.0.113.0/24", via: "eth2"))], to: far) == nil)
  }

  @Test("guests' ports are the way to guests alone: a bridge that loses its hardware is cut off")
  func hardware() {
    let tap = link("web-eth0", .tap) {
      $0.master = .link(LinkName("office")!)
      $0.alias = "vnet-apply n vms.web.nics.eth0"
    }
    let there = [
      port("eth1", of: "office"), tap, bridge("office"), address("192.0.2.10/24", on: "office"),
    ]
    #expect(cut(there, [(there[0], link("eth1"))]) == "192.0.2.10 is no longer on it")
    #expect(cut(Array(there[1...]), [(tap, nil)]) == nil, "nothing but guests' links changes")
  }

  @Test("a plan that leaves the host's own ways alone looks at nobody")
  func untouched() {
    let plan = Plan(name: "n", changes: [Change(before: nil, after: bridge("office"))])
    #expect(LockOut(plan, on: State([link("eth1")])) == nil)
  }

  @Test("what one change cuts off is one risk, and what was accepted stays so")
  func warned() {
    let before = address("192.0.2.10/24", on: "eth1")
    var plan = Plan(name: "n", changes: [Change(before: before, after: nil)])
    let lockOut = LockOut(plan, on: State([link("eth1"), before]))!
    let sessions = ["192.0.2.10 192.0.2.1", "192.0.2.10 192.0.2.2"].compactMap(RemoteSession.init)
    let mounts = ["192.0.2.5 nfs4 /srv", "192.0.2.5 nfs4 /"].compactMap(RemoteMount.init)
    plan.warn(of: sessions, mounts, lockOut)
    #expect(plan.risks.map(\.name) == ["net-root", "ssh-session"])
    #expect(
      plan.risks[0].detail.hasPrefix("the file system on / (nfs4) comes from 192.0.2.5 by 'eth1', and 1 more")
    )
    #expect(plan.risks[1].detail.hasPrefix("the SSH session from 192.0.2.1, and 1 more comes in by 'eth1'"))
    plan.risks[1].accepted = "--allow"
    plan.warn(of: sessions, [], lockOut)
    #expect(plan.risks.map(\.accepted) == ["--allow"])
  }
}
