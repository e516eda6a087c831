import Testing

/// The unit that `make install` installs, scopes and boots under systemd itself: the first process of a host of the lab.
@Suite(
  "under systemd", .enabled(if: Gate.systemd, Comment(rawValue: Gate.systemdComment)), .tags(.guests))
struct SystemdTests {
  private static func text(mtu: Int) -> String {
    "name: lab\nnetworks: {office: {address: 10.7.0.1/24, mtu: \(mtu)}}\n"
      + "vms: {a: {nics: {eth0: {network: office}}}}\n"
  }

  private static let wan = "networks: {wan: {uplink: eth0}}\nvms: {b: {nics: {eth0: {network: wan}}}}\n"

  /// How the host comes to the NIC of its uplink.
  private static let wire = """
    modprobe virtio_net
    ip link set eth0 up
    ip address add 192.0.2.10/24 dev eth0
    ip route add default via 192.0.2.1

    """

  /// A boot takes its time, so what each of three leaves is what the next one finds.
  @Test(
    "what was committed is there when the network is said to be online, what waited is not; programs and guards outlive who called; a late uplink is waited for"
  )
  func boots() throws {
    try SystemdHost.with { host in
      let first = try host.write("first.conf", Self.text(mtu: 1400))
      let second = try host.write("second.conf", Self.text(mtu: 1300))
      let wan = try host.write("wan.conf", Self.wan)
      let wire = try host.write("wire", Self.wire)

      try host.boot { guest in
        try guest.booted()
        let unit = try guest.show("vnet-apply")
        #expect(unit["ActiveState"] == "inactive" && unit["ConditionResult"] == "no", "\(unit)")
        try programs(guest, first)
        try guards(guest, first, second)
        // The power goes while a change waits.
        try guest.must("vnet-apply apply --confirm-within 600s \(second)", limit: 60)
        try guest.end(by: "echo b >/proc/sysrq-trigger")
      }

      try host.boot { guest in
        try guest.booted()
        let (unit, target) = (try guest.show("vnet-apply"), try guest.show("network-online.target"))
        #expect(unit["ActiveState"] == "active" && unit["NRestarts"] == "0", "\(unit)")
        let active = Int(unit["ActiveEnterTimestampMonotonic"] ?? "") ?? .max
        let online = Int(target["ActiveEnterTimestampMonotonic"] ?? "") ?? 0
        #expect(active <= online, "active at \(active) µs, online at \(online) µs")
        try isApplied(first, guest)
        #expect(try guest.must("pgrep -x dnsmasq").words.count == 1)
        // The power goes right behind a commit.
        try guest.must(". \(wire)", limit: 60)
        try guest.end(by: "vnet-apply apply --allow default-route \(wan) && echo b >/proc/sysrq-trigger")
      }

      try host.boot { guest in
        try guest.booted()
        #expect(try guest.show("vnet-apply")["ActiveState"] == "activating")
        try isApplied(first, guest)
        // It goes on trying also where somebody tries besides, more often than systemd lets a unit fail (`StartLimitBurst=`).
        try guest.must("for each in 1 2 3 4 5 6 7; do systemctl restart vnet-apply; done; true", limit: 120)
        let unit = try guest.show("vnet-apply")
        #expect(unit["ActiveState"] == "activating" && unit["ExecMainStatus"] == "69", "\(unit)")
        try guest.must(". \(wire)", limit: 60)
        try guest.must("until systemctl --quiet is-active vnet-apply; do sleep 1; done", limit: 120)
        #expect(try guest.must("ip -o address show dev wan").contains("192.0.2.10/24"))
        for file in [first, wan] { expect(try guest.run("vnet-apply plan \(file)", limit: 60), exits: 0) }
        // Nothing keeps the host from shutting down, whatever waits: systemd would kill it after 90 s.
        try guest.must("vnet-apply apply --confirm-within 600s \(second)", limit: 60)
        try guest.end(by: "systemctl --no-block start reboot.target; sleep 600", within: 80)
      }
    }
  }

  /// Who waited for the network has found it, and it is as it was committed.
  private func isApplied(_ file: String, _ guest: Guest) throws {
    #expect(try guest.must("cat /run/online").contains("10.7.0.1/24"))
    #expect(try mtu(guest) == "1400")
    expect(try guest.run("vnet-apply plan \(file)", limit: 60), exits: 0)
    let history = try guest.must("vnet-apply history --name lab", limit: 30)
    #expect(history.lines.filter { !$0.isEmpty }.count == 1, "\(history)")
  }

  private func mtu(_ guest: Guest) throws -> String {
    try guest.must("cat /sys/class/net/office/mtu").trimmed
  }

  /// What serves a network goes on when the unit ends in which it was applied.
  private func programs(_ guest: Guest, _ file: String) throws {
    try call(guest, "systemd-run --quiet --unit=caller", "apply \(file)")
    let dnsmasq = try guest.must("pgrep -x dnsmasq").words
    try areApart(guest, dnsmasq, "vnet-apply: dnsmasq for network 'office' of 'lab'")
    try guest.must("systemctl stop caller.service", limit: 60)
    #expect(try guest.must("pgrep -x dnsmasq").words == dnsmasq)
    expect(try guest.run("vnet-apply plan \(file)", limit: 60), exits: 0)
  }

  /// A change that nobody confirms comes back in time: also when its caller's unit is stopped, and when all that is left of
  /// a session is killed.
  private func guards(_ guest: Guest, _ first: String, _ second: String) throws {
    for (start, end) in [
      ("systemd-run --quiet --unit=caller", "systemctl stop caller.service"),
      (
        "systemd-run --quiet --scope --unit=caller --slice=user.slice",
        "echo 1 >/sys/fs/cgroup/user.slice/caller.scope/cgroup.kill"
      ),
    ] {
      try call(guest, start, "apply --confirm-within 10s \(second)")
      let guards = try guest.must("cat /run/vnet-apply/*/guard.?").words
      #expect(guards.count == 2)
      let scope = try areApart(guest, guards, "vnet-apply: guard of a change")
      try guest.must("pgrep -fx 'sleep 1000'")
      try guest.must(end, limit: 60)
      #expect(try guest.run("pgrep -fx 'sleep 1000'").code == 1, "the caller goes on")
      expect(try guest.run("kill -0 \(guards.joined(separator: " "))"), exits: 0)
      #expect(try mtu(guest) == "1300")
      let seconds = try guest.must(
        """
        while [ -e /sys/fs/cgroup/system.slice/\(scope) ]; do sleep 0.2; done
        echo $(($(date +%s) - $(stat -c %Y /run/called)))
        """, limit: 90
      ).trimmed
      #expect((9...15).contains(Int(seconds) ?? 0), "undone after \(seconds) s")
      expect(try guest.run("vnet-apply plan \(first)", limit: 60), exits: 0)
    }
  }

  /// Has vnet-apply run in a unit or scope that stays; returns when it is done.
  private func call(_ guest: Guest, _ start: String, _ command: String) throws {
    try guest.must(
      """
      rm -f /run/called
      \(start) sh -c 'vnet-apply \(command) >/run/said 2>&1 && touch /run/called; exec sleep 1000' >/dev/null 2>&1 &
      until [ -e /run/called ]; do sleep 0.1; done
      """, limit: 90)
  }

  /// These processes are in one scope of their own, and nobody's unit or session; its name.
  @discardableResult
  private func areApart(_ guest: Guest, _ pids: [String], _ description: String) throws -> String {
    let groups = try guest.must("cd /proc && cat \(pids.map { $0 + "/cgroup" }.joined(separator: " "))")
    let places = Set(groups.lines.filter { !$0.isEmpty })
    let words = places.first?.split(separator: "/") ?? []
    #expect(
      places.count == 1 && words.count == 3 && words[1] == "system.slice" && words[2].hasSuffix(".scope"),
      "\(places)")
    let scope = String(words.last ?? "")
    #expect(try guest.show(scope)["Description"] == description)
    return scope
  }
}
