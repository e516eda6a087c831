import Netlink

extension GoldenTests {
  static let linkRequests: [Golden] = [
    Golden(
      "request-bridge", .attributes(.link), header: 16,
      with(LinkMessage(name: "br0")) {
        $0.address = mac(1)
        $0.mtu = 1400
        $0.kind = "bridge"
        $0.data = .bridge(
          with(BridgeSettings()) {
            $0.forwardDelay = 200
            $0.stpState = 0
            $0.multicastSnooping = false
            $0.groupForwardMask = 8
            $0.ageingTime = 1000
          })
      }),
    Golden(
      "request-veth", .attributes(.veth), header: 16,
      with(LinkMessage(name: "v0")) {
        $0.address = mac(2)
        $0.kind = "veth"
        $0.data = .veth(peer: with(LinkMessage(name: "v1")) { $0.address = mac(3) })
      }),
    Golden("request-alias", header: 16, with(LinkMessage(index: 4)) { $0.alias = "vnet:demo/office" }),
    Golden("request-altname", header: 16, LinkPropertyMessage(index: 4, altNames: ["demo.web.eth0"])),
    Golden(
      "request-addrgenmode", .attributes(.link), header: 16,
      with(LinkMessage(index: 4)) { $0.ipv6 = IPv6Settings(addressGeneration: 1) }),
    Golden(
      "request-master", header: 16,
      with(LinkMessage(index: 4)) {
        $0.setUp(true)
        $0.master = 2
      }),
    Golden(
      "request-port", .attributes(.link), header: 16,
      with(LinkMessage(index: 4)) {
        $0.kind = "bridge_slave"
        $0.port = with(BridgePort()) {
          $0.isolated = true
          $0.learning = false
          $0.guarded = true
        }
      }),
    Golden(
      "request-vf", .attributes(.functions), header: 16,
      with(LinkMessage(index: 4)) {
        $0.functions = [
          with(VirtualFunctionMessage(number: 3)) {
            $0.address = mac(9)
            $0.vlan = 12
            $0.qos = 5
            $0.checksSpoofing = true
            $0.isTrusted = true
            $0.linkState = 2
            $0.maxRate = 200
            $0.minRate = 100
          }
        ]
      }),
    Golden(
      "request-vlan-link", .attributes(.link), header: 16,
      with(LinkMessage(name: "x5")) {
        $0.address = mac(6)
        $0.lower = 3
        $0.kind = "vlan"
        $0.data = .vlan(
          with(VLANSettings()) {
            $0.id = 5
            $0.proto = 0x88a8
            $0.flags = 0
            $0.flagsMask = 1
          })
      }),
    Golden(
      "request-macvtap", .attributes(.link), header: 16,
      with(LinkMessage(index: 7, name: "t0")) {
        $0.address = mac(8)
        $0.lower = 2
        $0.kind = "macvtap"
        $0.data = .macvlan(with(MacvlanSettings()) { $0.mode = 1 })
      }),
    Golden(
      "request-macvtap-mode", .attributes(.link), header: 16,
      with(LinkMessage(index: 7)) {
        $0.kind = "macvtap"
        $0.data = .macvlan(with(MacvlanSettings()) { $0.mode = 2 })
      }),
    Golden(
      "request-vrf", .attributes(.link), header: 16,
      with(LinkMessage(name: "vrf0")) {
        $0.address = mac(7)
        $0.kind = "vrf"
        $0.data = .vrf(table: 1000)
      }),
    Golden("request-group", header: 16, with(LinkMessage(index: 3)) { $0.group = 7 }),
  ]
}
