import Testing

/// What the host itself sends to a virtio NIC has a UDP checksum that the guest's kernel is to finish. A DHCP client that
/// reads raw frames and does not ask (`PACKET_AUXDATA`, packet(7)) would see it unfinished: so these answers have none.
@Suite(
  "The checksum of DHCP answers",
  .enabled(if: Gate.services, Comment(rawValue: Gate.servicesComment)))
struct UnfinishedChecksumTests {
  /// Reads frames and asks nothing; says of the first DHCP answer whether its checksum is right.
  private static let reader = """
    import socket, struct
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0800))
    s.bind(("eth0", 0))
    s.settimeout(20)
    print("ready", flush=True)
    while True:
        packet = s.recv(2048)[14:]
        head = (packet[0] & 15) * 4
        if packet[9] != 17 or packet[head + 2:head + 4] != bytes([0, 68]): continue
        length, = struct.unpack("!H", packet[head + 4:head + 6])
        if packet[head + 6:head + 8] == bytes(2):
            print("none", flush=True)
            break
        data = packet[12:20] + bytes([0, 17]) + packet[head + 4:head + 6] + packet[head:head + length]
        total = sum(struct.unpack("!%dH" % ((len(data) + 1) // 2), data + bytes(len(data) % 2)))
        while total >> 16: total = (total & 65535) + (total >> 16)
        print("right" if total == 65535 else "unfinished", flush=True)
        break
    """

  private func guest(offloads: Bool, _ body: (SpaceGuest) throws -> Void) throws {
    try Host.with { host in
      _ = try host.serve()
      let mac = try host.reservation("vms.web.nics.eth0").mac
      let guest = try SpaceGuest("web-eth0", mac: mac, on: host, offloads: offloads)
      defer { guest.leave() }
      try body(guest)
    }
  }

  @Test(
    "whoever reads frames and asks nothing sees none, whether the NIC finishes checksums or not",
    arguments: [true, false])
  func raw(offloads: Bool) throws {
    try guest(offloads: offloads) { guest in
      let reader = try guest.space.start(["python3", "-c", Self.reader])
      defer { _ = reader.finish(timeout: 5) }
      try #require(reader.line() == "ready")
      _ = try guest.lease()
      #expect(reader.line(timeout: 20) == "none")
    }
  }

  @Test("dhclient has its lease either way", arguments: [true, false])
  func dhclient(offloads: Bool) throws {
    try guest(offloads: offloads) { guest in
      try #expect(guest.lease()["new_ip_address"]?.hasPrefix("10.77.3.") == true)
    }
  }

  @Test("so does udhcpc of busybox", arguments: [true, false])
  func udhcpc(offloads: Bool) throws {
    try guest(offloads: offloads) { guest in
      let outcome = try guest.space.run(
        ["busybox", "udhcpc", "-n", "-q", "-f", "-t", "3", "-i", "eth0", "-s", "/bin/true"])
      #expect(outcome.code == 0 && outcome.output.contains("lease of 10.77.3."), "\(outcome)")
    }
  }
}
