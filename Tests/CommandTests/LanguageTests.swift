import Testing
import Witness

@Suite("the language, as the kernel shows it", .enabled(if: Gate.ready, Comment(rawValue: Gate.readyComment)))
struct LanguageTests {
  @Test("several files, a folder and standard input merge to what one file says")
  func merging() throws {
    try Host.with { host in
      try must(["mkdir", host.files.path + "/parts"])
      let networks = try host.files.write(
        "parts/10-networks.conf", "name: quick\nnetworks: {office: {uplink: eth1}, backstage: {}}\n")
      let vms = try host.files.write(
        "parts/20-vms.yaml",
        "name: quick\nvms:\n  desktop: {nics: {eth0: {network: office}}}\n  build: {nics: {eth0: {network: backstage}}}\n"
      )
      let more = try host.files.write(
        "parts/30-more.yml", "vms: {desktop: {owner: nobody, nics: {eth1: {network: backstage}}}}\n")
      try host.files.write("parts/ignored.txt", "not: [yaml\n")
      let separate = try host.vnet("plan", "--json", networks, vms, more)
      expect(separate, exits: 2)
      let folder = try host.vnet("plan", "--json", host.files.path + "/parts")
      #expect(folder.stdout == separate.stdout, "\(folder)")
      let piped = try host.vnet(
        ["plan", "--json", networks, "-", more], input: try host.files.read("parts/20-vms.yaml"))
      #expect(piped.stdout == separate.stdout, "\(piped)")
      expect(try host.vnet("apply", host.files.path + "/parts"), exits: 0)
      #expect(try host.linkNames.isSuperset(of: ["desktop-eth0", "desktop-eth1", "build-eth0"]))
      #expect(try host.link("desktop-eth1")["linkinfo"]["info_data"]["user"].text == "nobody")
    }
  }

  @Test("a leaf given twice is an error that shows both places")
  func leafTwice() throws {
    try Host.with { host in
      let one = try host.files.write("one.conf", "name: x\nnetworks: {lab: {mtu: 1400}}\n")
      let two = try host.files.write("two.conf", "name: x\nnetworks:\n  lab: {mtu: 1300}\n")
      let outcome = try host.vnet("check", one, two)
      expect(outcome, exits: 65)
      #expect(outcome.output.contains("one.conf:2:") && outcome.output.contains("two.conf:3:"), "\(outcome)")
    }
  }

  @Test("several files must say a name; one file's name is the default")
  func names() throws {
    try Host.with { host in
      let one = try host.files.write("one.conf", "networks: {lab: {}}\n")
      let two = try host.files.write("two.conf", "vms: {v: {nics: {eth0: {network: lab}}}}\n")
      expect(try host.vnet("check", one, two), exits: 65)
      let single = try host.files.write(
        "corner.conf", "networks: {lab: {}}\nvms: {v: {nics: {eth0: {network: lab}}}}\n")
      expect(try host.vnet("apply", single), exits: 0)
      #expect(try host.link("v-eth0")["ifalias"].text?.hasPrefix("vnet:corner/") == true)
      #expect(try host.link("v-eth0")["altnames"].elements.contains(.string("corner.v.eth0")))
    }
  }

  @Test("count makes alike VMs, {n} their number, and shrinking takes the highest")
  func count() throws {
    try Host.with { host in
      func text(_ count: Int) -> String {
        """
        name: c
        networks: {lab: {}}
        vms:
          runner:
            count: \(count)
            pad: 2
            owner: "{20000+n}"
            nics: {eth0: {network: lab, device: "run{n-1}"}, eth1: {network: lab}}

        """
      }
      let file = try host.files.write("c.conf", text(3))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(
        try host.linkNames == [
          "lo", "eth1", "lab", "run0", "run1", "run2", "runner-01-eth1", "runner-02-eth1", "runner-03-eth1",
        ])
      #expect(try host.link("run1")["linkinfo"]["info_data"]["user"].line == "20002")
      #expect(try host.link("run1")["altnames"].elements.contains(.string("c.runner-02.eth0")))
      let kept = try host.link("run1")["ifindex"]
      try host.files.write("c.conf", text(4))
      let growth = try host.plan(file).changes.filter { !$0.id.hasPrefix("table/") }
      #expect(Set(growth.map(\.action)) == ["create"])
      expect(try host.vnet("apply", file), exits: 0)
      try host.files.write("c.conf", text(2))
      expect(try host.vnet("apply", file), exits: 0)
      #expect(
        try host.linkNames == ["lo", "eth1", "lab", "run0", "run1", "runner-01-eth1", "runner-02-eth1"])
      #expect(try host.link("run1")["ifindex"] == kept)
    }
  }

  @Test("an address range gives the n-th VM the n-th address")
  func addressRange() throws {
    try Host.with { host in
      let file = try host.files.write(
        "c.conf",
        "name: c\nvms: {r: {count: 3, nics: {eth0: {mode: tap, address: 203.0.113.11-203.0.113.13}}}}\n")
      expect(try host.vnet("apply", file), exits: 0)
      for number in 1...3 {
        #expect(try host.routes(4, "203.0.113.1\(number)").map { $0["dev"].text } == ["r-\(number)-eth0"])
      }
      try host.files.write(
        "c.conf",
        "name: c\nvms: {r: {count: 4, nics: {eth0: {mode: tap, address: 203.0.113.11-203.0.113.13}}}}\n")
      expect(try host.vnet("check", file), exits: 65)
    }
  }

  @Test("NIC goes before VM, before the network's defaults, before the file's")
  func precedence() throws {
    try Host.with { host in
      let file = try host.files.write(
        "d.conf",
        """
        name: d
        defaults: {mtu: 1400, owner: nobody, isolated: true}
        networks:
          plain: {}
          own: {defaults: {mtu: 1300, isolated: false}}
        vms:
          a: {nics: {eth0: {network: plain}, eth1: {network: own}, eth2: {network: own, mtu: 1280, isolated: true}}}
          b: {owner: 4242, nics: {eth0: {network: own}}}
        """)
      expect(try host.vnet("apply", file), exits: 0)
      for (name, mtu, user, isolated) in [
        ("a-eth0", 1400, "nobody", true), ("a-eth1", 1300, "nobody", false), ("a-eth2", 1280, "nobody", true),
        ("b-eth0", 1300, "4242", false),
      ] {
        let link = try host.link(name)
        #expect(link["mtu"].int == mtu, "\(name)")
        #expect(link["linkinfo"]["info_data"]["user"].line == user, "\(name)")
        #expect(link["linkinfo"]["info_slave_data"]["isolated"].isTrue == isolated, "\(name)")
      }
      expect(try host.vnet("plan", file), exits: 0)
    }
  }

  @Test("`host: none` leaves the uplink's addresses behind, and stated ones are exactly those")
  func hostPresence() throws {
    try Host.with { host in
      let file = try host.files.write("h.conf", "name: h\nnetworks: {office: {uplink: eth1, host: none}}\n")
      let before = try host.space.dump()
      let none = try host.vnet("apply", "--allow", "default-route", file)
      expect(none, exits: 0)
      #expect(try host.addresses("office") == [])
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
      try host.files.write(
        "h.conf",
        "name: h\nnetworks: {office: {uplink: eth1, host: {address: [192.0.2.200/24], gateway: [192.0.2.1]}}}\n"
      )
      expect(try host.vnet("apply", "--allow", "default-route", file), exits: 0)
      #expect(try host.addresses("office") == ["192.0.2.200/24"])
      #expect(try host.routes(4, "default").map { $0["dev"].text } == ["office"])
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump())
    }
  }

  @Test("an uplink may be named by MAC or as the default route's")
  func hardwareReferences() throws {
    for reference in ["{mac: \"\(Host.uplinkMAC)\"}", "default-route"] {
      try Host.with { host in
        let file = try host.files.write("u.conf", "name: u\nnetworks: {office: {uplink: \(reference)}}\n")
        expect(try host.vnet("apply", file), exits: 0)
        #expect(try host.link("eth1")["master"].text == "office", "\(reference)")
        expect(try host.vnet("plan", file), exits: 0)
      }
    }
  }

  @Test("a network's own keys reach its bridge: device, mac, mtu, address")
  func networkKeys() throws {
    try Host.with { host in
      let file = try host.files.write(
        "n.conf",
        """
        name: n
        networks:
          lab: {device: br-lab, mac: "02:00:00:00:ab:01", mtu: 1420, address: [10.7.0.1/24, "2001:db8:7::1/64"], dhcp: false, dns: false, ra: false}
        vms: {v: {nics: {eth0: {network: lab}}}}
        """)
      let outcome = try host.vnet("apply", file)
      expect(outcome, exits: 0)
      guard outcome.code == 0 else { return }
      let bridge = try host.link("br-lab")
      #expect(bridge["address"].text == "02:00:00:00:ab:01" && bridge["mtu"].int == 1420, "\(bridge.line)")
      #expect(try host.addresses("br-lab") == ["10.7.0.1/24", "2001:db8:7::1/64"])
      #expect(try host.link("v-eth0")["mtu"].int == 1420)
    }
  }

  @Test("a queue count above one makes a multi-queue TAP, and every VMM's TAP can be attached")
  func queues() throws {
    try Host.with { host in
      let file = try host.files.write(
        "q.conf",
        """
        name: q
        networks: {lab: {}}
        vms:
          many: {vmm: cloud-hypervisor, nics: {eth0: {network: lab, queues: 4}}}
          qemu: {vmm: qemu, nics: {eth0: {network: lab}}}
          fire: {vmm: firecracker, nics: {eth0: {network: lab}}}
          cros: {vmm: crosvm, nics: {eth0: {network: lab}}}
          virt: {vmm: libvirt, nics: {eth0: {network: lab}}}
        """)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.link("many-eth0")["linkinfo"]["info_data"]["multi_queue"].isTrue)
      for name in ["many", "qemu", "fire", "cros", "virt"] {
        let station = try Station("\(name)-eth0", in: host.space)
        station.leave()
        expect(try host.vnet("plan", file), exits: 0)
      }
      try host.files.write(
        "q.conf",
        "name: q\nnetworks: {lab: {}}\nvms: {f: {vmm: firecracker, nics: {eth0: {network: lab, queues: 2}}}}\n"
      )
      expect(try host.vnet("check", file), exits: 65)
    }
  }
}
