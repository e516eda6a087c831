/// Rule sets of other programs, as these put them in: with iptables, and so in nftables' tables of its names.
enum Firewall: String, CaseIterable {
  case docker, ufw

  /// `-P FORWARD DROP` and `DOCKER-USER` first, as dockerd 28 has it (`setupIPChains`, daemon/libnetwork/drivers/bridge).
  /// Before 28 it also ended `DOCKER-USER` by `RETURN`, which upgrades leave there.
  private static let dockerRules = """
    *filter
    :FORWARD DROP
    :DOCKER -
    :DOCKER-BRIDGE -
    :DOCKER-CT -
    :DOCKER-FORWARD -
    :DOCKER-USER -
    -A FORWARD -j DOCKER-USER
    -A FORWARD -j DOCKER-FORWARD
    -A DOCKER ! -i docker0 -o docker0 -j DROP
    -A DOCKER-BRIDGE -o docker0 -j DOCKER
    -A DOCKER-CT -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    -A DOCKER-FORWARD -j DOCKER-CT
    -A DOCKER-FORWARD -j DOCKER-BRIDGE
    -A DOCKER-FORWARD -i docker0 -j ACCEPT
    -A DOCKER-USER -j RETURN
    COMMIT

    """

  /// Of ufw's before.rules, user.rules and the jumps of its `ufw-init-functions`, for the two families.
  private static func ufwRules(_ p: String) -> String {
    """
    *filter
    :INPUT DROP
    :FORWARD DROP
    :\(p)-before-input -
    :\(p)-user-input -
    :\(p)-before-forward -
    :\(p)-user-forward -
    :\(p)-reject-forward -
    -A INPUT -j \(p)-before-input
    -A FORWARD -j \(p)-before-forward
    -A FORWARD -j \(p)-reject-forward
    -A \(p)-before-input -i lo -j ACCEPT
    -A \(p)-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    -A \(p)-before-input -m conntrack --ctstate INVALID -j DROP
    \(p == "ufw" ? "" : "-A ufw6-before-input -p icmpv6 -m hl --hl-eq 255 -j ACCEPT")
    -A \(p)-before-input -p udp --sport 67 --dport 68 -j ACCEPT
    -A \(p)-before-input -j \(p)-user-input
    -A \(p)-before-forward -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
    -A \(p)-before-forward -j \(p)-user-forward
    COMMIT

    """
  }

  func start(in space: Namespace) throws {
    for (program, prefix) in [("iptables-nft-restore", "ufw"), ("ip6tables-nft-restore", "ufw6")] {
      let rules = self == .docker ? Self.dockerRules : Self.ufwRules(prefix)
      try must(space.command([program]), input: rules)
    }
  }
}
