internal import Glibc
internal import Netlink

// What holds for the host as long as a plan is made and applied.

extension LinuxHost {
  /// Only hardware can be Wi-Fi.
  mutating func findWireless(among messages: [LinkMessage]) throws(NetlinkError) -> Set<Int32> {
    guard messages.contains(where: { $0.kind == nil && !$0.isLoopback }) else { return [] }
    if let wireless { return wireless }
    var generic = try GenericSocket()
    let found = try generic.wirelessLinks()
    wireless = found
    return found
  }

  /// `RTM_GETVLAN` is unknown to a kernel without CONFIG_BRIDGE_VLAN_FILTERING, and to one whose bridge module is
  /// not loaded yet; nil for the latter.
  private mutating func canFilterVLANs() throws(NetlinkError) -> Bool? {
    do throws(NetlinkError) {
      // The loopback, which is no bridge: it is asked whether it can be asked.
      _ = try socket.dumpVLANs(index: 1)
      return true
    } catch {
      switch error.errno {
      case EINVAL, ENODEV: return true
      case EOPNOTSUPP: return access("/sys/module/bridge", F_OK) == 0 ? false : nil
      default: throw error
      }
    }
  }

  mutating func readFacts() throws(NetlinkError) -> HostFacts {
    if let facts { return facts }
    var facts = HostFacts()
    facts.vlanFiltering = try canFilterVLANs()
    facts.ipv6 = access("/proc/sys/net/ipv6", F_OK) == 0
    facts.forceForwarding = access("/proc/sys/net/ipv6/conf/all/force_forwarding", F_OK) == 0
    facts.ipv4ForwardsAll = try ProcFile.setting("/proc/sys/net/ipv4/conf/all/forwarding") == "1"
    facts.ipv6ForwardsAll = try ProcFile.setting("/proc/sys/net/ipv6/conf/all/forwarding") == "1"
    facts.unprivilegedPorts = try ProcFile.setting("/proc/sys/net/ipv4/ip_unprivileged_port_start").flatMap {
      Int($0)
    }
    facts.pingGroups = try ProcFile.setting("/proc/sys/net/ipv4/ping_group_range").flatMap(GroupRange.init)
    // Without br_netfilter there are no such files.
    facts.bridgeNetfilterIPv4 = try ProcFile.setting("/proc/sys/net/bridge/bridge-nf-call-iptables").map {
      $0 == "1"
    }
    facts.bridgeNetfilterIPv6 = try ProcFile.setting("/proc/sys/net/bridge/bridge-nf-call-ip6tables").map {
      $0 == "1"
    }
    let tun = open("/dev/net/tun", O_RDWR | O_CLOEXEC)
    facts.tun = tun >= 0 || errno == EACCES || errno == EPERM
    if tun >= 0 { close(tun) }
    facts.nft = Executable.find("nft") != nil
    facts.dnsmasq = Executable.find("dnsmasq") != nil
    facts.vde = Executable.find("vde_switch") != nil
    facts.services = services.path
    // Who only looks at what is root's asks what root would do.
    let isRoots = !places.isOwn && !Capability.netAdmin.isEffective
    facts.user = isRoots ? 0 : geteuid()
    facts.group = isRoots ? 0 : getegid()
    self.facts = facts
    return facts
  }

  /// Whether the kernel has VLAN interfaces, which may take it to load a module (`8021q`): for configurations that ask for
  /// one.
  ///
  /// It is asked for one of which nothing is said. That it refuses before it makes anything, where it knows the kind
  /// (EINVAL, `vlan_validate`) and where it does not (EOPNOTSUPP).
  package mutating func lookUpVLANInterfaces() throws(HostError) {
    do throws(NetlinkError) {
      var facts = try readFacts()
      var message = LinkMessage()
      message.kind = "vlan"
      var batch = Netlink.Batch()
      batch.add("ask for VLAN interfaces", .create, message)
      switch socket.transact(batch)[0].error?.errno {
      case EINVAL: facts.vlanInterfaces = true
      case EOPNOTSUPP: facts.vlanInterfaces = false
      // Who may not ask may not apply either.
      default: break
      }
      self.facts = facts
    } catch {
      throw HostError(error)
    }
  }

  /// Whether the kernel has macvtaps, which may take it to load a module, and their device nodes appear in /dev. Asked as
  /// above: one on no interface is refused (EINVAL, `macvlan_common_newlink`).
  package mutating func lookUpMacvtaps() throws(HostError) {
    do throws(NetlinkError) {
      var facts = try readFacts()
      facts.deviceNodes = TapNode.appear
      var message = LinkMessage()
      message.kind = "macvtap"
      message.data = .macvlan(MacvlanSettings(.bridge))
      var batch = Netlink.Batch()
      batch.add("ask for macvtaps", .create, message)
      switch socket.transact(batch)[0].error?.errno {
      case EINVAL: facts.macvtaps = true
      case EOPNOTSUPP: facts.macvtaps = false
      // Who may not ask may not apply either.
      default: break
      }
      if facts.macvtaps == true, facts.nft == true { facts.egressFilters = canFilterEgress() }
      self.facts = facts
    } catch {
      throw HostError(error)
    }
  }

  /// Whether nftables can tell on which bridge a port is, which may take it to load a module (`nft_meta_bridge`).
  package mutating func lookUpBridgePorts() throws(HostError) {
    do throws(NetlinkError) {
      var facts = try readFacts()
      // Who may not ask may not apply either.
      if facts.nft == true, Capability.netAdmin.isEffective { facts.bridgePorts = canTellBridges() }
      self.facts = facts
    } catch {
      throw HostError(error)
    }
  }

  private func canTellBridges() -> Bool {
    let chain = "add table bridge vnet-\nadd chain bridge vnet- sent\n"
    let rule = "add rule bridge vnet- sent meta ibrname . ether saddr { \"lo\" . 02:00:00:00:00:01 } drop\n"
    return (try? nft(["-c", "-f", "-"], chain + rule, "ask for filters of ports of a bridge")) != nil
  }

  /// Adds to the facts of later observations what the installed passt can be told.
  ///
  /// What there is it says itself: `--help` lists its options, while `--version` is what a distribution made of it.
  package mutating func lookUpPasst() throws(HostError) {
    do throws(NetlinkError) {
      var facts = try readFacts()
      facts.passt =
        try Executable.find("passt").map { (program) throws(NetlinkError) in
          let result = try ChildProcess.run([program, "--help"], timeout: 10_000)
          let words = String(decoding: result.output + result.errors, as: UTF8.self)
            .split { !($0.isLetter || $0.isNumber || $0 == "-") }.filter {
              $0.hasPrefix("--") && $0.count > 2
            }
          return Set(words.map { String($0.dropFirst(2)) }).sorted()
        } ?? []
      self.facts = facts
    } catch {
      throw HostError(error)
    }
  }

  /// A transaction that the kernel checks and does not carry out.
  private func canFilterEgress() -> Bool {
    let table = "add table netdev vnet-\nadd chain netdev vnet- sent "
    let chain = "{ type filter hook egress device \"lo\" priority 0; }\n"
    return (try? nft(["-c", "-f", "-"], table + chain, "ask for filters of what devices send")) != nil
  }

  /// Adds the accounts of those names to the facts of later observations; nil for all that the host lists.
  package mutating func lookUp(users: [String]?, groups: [String]?) throws(HostError) {
    do throws(NetlinkError) {
      var facts = try readFacts()
      facts.users = users.map { $0.compactMap(Accounts.user(named:)) } ?? Accounts.users()
      facts.groups = groups.map { $0.compactMap(Accounts.group(named:)) } ?? Accounts.groups()
      self.facts = facts
    } catch {
      throw HostError(error)
    }
  }

  package func names(users: Set<UInt32>, groups: Set<UInt32>) -> AccountNames {
    Accounts.names(users: users, groups: groups)
  }

  /// Who has these TAPs open.
  package func holders(of names: Set<LinkName>) -> [LinkName: [Holder]] {
    if names.isEmpty { return [:] }
    return tapHolders(of: names, inNamespace: threadNamespaceInode()).merging(macvtapHolders(of: names)) {
      $1
    }
    .merging(groupHolders(of: names)) { $1 }
  }

  /// Addresses that the DHCP servers of `name`, or all of ours, have given out.
  package func leases(of name: String?) -> Set<IPAddress> {
    Set(((try? services.all) ?? []).filter { name == nil || $0.id.name == name }.flatMap(\.leases))
  }
}
