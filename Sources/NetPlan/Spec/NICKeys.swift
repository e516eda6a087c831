/// What one layer of the file says about a NIC.
struct NICKeys: Keyed {
  var written: [WrittenKey] = []
  var mode: Mode?
  var via: Via?
  var network: String?
  var hardware: HardwareReference?
  var device: String?
  var mac: MACAddress?
  var mtu: Int?
  var queues: Int?
  var vlan: Int?
  var trunk: [Int]?
  var address: [GuestAddress]?
  var hostAddress: [IPInterface]?
  var innerAddress: [GuestAddress]?
  var routes: [Sourced<IPPrefix>]?
  var proxy: HardwareReference?
  var forward: [Forward]?
  var reach: ReachKeys?
  var toHost: HostReach?
  var block: [IPPrefix]?
  var isolated: Bool?
  var antiSpoof: Set<AntiSpoofCheck>?
  var also: [AlsoSource]?
  var limit: LimitKeys?
  var macvtap: MacvtapMode?
  var hostAccess: Bool?
  var vf: VFChoice?
  var handOver: HandOver?
  var trust: Bool?
  var linkState: LinkState?
  var qos: Int?
  var socket: String?
  var hostLoopback: IPAddress?
  var allow: [RiskAcceptance]?
  var was: String?

  static let table = KeyTable<NICKeys>("a NIC", schema: "nic") { all }

  static func isOwn(_ name: String) -> Bool { name == "was" || name == "allow" }

  @KeyTableBuilder<NICKeys> private static var all: [TableKey<NICKeys>] {
    identity
    addressing
    protection
    mechanisms
    TableKey("allow", \.allow, ValueShape<RiskAcceptance>.risk.list, "risks accepted for this NIC")
    TableKey("was", \.was, .name("a NIC"), "former name: renamed in place, its MAC and reservation kept")
  }

  @KeyTableBuilder<NICKeys> private static var identity: [TableKey<NICKeys>] {
    TableKey<NICKeys>.choice("mode", \.mode, "what the VM gets")
    TableKey<NICKeys>.choice("via", \.via, "the mechanism that provides it")
    TableKey("network", \.network, .reference("a network"), "the segment it is on")
    TableKey("hardware", \.hardware, .hardware, "the hardware NIC, for `dedicated` and `macvtap`")
    TableKey(
      "device", \.device, .text("the name of an interface", limit: 64), "name of the host-side interface")
    TableKey("mac", \.mac, .mac, "MAC address of the guest; derived where it is left out")
    TableKey("mtu", \.mtu, .mtu, "MTU in bytes; the network's where it is left out")
    TableKey("queues", \.queues, .integer(1...256, "a number of queues"), "queue pairs of the TAP")
    TableKey("vlan", \.vlan, .vlan, "access VLAN, or the native one of a trunk")
    TableKey("trunk", \.trunk, .vlans, "tagged VLANs")
  }

  @KeyTableBuilder<NICKeys> private static var addressing: [TableKey<NICKeys>] {
    TableKey("address", \.address, ValueShape<GuestAddress>.guestAddress.list, "the guest's own addresses")
    TableKey(
      "host-address", \.hostAddress, ValueShape<IPInterface>.interface(requiresLength: false).list,
      "the host's side of a routed TAP")
    TableKey(
      "inner-address", \.innerAddress, ValueShape<GuestAddress>.guestAddress.list,
      "what the guest has inside its namespace")
    TableKey("routes", \.routes, ValueShape<IPPrefix>.prefix.sourced.list, "prefixes behind the guest")
    TableKey("proxy", \.proxy, .hardware, "hardware NIC on whose LAN the guest's addresses are answered for")
    TableKey(
      "forward", \.forward, ValueShape<Forward>.forward.list, "ports of the host that lead to the guest")
  }

  @KeyTableBuilder<NICKeys> private static var protection: [TableKey<NICKeys>] {
    TableKey("reach", \.reach, .reach, "networks it may open connections to")
    TableKey<NICKeys>.choice("to-host", \.toHost, "what it reaches on the host")
    TableKey("block", \.block, ValueShape<IPPrefix>.prefix.list, "prefixes it may not send to")
    TableKey("isolated", \.isolated, .boolean, "reaches uplink and host, not other isolated NICs")
    TableKey("anti-spoof", \.antiSpoof, .antiSpoof, "checks on what the guest sends")
    TableKey("also", \.also, ValueShape<AlsoSource>.also.list, "further source MACs and prefixes of this NIC")
    TableKey<NICKeys>.mapping("limit", \.limit, LimitKeys.table, "rates as the guest sees them")
  }

  @KeyTableBuilder<NICKeys> private static var mechanisms: [TableKey<NICKeys>] {
    TableKey(
      "macvtap", \.macvtap, ValueShape<MacvtapMode>.choice(of: [.bridge, .private, .vepa]),
      "how macvtap devices of one parent see each other")
    TableKey("host-access", \.hostAccess, .boolean, "host and macvtap guest reach each other")
    TableKey("vf", \.vf, .vf, "number of the virtual function, or `auto`")
    TableKey<NICKeys>.choice("hand-over", \.handOver, "how the virtual function reaches the VM")
    TableKey("trust", \.trust, .boolean, "the virtual function may change its MAC and be promiscuous")
    TableKey<NICKeys>.choice("link-state", \.linkState, "link state that the virtual function shows")
    TableKey("qos", \.qos, .integer(0...7, "a priority"), "802.1p priority of the virtual function's VLAN")
    TableKey(
      "socket", \.socket, .text("the absolute path of a socket", limit: 107, path: true),
      "where the socket of `vde` or `passt` is")
    TableKey(
      "host-loopback", \.hostLoopback, .address, "address at which the guest finds the host's 127.0.0.1")
  }
}

/// `limit`, bits per second.
struct LimitKeys: Keyed {
  var written: [WrittenKey] = []
  var into: UInt64?
  var out: UInt64?

  static let table = KeyTable<LimitKeys>("a limit", schema: "limit") {
    TableKey("in", \.into, .rate, "what the guest receives")
    TableKey("out", \.out, .rate, "what the guest sends")
  }
}
