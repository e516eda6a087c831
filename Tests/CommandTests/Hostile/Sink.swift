import Glibc
import Synchronization
import Testing
import Witness

/// Where values of a configuration go, and who reads it there.
enum Sink {
  /// Names of network namespaces are the whole machine's: one at a time.
  private static let namespaces = Mutex(())

  /// Applies what the language took, and asks every reader whether it finds what was meant and nothing else.
  static func expectAll(_ taken: TakenText) throws {
    guard taken.namesNetns else { return try apply(taken) }
    try namespaces.withLock { _ in try apply(taken) }
  }

  private static func apply(_ taken: TakenText) throws {
    try Host.with { host in
      var host = host
      host.isEnteredByName = taken.namesNetns
      try host.space.ip("link add name eth2 type veth peer name eth2-lan\nlink set eth2 up")
      let file = try host.files.write("hostile.conf", taken.configuration)
      let before = try host.space.dump()
      let planned = try host.vnet("plan", "--json", file)
      // What is not executed yet, or is not there, is said; nothing is done with the text.
      if planned.code == 69 { return expectEqual(before, try host.space.dump()) }
      #expect([0, 2, 65].contains(planned.code), "\(taken.description): \(planned)")
      guard planned.code != 65 else { return }
      _ = try JSON(parsing: planned.stdout)
      let applied = try host.vnet("apply", "--allow", "open-loopback", file)
      #expect(applied.code == 0, "\(taken.description): \(applied)")
      guard applied.code == 0 else { return }
      let reader = Reader(host: host, file: file, taken: taken)
      try reader.expectTables()
      try reader.expectLinks()
      try reader.expectService()
      try reader.expectFiles()
      try reader.expectJSON()
      try reader.expectAttachments()
      expect(try host.vnet("plan", file), exits: 0)
      expect(try host.vnet("remove", file), exits: 0)
      expectEqual(before, try host.space.dump(), "\(taken.description)")
    }
  }

  private struct Reader {
    let host: Host
    let file: String
    let taken: TakenText

    private var hostile: String { taken.hostile.text }
    /// What needs no quoting anywhere.
    private static func isPlain(_ text: String) -> Bool { text.wholeMatch(of: /[A-Za-z0-9_.:\/-]*/) != nil }

    /// nft itself: the tables are those of this configuration, with the chains of any other.
    func expectTables() throws {
      let listing = try JSON(parsing: must(host.space.command(["nft", "-j", "list", "ruleset"])))
      let name = taken.place.path == ["name"] ? hostile : "hostile"
      for item in listing["nftables"].elements {
        guard let (kind, object) = item.members.first, kind != "metainfo" else { continue }
        let table = kind == "table" ? object["name"] : object["table"]
        #expect(table.text == "vnet-\(name)", "\(taken.description): \(item.line)")
      }
    }

    /// ip: aliases and alternative names are plain, whatever the text was.
    func expectLinks() throws {
      for link in try host.space.json("ip -d -j link show").elements {
        let names = [link["ifname"], link["ifalias"]] + link["altnames"].elements
        for name in names.compactMap(\.text) {
          #expect(Self.isPlain(name), "\(taken.description): \(link.line)")
        }
      }
    }

    /// dnsmasq itself reads its files; a guest is told the boot file as it was written; its arguments are plain.
    func expectService() throws {
      for pid in host.servers {
        let words = try must(["cat", "/proc/\(pid)/cmdline"]).split(separator: "\0").map(String.init)
        for word in words { #expect(word.wholeMatch(of: /[A-Za-z0-9_.:\/=,-]*/) != nil, "\(words)") }
        for word in words where word.hasPrefix("--conf-file=") {
          let test = try run(["dnsmasq", "--test", word])
          #expect(test.code == 0, "\(taken.description): \(test)")
        }
      }
      guard taken.place.path.suffix(2) == ["boot", "file"] else { return }
      let guest = try SpaceGuest("vm-eth0", mac: host.guestMAC("vm/eth0", file) ?? "", on: host)
      defer { guest.leave() }
      // dhclient keeps back what a careless script could trip over (`check_option_values`); busybox hands it on as it came.
      let script = try host.files.write(
        "bound", "#!/bin/sh\n[ \"$1\" != bound ] || printf %s \"$boot_file\" >\(host.files.path)/told\n")
      try must(["chmod", "+x", script])
      let client = try guest.space.run(
        ["timeout", "20", "busybox", "udhcpc", "-f", "-n", "-q", "-t", "5", "-i", "eth0", "-s", script])
      #expect(client.code == 0, "\(client)")
      #expect(try host.files.read("told") == hostile, "\(taken.description)")
    }

    /// Everything that was written lies under the state folders, with plain names.
    func expectFiles() throws {
      let folders = ["/run/vnet-apply/\(host.space.cookie ?? "")", host.space.lasting]
      for folder in folders where access(folder, F_OK) == 0 {
        let names = try must(["find", folder, "-printf", "%P\\0"]).split(separator: "\0")
        for name in names { #expect(Self.isPlain(String(name)), "\(taken.description): \(name)") }
      }
    }

    func expectJSON() throws {
      for command in [["status", "--json", file], ["snapshot"], ["snapshot", "--redact"]] {
        let outcome = try host.vnet(command)
        expect(outcome, exits: 0)
        _ = try JSON(parsing: outcome.stdout)
      }
    }

    /// The words of a command line are the same to a shell that splits and expands as to one that does not; JSON and XML
    /// are read by their parsers.
    func expectAttachments() throws {
      for vmm in AttachTests.vmms {
        let outcome = try host.vnet(["attach", "--all", "--vmm", vmm, "-c", file])
        if taken.namesNetns && vmm == "libvirt" || taken.place.path.last == "socket" && vmm != "qemu" {
          expect(outcome, exits: 65)
          continue
        }
        expect(outcome, exits: 0)
        let text = outcome.stdout
        switch vmm {
        case "firecracker":
          _ = try JSON(parsing: text)
        case "libvirt":
          let program =
            "import sys, xml.etree.ElementTree as t; t.fromstring('<d>' + sys.stdin.read() + '</d>')"
          let read = try run(["python3", "-c", program], input: text)
          #expect(read.code == 0, "\(taken.description): \(read)")
        default:
          let shell = try must(["sh", "-c", "printf '%s\\n' \(text.trimmed)"])
          #expect(shell.words == text.words, "\(taken.description): \(text)")
        }
      }
    }
  }
}
