import Testing
import Witness

extension RealGuests {
  /// QEMU itself asks qemu-bridge-helper, as a user who may nothing else.
  @Suite(
    "a guest whose port qemu-bridge-helper makes",
    .enabled(
      if: Gate.bridgeHelper && Gate.services && Tools.has(HelperHost.helper),
      "needs also overlayfs, nft, dnsmasq and qemu-bridge-helper"))
  struct BridgeHelperGuestTests {
    private func text(_ owner: String) -> String {
      """
      name: helped
      networks: {lab: {address: 10.7.0.1/24}}
      vms: {web: {\(owner)nics: {eth0: {network: lab, via: vmm\(Gate.bridgePorts ? "" : ", anti-spoof: false")}}}}

      """
    }

    @Test("it has its address, reaches the host, and comes and goes without a difference")
    func address() throws {
      try HelperHost.with { own in
        let host = own.host
        let file = try host.files.write("helped.conf", text("owner: nobody, "))
        let (before, folder) = (try host.space.dump(), try own.folder)
        expect(try host.vnet("apply", file), exits: 0)
        let reserved = try host.reservation("vms.web.nics.eth0").addresses
        try host.boot(["web"], file, as: "nobody") { guests in
          try guests[0].must(
            """
            ip link set eth0 up
            udhcpc -f -n -q -t 10 -T 1 -i eth0 -s /etc/udhcpc/default.script >/dev/null 2>&1
            """, limit: 40)
          let addresses = try guests[0].must("ip -4 -o addr show dev eth0")
          #expect(addresses.contains("inet \(reserved[0])/24"), "\(addresses)")
          try guests[0].must("ping -c 1 -W 5 10.7.0.1")
          expect(try host.vnet("plan", file), exits: 0)
          // One such port and one such NIC: it is that.
          let row = try host.statusRow(file, nic: "web/eth0")
          #expect(row["device"].text == "tap0" && row["port"].text == "tap*", "\(row)")
        }
        expect(try host.vnet("plan", file), exits: 0)
        expect(try host.vnet("remove", file), exits: 0)
        try #expect(own.folder == folder)
        expectEqual(before, try host.space.dump())
      }
    }
  }
}
