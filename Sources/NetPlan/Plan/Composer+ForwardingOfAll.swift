/// IPv6 forwarding before Linux 6.17, where all interfaces forward or none does (`ip6_forward`, net/ipv6/ip6_output.c).
///
/// When it is turned on for guests, everything that comes in for others would be forwarded, between interfaces that have
/// nothing to do with them as well. So the filters of each configuration let pass only what comes from guests or goes to
/// them: the links behind which they are, of all configurations, are in one group (`Ownership.group`). The filters are
/// there before forwarding is turned on, and go after it is turned off. What each interface says for itself stays as
/// it was, so that hosts go on as hosts there.
extension Composer {
  /// Guests of this host need IPv6 forwarding of all interfaces, which nobody else has turned on.
  var separatesIPv6: Bool {
    host.facts.ipv6 != false && host.facts.forceForwarding != true && !ipv6ForwardsAll
  }

  /// Somebody else has made the host a router, which is not ours to hold back, nor to take away: before us, or since,
  /// which set what interfaces begin with.
  var ipv6ForwardsAll: Bool {
    guard host.facts.ipv6ForwardsAll == true else { return false }
    guard observed[.former(ofAll)] != nil else { return !isSeparated }
    return observed[.sysctl(usual)]?.sysctl?.value == "1"
      && observed[.former(seenUsual)]?.former?.value == "0"
  }

  /// Filters of ours are there, whatever the ledger says: without them everything would be forwarded.
  private var isSeparated: Bool {
    observed[.sysctl(usual)]?.sysctl?.value == "0" && observed.tables.contains { $0.separatesIPv6 }
  }

  private var ofAll: FormerID {
    FormerID(object: ObjectID.sysctl(.ipv6ForwardingOfAll).description, attribute: "value")
  }

  /// What interfaces begin with.
  private var usual: SysctlKey { SysctlKey(family: .ipv6, link: .default, name: "forwarding") }

  /// The ledger's entry of what that was when forwarding was turned on.
  private var seenUsual: FormerID {
    FormerID(object: ObjectID.sysctl(usual).description, attribute: "seen")
  }

  mutating func forwardTogether() {
    let reason = "forwarding for routed guests"
    noticeForwardingOfAll()
    hold(.ipv6ForwardingOfAll, "1", because: reason)
    // Only what was off was ever separated.
    if observed[.former(ofAll)] == nil, isSeparated { held[ofAll]?.otherwise = "0" }
    held[seenUsual] = Holding(
      object: .sysctl(usual), set: "seen", otherwise: observed[.sysctl(usual)]?.sysctl?.value ?? "0")
    for link in proxies {
      // ND proxying wants the interface to be a router's.
      hold(SysctlKey(family: .ipv6, link: link, name: "forwarding"), "1", because: reason)
    }
  }

  /// With the ledger lost, filters that go say that it was off: they would leave everything open.
  mutating func releaseForwardingOfAll() {
    guard host.facts.ipv6ForwardsAll == true, observed[.former(ofAll)] == nil, isSeparated,
      target.wanted[.sysctl(.ipv6ForwardingOfAll)] == nil
    else { return }
    let remaining = observed.tables.filter { $0.separatesIPv6 && !target.unwanted.contains(.table($0.id)) }
    if remaining.contains(where: { target.wanted[.table($0.id)]?.table?.separatesIPv6 ?? true }) { return }
    target.want(
      .sysctl(Sysctl(key: .ipv6ForwardingOfAll, value: "0")), because: "forwarding for routed guests")
  }

  private mutating func noticeForwardingOfAll() {
    let id = ObjectID.sysctl(.ipv6ForwardingOfAll)
    guard observed[id]?.sysctl?.value != "1" else { return }
    target.risks.append(
      Risk(
        "foreign-object", object: id.description,
        "this kernel forwards IPv6 for all interfaces or for none, and does from now on: filters let pass only what guests send or get",
        refusable: false))
  }

  /// Of a link of ours, by whether guests are behind it for whom IPv6 is forwarded; nil where it says nothing.
  func group(of link: LinkName, forwardsIPv6: Bool) -> UInt32? {
    if forwardsIPv6, separatesIPv6 { return Ownership.group }
    return observed.link(link)?.linkGroup == Ownership.group ? 0 : nil
  }
}
