/// What a plan does to each part of a configuration, by its path: `vms.web.nics.eth0`, `networks.lab`.
struct GraphMarks {
  /// Of the part's own link.
  private var links: [Substring: Graph.Mark] = [:]
  /// Parts of which something else changes.
  private var touched: Set<Substring> = []
  /// Links of nobody's, by name.
  private var hardware: [LinkName: Graph.Mark] = [:]
  /// Links of parts that go.
  private(set) var deleted: [Link] = []
  /// Hardware that becomes a port.
  private(set) var joining: Set<LinkName> = []
  /// Hardware that leaves a bridge for good.
  private(set) var leaving: [(port: LinkName, bridge: LinkName)] = []

  init(_ plan: Plan?, known: Set<Substring>) {
    for change in plan?.visibleChanges ?? [] {
      let mark = Graph.Mark(change.action)
      guard let link = (change.after ?? change.before)?.link else {
        if let reason = plan?.reasons[change.id], let part = GraphMarks.part(of: reason[...], known) {
          touched.insert(part)
        }
        continue
      }
      guard let path = link.path else {
        hardware[link.name] = mark
        if let bridge = change.after?.link?.master?.name, change.before?.link?.master?.name != bridge {
          joining.insert(link.name)
        }
        if let bridge = change.before?.link?.master?.name, change.after?.link?.master?.name == nil {
          leaving.append((link.name, bridge))
        }
        continue
      }
      if let part = GraphMarks.part(of: path, known) {
        if part == path { links[path] = mark } else { touched.insert(part) }
      } else if change.action == .delete {
        links[path] = mark
        deleted.append(link)
      }
    }
  }

  func mark(of path: String) -> Graph.Mark? {
    links[path[...]] ?? (touched.contains(path[...]) ? .changed : nil)
  }

  func mark(of link: LinkName) -> Graph.Mark? { hardware[link] }

  /// The part that a place in the configuration belongs to; names may hold dots, so the longest that is one.
  private static func part(of path: Substring, _ known: Set<Substring>) -> Substring? {
    var rest = path
    while true {
      if known.contains(rest) { return rest }
      guard let dot = rest.lastIndex(of: ".") else { return nil }
      rest = rest[..<dot]
    }
  }
}
