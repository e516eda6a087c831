/// A chain of others that drops something of guests, as a notice with its remedy.
struct FirewallDrop {
  enum Traffic { case leaving, entering, bridged, served, frames }

  var base: ForeignChain
  var traffic: Traffic
  var links: [LinkName]

  init(_ base: ForeignChain, _ traffic: Traffic, _ links: [LinkName]) {
    self.base = base
    self.traffic = traffic
    self.links = links
  }

  func notice(_ firewalls: Firewalls, _ coexist: Coexist) -> Risk {
    let owner = owner(firewalls)
    let whose = owner.map { "of \($0.rawValue) " } ?? ""
    return Risk(
      "firewall-drops", object: base.id.description,
      "the chain '\(base.id)' \(whose)drops \(what)", refusable: false, remedy: remedy(owner, coexist))
  }

  private enum Owner: String { case docker = "Docker", ufw, firewalld }

  private func owner(_ firewalls: Firewalls) -> Owner? {
    func has(_ names: String...) -> Bool { names.contains { firewalls.has($0, beside: base.id) != nil } }
    if base.id.table == "firewalld" { return .firewalld }
    if base.hook == "forward", has(Composer.dockerUser) { return .docker }
    return has("ufw-user-forward", "ufw6-user-forward", "ufw-user-input", "ufw6-user-input") ? .ufw : nil
  }

  private var what: String {
    let names =
      links.prefix(3).map { "'\($0)'" }.joined(separator: ", ")
      + (links.count > 3 ? " and \(links.count - 3) more" : "")
    return switch traffic {
    case .leaving: "connections that guests behind \(names) open to elsewhere"
    case .entering: "connections to guests behind \(names)"
    case .bridged: "what guests on \(names) send to each other and to the uplink, because br_netfilter is on"
    case .served: "what guests behind \(names) ask the host by DHCP and DNS"
    case .frames: "frames of guests on \(names)"
    }
  }

  private func remedy(_ owner: Owner?, _ coexist: Coexist) -> String {
    switch (owner, traffic) {
    case (_, .bridged): return "coexist: {br-netfilter: exempt}"
    case (.docker?, _): return "coexist: {docker: accept}"
    case (.ufw?, _): return "coexist: {ufw: accept}"
    case (.firewalld?, _): return zoneRemedy(coexist.firewalldZone)
    case (nil, _): return links.prefix(3).map(command).joined(separator: "; ")
    }
  }

  /// What a zone lets pass is the zone's to say, and what passes from one to another a policy's.
  private func zoneRemedy(_ zone: String?) -> String {
    // firewall-cmd takes one of these at a time.
    func policy(_ name: String, from: String, to: String) -> String {
      let change = "firewall-cmd --permanent --policy=\(name)"
      return [
        "firewall-cmd --permanent --new-policy=\(name)", "\(change) --add-ingress-zone=\(from)",
        "\(change) --add-egress-zone=\(to)", "\(change) --set-target=ACCEPT", "firewall-cmd --reload",
        "then apply",
      ].joined(separator: "; ")
    }
    switch (traffic, zone) {
    case (.entering, let zone?): return policy("to-guests", from: "ANY", to: zone)
    case (.entering, nil):
      return "coexist: {firewalld: trusted}, and \(policy("to-guests", from: "ANY", to: "trusted"))"
    case (_, nil): return "coexist: {firewalld: trusted}"
    case (.served, let zone?):
      return "firewall-cmd --zone=\(zone) --add-service=dhcp --add-service=dhcpv6 --add-service=dns"
    case (_, let zone?):
      return "coexist: {firewalld: trusted}, or \(policy("from-guests", from: zone, to: "ANY"))"
    }
  }

  /// iptables does not go on with a table in which nft has put what it does not know, so its own words where it can be.
  private func command(_ link: LinkName) -> String {
    let isTables = base.id.table == "filter" && base.id.name == base.hook?.uppercased()
    if isTables, base.id.family == .ip || base.id.family == .ip6 {
      let program = base.id.family == .ip ? "iptables" : "ip6tables"
      let ports = traffic == .served ? " -p udp -m multiport --dports 53,67,547" : ""
      return "\(program) -I \(base.id.name) \(traffic == .entering ? "-o" : "-i") \(link)\(ports) -j ACCEPT"
    }
    let condition =
      switch traffic {
      case .entering: "oifname '\"\(link)\"'"
      case .frames: "meta ibrname '\"\(link)\"'"
      case .served: "iifname '\"\(link)\"' udp dport '{ 53, 67, 547 }'"
      case .leaving, .bridged: "iifname '\"\(link)\"'"
      }
    return "nft insert rule \(base.id) \(condition) accept"
  }
}
