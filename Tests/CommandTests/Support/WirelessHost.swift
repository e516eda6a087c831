import Glibc
import Testing
import Witness

/// A host whose way out is Wi-Fi: `wlan0` has joined an open access point, which is the LAN's station 192.0.2.1.
///
/// Two radios of mac80211_hwsim hear each other, each in a namespace. As on air the access point drops frames of any MAC that
/// has not joined.
enum WirelessHost {
  static func with(_ body: (Host) throws -> Void) throws {
    try LabHost.inTurn { try take(body) }
  }

  private static func take(_ body: (Host) throws -> Void) throws {
    let files = try TemporaryFolder()
    defer { files.delete() }
    let space = try Namespace()
    defer { space.delete() }
    let lan = try Namespace()
    defer { lan.delete() }
    try must(["modprobe", "mac80211_hwsim", "radios=2"])
    // The radios go back to where they came from, and with the module altogether.
    defer { _ = try? must(["sh", "-c", "sleep 1; modprobe -r mac80211_hwsim"]) }
    let radios = try must(["sh", "-c", "ls /sys/class/ieee80211 | sort -V"]).words
    for (radio, there) in zip(radios, [space, lan]) {
      try must(tool("sbin/iw", "phy", radio, "set", "netns", "name", there.name))
    }
    for (name, there, end) in [("wlan0", space, 10), ("wlan1", lan, 1)] {
      let found = try there.json("ip -j link").elements.compactMap { $0["ifname"].text }.first { $0 != "lo" }
      try there.ip("link set \(found ?? "") name \(name)\naddr add 192.0.2.\(end)/24 dev \(name)")
    }
    let settings = try files.write(
      "hostapd.conf", "interface=wlan1\ndriver=nl80211\nssid=vnet\nhw_mode=g\nchannel=1\n")
    let point = try lan.start(tool("usr/sbin/hostapd", settings))
    defer { _ = point.finish(timeout: 5) }
    let isOpen = Clock.wait(10 * Clock.patience) {
      (try? lan.json("ip -j link show dev wlan1")[0]["operstate"].text) == "UP"
    }
    guard isOpen else { throw CommandFailure(description: "no access point: \(point.finish(timeout: 1))") }
    try space.ip("link set wlan0 up")
    try must(space.command(tool("sbin/iw", "dev", "wlan0", "connect", "vnet")))
    let host = Host(space: space, lan: lan, lan2: nil, files: files)
    #expect(
      Clock.wait(20 * Clock.patience) { (try? host.link("wlan0")["operstate"].text) == "UP" }, "not joined")
    try space.ip("route add default via 192.0.2.1")
    try space.settle("wlan0")
    try body(host)
  }

  /// A program as `scripts/setup` unpacks it, with the libraries beside it.
  private static func tool(_ path: String, _ arguments: String...) -> [String] {
    let libraries = ["lib", "usr/lib"].map { "\(root ?? "")/\($0)/x86_64-linux-gnu" }.joined(separator: ":")
    return ["env", "LD_LIBRARY_PATH=\(libraries)", "\(root ?? "")/\(path)"] + arguments
  }

  static let root: String? = {
    let home = Tools.environment("HOME") ?? ""
    let cache = (Tools.environment("XDG_CACHE_HOME") ?? home + "/.cache") + "/vnet-apply/wifi"
    return access(cache + "/usr/sbin/hostapd", X_OK) == 0 ? cache : nil
  }()
}

extension Gate {
  /// Never on the machine that starts the tests, which may have radios of its own.
  static let wireless =
    Tools.environment("LAB_KERNEL") != nil && services && WirelessHost.root != nil
  static let wirelessComment: Comment =
    "needs the lab's machine (lab/run), and an access point as scripts/setup unpacks it"
}
