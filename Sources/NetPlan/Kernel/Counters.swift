/// Counters of all links of the thread's namespace: `/proc/thread-self/net/dev`, proc(5).
func linkCounters() -> [LinkName: LinkCounters] {
  var counters: [LinkName: LinkCounters] = [:]
  for line in (ProcFile.read("/proc/thread-self/net/dev") ?? "").split(separator: "\n") {
    guard let colon = line.lastIndex(of: ":") else { continue }
    let name = line[..<colon].drop { $0 == " " }
    let fields = line[line.index(after: colon)...].split(separator: " ")
    guard fields.count >= 9, let received = UInt64(fields[0]), let sent = UInt64(fields[8]) else { continue }
    counters[LinkName(kernel: String(name))] = LinkCounters(receivedBytes: received, sentBytes: sent)
  }
  return counters
}

extension LinuxHost {
  package func counters() -> [LinkName: LinkCounters] { linkCounters() }
}
