import Testing
import Witness

/// A guest that is a network namespace, joined to the TAP of a NIC: its programs are the witnesses.
struct SpaceGuest {
  let space: Namespace
  private let lead: Child
  private let files: TemporaryFolder

  /// `eth0` of the guest is the other end of `tap`; what the host leaves to NICs that finish checksums comes unfinished
  /// where it `offloads`.
  init(_ tap: String, mac: String, on host: Host, offloads: Bool = false) throws {
    files = try TemporaryFolder()
    space = try Namespace()
    try space.sysctl(
      "net.ipv6.conf.default.accept_dad=0", "net.ipv6.conf.default.router_solicitation_delay=0")
    lead = try host.space.start(
      [Tools.standIn, "lead", tap, "/run/netns/\(space.name)", "eth0", mac]
        + (offloads ? ["offload"] : []))
    guard lead.line() == "ready" else {
      throw CommandFailure(description: lead.finish(timeout: 5).description)
    }
    try space.ip("link set eth0 up")
    try files.write("client", "#!/bin/sh\nenv | grep '^new_\\|^reason' >>\(files.path)/said\nexit 0\n")
    try must(["chmod", "+x", files.path + "/client"])
  }

  func leave() {
    _ = lead.finish(timeout: 5)
    space.delete()
    files.delete()
  }

  /// What a DHCP server told it, by dhclient-script(8)'s names.
  func lease(_ family: Int = 4) throws -> [String: String] {
    try files.write("said", "")
    let outcome = try space.run(
      [
        "timeout", "20", "dhclient", "-\(family)", "-1", "-sf", files.path + "/client", "-lf",
        files.path + "/leases\(family)", "-pf", files.path + "/pid\(family)", "eth0",
      ], timeout: 30)
    let said = try files.read("said").lines.compactMap { line -> (String, String)? in
      let parts = line.split(separator: "=", maxSplits: 1).map(String.init)
      return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
    guard outcome.code == 0 else { throw CommandFailure(description: outcome.description) }
    return Dictionary(said, uniquingKeysWith: { $1 })
  }

  /// The answer of a name server, its lines sorted.
  func dig(_ words: String) throws -> [String] {
    let outcome = try space.run(["dig", "+short", "+time=2", "+tries=2"] + words.words)
    return outcome.stdout.lines.filter { !$0.isEmpty }.sorted()
  }

  /// Addresses that it has, link-local ones apart.
  func addresses() throws -> [String] {
    try space.json("ip -j addr show dev eth0")[0]["addr_info"].elements
      .filter { $0["scope"].text == "global" }.map { $0["local"].line }
  }
}

/// A network with an address, and two VMs on it.
enum Served {
  static let network = """
    lab:
        address: [10.77.3.1/24, "fd77:3::1/64"]
        dhcp: {lease: 10m, ntp: 10.77.3.1, boot: {file: pxe/boot.0, server: 10.77.3.9}}
        dns: {domain: lab.example, hosts: {printer: 10.77.3.50}, upstream: []}
    """
  static let vms = """
      web: {nics: {eth0: {network: lab}}}
      db: {nics: {eth0: {network: lab, address: 10.77.3.7}}}
    """
  static let text = "name: served\nnetworks:\n  \(network)\nvms:\n\(vms)\n"
}

extension Host {
  /// Applies a file after which nothing is left to do; its path.
  func serve(_ text: String = Served.text) throws -> String {
    let file = try files.write("served.conf", text)
    let outcome = try vnet("apply", file)
    expect(outcome, exits: 0)
    expect(try vnet("plan", file), exits: 0)
    return file
  }

  /// What is reserved for a NIC: its MAC and its addresses.
  func reservation(_ path: String) throws -> (mac: String, addresses: [String]) {
    let objects = try JSON(parsing: vnet("snapshot").stdout)["objects"].elements
    guard let found = objects.first(where: { $0["object"].text == "reservation" && $0["path"].text == path })
    else { throw CommandFailure(description: "nothing is reserved for \(path)") }
    return (
      found["mac"].text ?? "", found["addresses"].elements.map { String($0.line.prefix { $0 != "/" }) }
    )
  }

  /// Processes of dnsmasq in the host's namespace.
  var servers: [Int32] {
    space.processes.filter { pid in
      (try? must(["cat", "/proc/\(pid)/comm"]).trimmed) == "dnsmasq"
    }
  }

  /// The folder of a service's files.
  func serviceFolder(_ network: String, of name: String = "served") throws -> String {
    "/run/vnet-apply/\(space.cookie ?? "")/services/\(name)/dnsmasq-\(network)"
  }
}
