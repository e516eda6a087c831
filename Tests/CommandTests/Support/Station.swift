import Witness

/// A stand-in guest that holds a TAP.
final class Station {
  let child: Child

  /// Attaches to `tap` with the flags the TAP was made with, and waits until it has it. Without `mac` it has the one that
  /// `attach` gives it, or any on a TAP of somebody else.
  init(_ tap: String, in space: Namespace, mac: String? = nil, _ options: String = "") throws {
    let mac = try mac ?? Self.attached(tap, in: space) ?? "02:00:00:00:10:01"
    child = try space.start(
      [Tools.standIn, "guest", "--tap", Self.place(tap, in: space), "--mac", mac] + Self.flags(tap, in: space)
        + options.words)
    guard child.line() == "ready" else { throw CommandFailure(description: child.finish().description) }
  }

  /// The MAC of the NIC that a TAP is for: `vnet:NAME/vms.VM.nics.NIC` is its alias.
  private static func attached(_ tap: String, in space: Namespace) throws -> String? {
    let link = try space.json("ip -j link show dev \(tap)")[0]
    let parts = (link["ifalias"].text ?? "").split(separator: "/", maxSplits: 1)
    guard parts.count == 2, let name = parts.first?.dropFirst("vnet:".count) else { return nil }
    let nic = parts[1].replacing("vms.", with: "").replacing(".nics.", with: "/")
    let outcome = try space.run(
      [Tools.vnetApply, "attach", String(nic), "--name", String(name), "--vmm", "qemu"])
    return outcome.stdout.split { ",\n ".contains($0) }.first { $0.hasPrefix("mac=") }.map {
      String($0.dropFirst(4))
    }
  }

  /// What of a TAP is opened: its name, or the device node of a macvtap.
  static func place(_ tap: String, in space: Namespace) throws -> String {
    let made = try space.json("ip -d -j link show dev \(tap)")[0]
    return made["linkinfo"]["info_kind"].text == "macvtap" ? "/dev/tap\(made["ifindex"].int ?? 0)" : tap
  }

  /// What says how a TAP was made: it can be opened in no other way.
  static func flags(_ tap: String, in space: Namespace) throws -> [String] {
    let made = try space.json("ip -d -j link show dev \(tap)")[0]["linkinfo"]["info_data"]
    return (made["multi_queue"].isTrue ? ["--multi-queue"] : [])
      + (made["vnet_hdr"].isTrue ? ["--vnet-hdr"] : [])
  }

  /// How many of `count` echo requests, one every `interval` milliseconds, stayed unanswered `wait` milliseconds after the last.
  func lost(to address: String, count: Int = 3, interval: Int = 50, wait: Int = 1000) throws -> Int {
    child.write("ping \(address) \(count) \(interval) \(wait)\n")
    let prefix = "ping \(address): \(count) sent, "
    guard let line = child.line(timeout: 30), line.hasPrefix(prefix), let lost = Int(line.words[4]) else {
      throw CommandFailure(description: "the stand-in guest did not answer: \(child.finish(timeout: 1))")
    }
    return lost
  }

  func leave() { _ = child.finish(timeout: 10) }
}

/// Echo requests at 1 kHz for as long as something else happens.
final class Prober {
  struct Result: CustomStringConvertible {
    let sent: Int
    let lost: Int
    let worstGap: Double
    var description: String { "\(sent) sent, \(lost) lost, worst gap \(worstGap) ms" }
  }

  private let child: Child

  /// Returns once the first reply is there.
  init(_ address: String, in space: Namespace) throws {
    child = try space.start([Tools.standIn, "probe", address])
    guard child.line() == "ready" else {
      throw CommandFailure(description: child.finish(timeout: 5).description)
    }
  }

  /// Ends the sending; replies are awaited for a second more.
  func stop() { child.closeInput() }

  func finish() throws -> Result {
    let outcome = child.finish(timeout: 10)
    let words = outcome.stdout.lines.first { $0.hasPrefix("probe ") }?.words ?? []
    guard words.count == 10, let sent = Int(words[2]), let lost = Int(words[4]), let gap = Double(words[8])
    else {
      throw CommandFailure(description: outcome.description)
    }
    return Result(sent: sent, lost: lost, worstGap: gap)
  }
}

/// How many of `count` echo requests from a namespace's own address stayed unanswered.
func lost(from space: Namespace, to address: String, count: Int = 3) throws -> Int {
  let outcome = try space.run([Tools.standIn, "probe", address, "\(count)", "50000"])
  let words = outcome.stdout.lines.first { $0.hasPrefix("probe ") }?.words ?? []
  guard words.count == 10, let lost = Int(words[4]) else {
    throw CommandFailure(description: outcome.description)
  }
  return lost
}
