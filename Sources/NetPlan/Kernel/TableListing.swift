// Tables as libnftables lists them in JSON (libnftables-json(5)), in the words in which this program writes them. What it
// would never write keeps its JSON form, so that it is seen to differ.

extension Table {
  /// The tables of a listing.
  static func list(_ listing: JSON) -> [Table] {
    var tables: [TableID: Table] = [:]
    var limits: [TableID: [String: String]] = [:]
    func id(_ object: JSON, _ name: String) -> TableID? {
      guard let family = object["family"]?.string.flatMap(TableID.Family.init(rawValue:)),
        let name = object[name]?.string
      else { return nil }
      return TableID(family: family, name: name)
    }
    for item in listing["nftables"]?.array ?? [] {
      if let table = item["table"], let id = id(table, "name") {
        tables[id] = Table(id: id)
      } else if let set = item["set"] ?? item["map"], let id = id(set, "table"),
        let set = TableSet(listing: set)
      {
        tables[id]?.sets.append(set)
      } else if let chain = item["chain"], let id = id(chain, "table"), let chain = TableChain(listing: chain)
      {
        tables[id]?.chains.append(chain)
      } else if let rule = item["rule"], let id = id(rule, "table"), let name = rule["chain"]?.string {
        let index = tables[id]?.chains.firstIndex { $0.name == name }
        if let index { tables[id]?.chains[index].rules.append(RuleText.rule(rule["expr"] ?? .null)) }
      } else if let limit = item["limit"], let id = id(limit, "table"), let name = limit["name"]?.string {
        limits[id, default: [:]][name] = RuleText.limit(limit)
      } else if case .object(let members) = item, let first = members.first, let id = id(first.value, "table")
      {
        // Something of a kind that is never made here.
        tables[id]?.chains.append(TableChain(first.name, [first.value.text()]))
      }
    }
    return tables.values.map { table in
      var table = table
      table.resolve(limits[table.id] ?? [:])
      table.sets.sort { $0.name < $1.name }
      return table
    }
  }
}

extension TableSet {
  /// Of a part of a key: its type is that of interface names.
  private func isName(_ type: Substring) -> Bool { ["ifname", "iifname", "meta ibrname"].contains(type) }

  fileprivate init?(listing json: JSON) {
    guard let name = json["name"]?.string else { return nil }
    let key = RuleText.joined(json["type"] ?? .null)
    self.init(name, key: TableSet.typeofs[name] ?? key, value: json["map"]?.string)
    isInterval = json["flags"]?.array?.contains(.string("interval")) ?? false
    counts = json["stmt"]?.array?.contains { $0["counter"] != nil } ?? false
    // Those are what packets have made of it.
    if counts { return }
    let types = self.key.replacing("typeof ", with: "").split(separator: " . ").map { isName($0) }
    for item in json["elem"]?.array ?? [] {
      if value != nil, let pair = item.array, pair.count == 2 {
        elements[RuleText.element(pair[0], isName: types)] = RuleText.data(pair[1])
      } else {
        elements[RuleText.element(item, isName: types)] = ""
      }
    }
  }

}

extension TableChain {
  fileprivate init?(listing json: JSON) {
    guard let name = json["name"]?.string else { return nil }
    self.init(name)
    guard let type = json["type"]?.string, let hook = json["hook"]?.string, let priority = json["prio"]?.int
    else { return }
    // One device is a string, several are a list, which is never made here; nft 1.0.6 leaves both out.
    let usual = json["family"]?.string == "netdev" ? json["table"]?.string : nil
    let device =
      json["dev"].map { LinkName(kernel: $0.string ?? $0.text()) }
      ?? usual.flatMap { TableID(family: .netdev, name: $0).device }
    self.hook = TableChain.hook(type, hook, Int(priority), device: device)
    if let policy = json["policy"]?.string, policy != "accept" {
      self.hook = self.hook?.replacing("policy accept", with: "policy \(policy)")
    }
  }
}

/// Expressions and statements in nft's words.
enum RuleText {
  static func rule(_ statements: JSON) -> String {
    (statements.array ?? [statements]).map(statement).joined(separator: " ")
  }

  private static func statement(_ json: JSON) -> String {
    guard case .object(let members) = json, let (name, body) = members.first.map({ ($0.name, $0.value) })
    else {
      return json.text()
    }
    switch name {
    case "match":
      guard let left = body["left"], let right = body["right"] else { return json.text() }
      let negation = body["op"]?.string == "!=" ? "!= " : ""
      let name = isInterface(left) ? right.string.flatMap { $0.hasPrefix("@") ? nil : "\"\($0)\"" } : nil
      return "\(expression(left)) \(negation)\(name ?? expression(right))"
    case "vmap":
      guard let key = body["key"], let data = body["data"] else { return json.text() }
      return "\(expression(key)) vmap \(expression(data))"
    case "mangle":
      guard let key = body["key"], let value = body["value"] else { return json.text() }
      return "\(expression(key)) set \(expression(value))"
    case "dnat", "snat":
      guard let family = body["family"]?.string, let address = body["addr"] else { return json.text() }
      return "\(name) \(family) to \(expression(address))"
    case "limit":
      guard let map = body["map"], let key = map["key"], let data = map["data"] else { return json.text() }
      return "limit name \(expression(key)) map \(expression(data))"
    case "set":
      guard let op = body["op"]?.string, let key = body["elem"], let set = body["set"]?.string else {
        return json.text()
      }
      return "\(op) \(set) { \(expression(key)) }"
    case "jump", "goto": return verdict(json) ?? json.text()
    case "accept", "drop", "return", "masquerade", "continue", "counter": return name
    default: return json.text()
    }
  }

  /// It is an interface's name, which stands in quotes where it is compared with one.
  private static func isInterface(_ left: JSON) -> Bool {
    left["meta"]?["key"]?.string.map { $0.hasSuffix("name") } ?? false
  }

  private static func verdict(_ json: JSON) -> String? {
    guard case .object(let members) = json, let first = members.first else { return nil }
    switch first.name {
    case "jump", "goto": return first.value["target"]?.string.map { "\(first.name) \($0)" }
    case "accept", "drop", "return": return first.name
    default: return nil
    }
  }

  static func expression(_ json: JSON) -> String {
    switch json {
    case .string(let text): return text
    case .int(let number): return String(number)
    // Flags: `established,related`.
    case .array(let items): return items.map(expression).sorted().joined(separator: ",")
    case .object(let members):
      guard let first = members.first else { return json.text() }
      return expression(first.name, first.value) ?? json.text()
    default: return json.text()
    }
  }

  private static func expression(_ name: String, _ body: JSON) -> String? {
    switch name {
    case "meta":
      guard let key = body["key"]?.string else { return nil }
      return ["iifname", "oifname", "mark"].contains(key) ? key : "meta \(key)"
    case "ct": return body["key"]?.string.map { "ct \($0)" }
    case "fib":
      let flags = body["flags"].map(expression) ?? ""
      return body["result"]?.string.map { "fib \(flags) \($0)" }
    case "payload":
      if let base = body["base"]?.string, let offset = body["offset"]?.int, let length = body["len"]?.int {
        return "@\(base),\(offset),\(length)"
      }
      guard let protocolName = body["protocol"]?.string, let field = body["field"]?.string else { return nil }
      return "\(protocolName) \(field)"
    case "concat": return (body.array ?? []).map(expression).joined(separator: " . ")
    case "&":
      guard let sides = body.array, sides.count == 2 else { return nil }
      return "\(expression(sides[0])) & \(expression(sides[1]))"
    case "set": return "{ " + (body.array ?? [body]).map(expression).sorted().joined(separator: ", ") + " }"
    case "prefix":
      guard let address = body["addr"]?.string, let length = body["len"]?.int else { return nil }
      return "\(address)/\(length)"
    case "range":
      guard let ends = body.array, ends.count == 2 else { return nil }
      return "\(expression(ends[0]))-\(expression(ends[1]))"
    case "map":
      guard let key = body["key"], let data = body["data"] else { return nil }
      return "\(expression(key)) map \(expression(data))"
    default: return nil
    }
  }

  /// A key of a set, without what it has counted. Names of interfaces are quoted, so that none is taken for a word of
  /// nft's.
  static func element(_ json: JSON, isName: [Bool]) -> String {
    if let inner = json["elem"]?["val"] { return element(inner, isName: isName) }
    return zip(json["concat"]?.array ?? [json], isName)
      .map { part, isName in isName ? "\"\(expression(part))\"" : expression(part) }.joined(separator: " . ")
  }

  static func data(_ json: JSON) -> String { verdict(json) ?? expression(json) }

  static func joined(_ types: JSON) -> String {
    (types.array ?? [types]).map { $0.string ?? $0.text() }.joined(separator: " . ")
  }
}
