import Testing
import Witness

/// On a host that has Wi-Fi alone.
@Suite("Wi-Fi", .serialized, .enabled(if: Gate.wireless, Gate.wirelessComment))
struct WirelessTests {
  @Test("what cannot be on Wi-Fi is refused, with what can named")
  func refused() throws {
    try WirelessHost.with { host in
      for text in [
        "networks: {lan: {uplink: wlan0}}\nvms: {a: {nics: {eth0: {network: lan}}}}",
        "vms: {a: {nics: {eth0: {mode: bridged, via: macvtap, hardware: wlan0}}}}",
        "vms: {a: {nics: {eth0: {mode: dedicated, via: macvtap, hardware: wlan0}}}}",
      ] {
        let file = try host.files.write("w.conf", "name: w\n\(text)\n")
        let outcome = try host.vnet("plan", file)
        expect(outcome, exits: 65)
        for words in ["'wlan0' is Wi-Fi", "'mode: tap' with 'proxy: wlan0'", "'nat: true'"] {
          #expect(outcome.stderr.contains(words), "\(words)\n\(text)\n\(outcome)")
        }
      }
    }
  }

  @Test("routed with `proxy` a guest has an address of the Wi-Fi's, and is reached there; by NAT it gets out")
  func works() throws {
    try WirelessHost.with { host in
      let before = try host.space.dump()
      let file = try host.files.write(
        "w.conf",
        """
        name: w
        networks: {inside: {address: 10.77.0.1/24, nat: true}}
        vms:
          seen: {nics: {eth0: {mode: tap, address: 192.0.2.50, proxy: wlan0}}}
          hidden: {nics: {eth0: {network: inside, address: 10.77.0.5}}}

        """)
      expect(try host.vnet("apply", file), exits: 0)
      #expect(try host.vnet("plan", file).stdout == "No changes.\n")
      let seen = try Station("seen-eth0", in: host.space, "--address 192.0.2.50/32 --gateway 169.254.0.1")
      // Who answers for another does so after up to 0.8 s, a random part of `proxy_delay` (arp(7)); an access point keeps what
      // goes to all until its next beacon.
      #expect(try seen.lost(to: "192.0.2.1", wait: 3000) == 0)
      #expect(try lost(from: host.lan, to: "192.0.2.50") == 0)
      seen.leave()
      let hidden = try Station("hidden-eth0", in: host.space, "--address 10.77.0.5/24 --gateway 10.77.0.1")
      #expect(try hidden.lost(to: "192.0.2.1") == 0)
      hidden.leave()
      expect(try host.vnet("remove", file), exits: 0)
      try host.space.settle("wlan0")
      expectEqual(before, try host.space.dump())
    }
  }
}
