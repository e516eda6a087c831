/// One line of a plan: an object, or many alike.
struct PlanLine {
  var action: Change.Action
  /// `tap web-eth0`, with the attributes behind it.
  var words: String
  var interruptions: [String]

  static func lines(of plan: Plan, folded: Bool) -> [PlanLine] {
    let lines = plan.visibleChanges.map { change in
      PlanLine(
        action: change.action, words: words(of: change), interruptions: plan.interruptions[change.id] ?? [])
    }
    return folded ? fold(lines) : lines
  }

  private static func words(of change: Change) -> String {
    let object = (change.after ?? change.before)!
    let head = object.headline
    let attributes: [String]
    if let before = change.before, let after = change.after {
      attributes = after.changes(from: before)
    } else if change.after != nil {
      attributes = object.attributes
    } else {
      attributes = []
    }
    return attributes.isEmpty ? head : head + "  " + attributes.joined(separator: ", ")
  }

  // MARK: Folding

  /// Runs of three and more lines that differ in one number only become one line: `tap runner-{0001…1000}-eth0`.
  private static func fold(_ lines: [PlanLine]) -> [PlanLine] {
    var result: [PlanLine] = []
    var start = 0
    while start < lines.count {
      let first = Numbers(lines[start].words)
      var end = start + 1
      var varying: Int?
      while end < lines.count, lines[end].action == lines[start].action,
        lines[end].interruptions == lines[start].interruptions
      {
        let other = Numbers(lines[end].words)
        guard other.text == first.text, let place = first.onlyDifference(from: other),
          varying ?? place == place
        else { break }
        varying = place
        end += 1
      }
      if let varying, end - start > 2 {
        var line = lines[start]
        line.words = first.folded(to: Numbers(lines[end - 1].words), at: varying)
        line.words += "  (\(end - start))"
        result.append(line)
      } else {
        result += lines[start..<end]
      }
      start = end
    }
    return result
  }

  /// A line as the text around its numbers, and the numbers.
  private struct Numbers {
    var text: [Substring] = []
    var numbers: [Substring] = []

    init(_ words: String) {
      var rest = words[...]
      while true {
        let text = rest.prefix { !$0.isASCII || !$0.isNumber }
        self.text.append(text)
        rest = rest[text.endIndex...]
        if rest.isEmpty { break }
        let number = rest.prefix { $0.isASCII && $0.isNumber }
        numbers.append(number)
        rest = rest[number.endIndex...]
      }
    }

    /// The value that differs; nil for none or several. A number that stands twice counts once.
    func onlyDifference(from other: Numbers) -> Int? {
      let places = numbers.indices.filter { numbers[$0] != other.numbers[$0] }
      guard let first = places.first,
        places.allSatisfy({ numbers[$0] == numbers[first] && other.numbers[$0] == other.numbers[first] })
      else { return nil }
      return first
    }

    func folded(to last: Numbers, at place: Int) -> String {
      var out = ""
      for index in text.indices {
        out += text[index]
        guard index < numbers.count else { break }
        let varies = numbers[index] == numbers[place] && last.numbers[index] == last.numbers[place]
        out += varies ? "{\(numbers[index])…\(last.numbers[index])}" : String(numbers[index])
      }
      return out
    }
  }
}

extension Object {
  /// What and which: `tap web-eth0`, `address 192.0.2.10/24 dev office`.
  package var headline: String {
    switch self {
    case .link(let link): "\(link.kind == .device ? "link" : link.kind.description) \(link.name)"
    case .address(let address): "address \(address.local) dev \(address.link)"
    case .route(let route): "route \(route.summary)"
    case .rule(let rule): "rule \(rule.id)"
    case .neighbour(let neighbour):
      "\(neighbour.linkAddress == nil ? "proxy" : "neighbour") \(neighbour.address) dev \(neighbour.link)"
    case .sysctl(let sysctl): "sysctl \(sysctl.key.path.replacing("/", with: "."))"
    case .former(let former): "ledger \(former.id.object)"
    }
  }

  /// Worth a reader's time when the object is new; everything is in the JSON.
  fileprivate var attributes: [String] {
    switch self {
    case .link(let link):
      var words: [String] = []
      if let master = link.master?.name { words.append("master \(master)") }
      if link.kind == .bridge, let mac = link.mac { words.append("mac \(mac)") }
      if let mtu = link.mtu { words.append("mtu \(mtu)") }
      if let owner = link.tap.owner, owner != .none { words.append("owner \(owner)") }
      if let group = link.tap.group, group != .none { words.append("group \(group)") }
      if link.tap.multiQueue == true { words.append("multi_queue") }
      if link.bridge.stp == true { words.append("stp") }
      if link.bridge.vlanFiltering == true { words.append("vlan_filtering") }
      if link.port.isolated == true { words.append("isolated") }
      if let vlans = link.vlans, !vlans.isEmpty {
        words.append("vlan " + vlans.map(\.description).joined(separator: " "))
      }
      return words
    case .sysctl(let sysctl): return [sysctl.value]
    default: return []
    }
  }

  /// `mtu 1500 → 9000` for each attribute that changes.
  fileprivate func changes(from before: Object) -> [String] {
    func differences<Kind: Described>(_ after: Kind, _ before: Kind) -> [String] {
      after.differences(from: before).map { field in
        "\(field.name) \(field.json(before).plain) → \(field.json(after).plain)"
      }
    }
    return switch (self, before) {
    case (.link(let a), .link(let b)): differences(a, b)
    case (.address(let a), .address(let b)): differences(a, b)
    case (.route(let a), .route(let b)): a.routeChanges(from: b) ?? differences(a, b)
    case (.rule(let a), .rule(let b)): differences(a, b)
    case (.neighbour(let a), .neighbour(let b)): differences(a, b)
    case (.sysctl(let a), .sysctl(let b)): ["\(b.value) → \(a.value)"]
    case (.former(let a), .former(let b)): differences(a, b)
    default: []
    }
  }
}

extension Route {
  /// A route that only goes out by another link.
  fileprivate func routeChanges(from before: Route) -> [String]? {
    var same = before
    same.nexthops = nexthops
    guard same == self, links != before.links else { return nil }
    return [
      "dev \(before.links.map(\.text).joined(separator: " ")) → \(links.map(\.text).joined(separator: " "))"
    ]
  }
}

extension JSON? {
  /// As a reader would write it: no quotes, `none` for what is not set.
  fileprivate var plain: String {
    switch self {
    case nil, .null?: "none"
    case .string(let text)?: text
    case .array(let items)?:
      items.isEmpty ? "none" : items.map { JSON?.some($0).plain }.joined(separator: " ")
    case .object(let members)?:
      members.map { "\($0.name) \(JSON?.some($0.value).plain)" }.joined(separator: " ")
    case let value?: value.text()
    }
  }
}
