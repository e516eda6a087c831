import Glibc
import Testing
import Witness

@Suite(
  "DHCP, DNS and router advertisements on a network with an address",
  .enabled(if: Gate.services, Comment(rawValue: Gate.servicesComment)))
struct ServiceTests {
  @Test("a guest's lease is its reservation, with what the file says besides")
  func lease() throws {
    try Host.with { host in
      _ = try host.serve()
      let web = try host.reservation("vms.web.nics.eth0")
      let guest = try SpaceGuest("web-eth0", mac: web.mac, on: host)
      defer { guest.leave() }
      let lease = try guest.lease()
      #expect(lease["new_ip_address"] == web.addresses[0], "\(lease)")
      #expect(lease["new_subnet_mask"] == "255.255.255.0")
      #expect(lease["new_routers"] == "10.77.3.1")
      #expect(lease["new_domain_name_servers"] == "10.77.3.1")
      #expect(lease["new_domain_name"] == "lab.example")
      #expect(lease["new_dhcp_lease_time"] == "600")
      #expect(lease["new_host_name"] == "web")
      #expect(lease["new_filename"] == "pxe/boot.0" && lease["new_next_server"] == "10.77.3.9", "\(lease)")
      #expect(lease["new_ntp_servers"] == "10.77.3.1")
    }
  }

  @Test(
    "what the guest makes of the advertised prefix and what DHCPv6 gives it are one address: its reservation")
  func ipv6() throws {
    try Host.with { host in
      _ = try host.serve()
      let web = try host.reservation("vms.web.nics.eth0")
      let guest = try SpaceGuest("web-eth0", mac: web.mac, on: host)
      defer { guest.leave() }
      #expect(try Clock.wait(15) { try guest.addresses() == [web.addresses[1]] })
      let route = try guest.space.json("ip -6 -j route show default")[0]
      #expect(route["protocol"].text == "ra")
      let lease = try guest.lease(6)
      #expect(lease["new_ip6_address"] == web.addresses[1], "\(lease)")
      #expect(lease["new_dhcp6_name_servers"] == "fd77:3::1")
    }
  }

  @Test("a guest finds its siblings and the file's hosts by name, and nothing beyond without an upstream")
  func names() throws {
    try Host.with { host in
      _ = try host.serve()
      let (web, db) = (
        try host.reservation("vms.web.nics.eth0"), try host.reservation("vms.db.nics.eth0")
      )
      let guest = try SpaceGuest("web-eth0", mac: web.mac, on: host)
      defer { guest.leave() }
      try guest.space.ip("addr add \(web.addresses[0])/24 dev eth0")
      #expect(db.addresses[0] == "10.77.3.7")
      #expect(try guest.dig("@10.77.3.1 db") == ["10.77.3.7"])
      #expect(try guest.dig("@10.77.3.1 db.lab.example A") == ["10.77.3.7"])
      #expect(try guest.dig("@10.77.3.1 db.lab.example AAAA") == [db.addresses[1]])
      #expect(try guest.dig("@10.77.3.1 printer.lab.example") == ["10.77.3.50"])
      #expect(try guest.dig("@10.77.3.1 -x 10.77.3.7") == ["db.lab.example."])
      #expect(try guest.dig("@10.77.3.1 example.com") == [])
    }
  }

  @Test("it listens on its bridge and nowhere else, and runs as nobody in particular")
  func bound() throws {
    try Host.with { host in
      _ = try host.serve()
      let sockets = try host.space.run(["ss", "-Hlnptu"]).stdout.lines.filter { $0.contains("dnsmasq") }
      for line in sockets where !line.isEmpty {
        let local = line.words[4]
        #expect(
          local.hasPrefix("10.77.3.1:") || local.hasPrefix("[fd77:3::1]:") || local.contains("%lab:"),
          "\(line)")
      }
      #expect(sockets.count >= 3)
      let pid = try #require(host.servers.first)
      let owner = try must(["stat", "-c", "%u", "/proc/\(pid)"]).trimmed
      #expect(owner != "0")
    }
  }

  @Test("'status' shows what is reserved, and what of it the guest has taken")
  func status() throws {
    try Host.with { host in
      let file = try host.serve()
      let web = try host.reservation("vms.web.nics.eth0")
      let guest = try SpaceGuest("web-eth0", mac: web.mac, on: host)
      defer { guest.leave() }
      _ = try guest.lease()
      let status = try host.vnet("status", file)
      expect(status, exits: 0)
      #expect(status.stdout.contains("  \(web.addresses[0]) (lease) \(web.addresses[1])  "), "\(status)")
      #expect(status.stdout.contains("  10.77.3.7 fd77:3::"), "\(status)")
      let nics = try JSON(parsing: host.vnet("status", "--json", file).stdout)["nics"].elements
      #expect(nics.map { $0["leases"].elements.map(\.line) } == [[], [web.addresses[0]]])
    }
  }

  @Test("an automatic network is served as any other, and its subnet outlives the kernel's state")
  func automatic() throws {
    try Host.with { host in
      let text =
        "name: served\nnetworks: {lab: {address: auto}}\nvms: {web: {nics: {eth0: {network: lab}}}}\n"
      let file = try host.serve(text)
      let web = try host.reservation("vms.web.nics.eth0")
      let addresses = try host.addresses("lab")
      #expect(addresses.count == 2 && addresses[0].hasPrefix("10."))
      // As a boot would leave it: neither links nor processes nor what lies in /run.
      for pid in host.servers { kill(pid, SIGKILL) }
      try host.space.ip("link del lab\nlink del web-eth0")
      try must(["rm", "-rf", "/run/vnet-apply/\(host.space.cookie ?? "")"])
      try host.files.write("served.conf", "mac-seed: another\n" + text)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.addresses("lab") == addresses)
      #expect(try host.reservation("vms.web.nics.eth0").addresses[0] == web.addresses[0])
    }
  }
}
