extension Firewalls {
  /// Chains of firewalld that send a packet to the zone of its interface, and what the zone's chain is called there
  /// (`build_default_rules`, firewall/core/nftables.py; those by both interfaces until 0.9).
  private static let dispatch: [String: (field: ForeignRule.Condition.Field, prefix: String)] = [
    "filter_INPUT_ZONES": (.iifname, "filter_IN_"), "filter_FORWARD_ZONES": (.iifname, "filter_FWD_"),
    "filter_FORWARD_IN_ZONES": (.iifname, "filter_FWDI_"),
    "filter_FORWARD_OUT_ZONES": (.oifname, "filter_FWDO_"),
  ]

  /// With those interfaces bound to those zones. A zone that nothing is in yet has no chains, and what it will let pass is
  /// not known: nothing is said to be dropped there.
  func with(zones: [LinkName: String]) -> Firewalls {
    if zones.isEmpty { return self }
    return Firewalls(
      all.map { chain in
        guard chain.id.table == "firewalld", let (field, prefix) = Self.dispatch[chain.id.name] else {
          return chain
        }
        var chain = chain
        for (link, zone) in zones {
          let condition = ForeignRule.Condition(field, [link.text])
          chain.rules.removeAll { $0.conditions == [condition] }
          let isUsed = has(prefix + zone, beside: chain.id) != nil
          chain.rules.insert(ForeignRule([condition], isUsed ? .goto(prefix + zone) : .accept), at: 0)
        }
        return chain
      })
  }
}
