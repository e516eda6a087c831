import Testing

/// A router ignores advertisements, and the kernel drops the default routes that it has of them with every setting that
/// makes it one (`rt6_purge_dflt_routers`, net/ipv6/addrconf.c), whichever interface that is about.
@Suite(
  "a host that lives from advertisements routes for guests",
  .enabled(if: Gate.ready && Gate.nft, Comment(rawValue: Gate.readyComment)))
struct AdvertisedRoutingTests {
  private static let lab = """
    name: n
    networks:
      lab: {address: ["2001:db8:9::1/64"], route: true, dhcp: false, dns: false, ra: false}

    """

  private func keepsItsRouters(_ text: String) throws {
    try Advertised.withRouter { host, router in
      #expect(try Advertised.defaults(host, "eth1") == [1024])
      let file = try host.files.write("n.conf", text)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try Advertised.defaults(host, "eth1") == [1024], "after apply")
      expect(try host.vnet("plan", file), exits: 0)
      try router.advertise()
      #expect(try Advertised.defaults(host, "eth1") == [1024], "after the next advertisement")
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try Advertised.defaults(host, "eth1") == [1024], "after remove")
      try router.advertise(lifetime: 0)
      #expect(try Advertised.wait { try Advertised.defaults(host, "eth1") == [] }, "it goes on listening")
    }
  }

  @Test("its default route stays when a network of guests comes and goes")
  func network() throws {
    try keepsItsRouters(Self.lab)
  }

  @Test("its default route stays when a routed TAP comes and goes, also one that its LAN is answered for")
  func tap() throws {
    for keys in ["address: \"2001:db8:77::77\"", "address: \"2001:db8:1::77\", proxy: eth1"] {
      try keepsItsRouters("name: n\nvms: {web: {nics: {eth0: {mode: tap, \(keys)}}}}\n")
    }
  }

  @Test("its default route moves along when its interface is taken in and others route for guests")
  func uplink() throws {
    try Advertised.withRouter { host, router in
      let file = try host.files.write("n.conf", Self.lab + "  office: {uplink: eth1}\n")
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try Advertised.wait { try Advertised.defaults(host, "office").contains(1024) })
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      #expect(try Advertised.wait { try Advertised.defaults(host, "eth1").contains(1024) })
      #expect(try host.space.setting("ipv6/conf/eth1/accept_ra") == "1")
    }
  }

  @Test("a run that fails at its commit leaves its default route, and so does the way back")
  func failed() throws {
    try Advertised.withRouter { host, _ in
      let file = try host.files.write("n.conf", Self.lab)
      let outcome = try run(
        host.space.command([
          "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=rename,renameat,renameat2",
          "-e", "inject=rename,renameat,renameat2:error=EIO", Tools.vnetApply, "apply", file,
        ]))
      #expect(outcome.code == 1, "\(outcome)")
      #expect(try Advertised.defaults(host, "eth1") == [1024])
      #expect(try host.space.setting("ipv6/conf/eth1/accept_ra") == "1")
    }
  }
}
