import Testing
import Witness

/// A place of the language where text may stand: the value of a key, an item of its list, or a name that is a key.
struct StringPlace: Hashable, Sendable, CustomTestStringConvertible {
  /// Keys from the top; names of networks, VMs and NICs are those of `Ground`.
  let path: [String]
  /// The text is the last key itself.
  var isName = false
  var isItem = false
  /// The same key with the same values stands elsewhere too, and is asked everything there.
  var isRepeated = false

  var testDescription: String {
    path.joined(separator: ".") + (isName ? " (name)" : isItem ? " (item)" : "")
  }

  /// All of them, as the schema has them: what the language gets tomorrow is among them.
  static let all: [StringPlace] = {
    guard let text = try? must([Tools.vnetApply, "schema"]), let schema = try? JSON(parsing: text) else {
      return []
    }
    var found: Set<StringPlace> = []
    collect(schema, [], in: schema["$defs"], &found)
    // The longest path first: what a NIC says itself, then what it has from its VM and from defaults.
    var seen: Set<[String]> = []
    return found.sorted { ($1.path.count, $0.testDescription) < ($0.path.count, $1.testDescription) }.map {
      var place = $0
      let key = ["listen", "user", "group"].contains($0.path.last) ? 2 : 1
      place.isRepeated = !seen.insert($0.path.suffix(key) + ["\($0.isItem) \($0.isName)"]).inserted
      return place
    }
  }()

  private static func collect(
    _ schema: JSON, _ path: [String], isItem: Bool = false, in definitions: JSON,
    _ found: inout Set<StringPlace>
  ) {
    if let reference = schema["$ref"].text {
      let name = String(reference.split(separator: "/").last ?? "")
      return collect(definitions[name], path, isItem: isItem, in: definitions, &found)
    }
    for each in schema["anyOf"].elements {
      collect(each, path, isItem: isItem, in: definitions, &found)
    }
    let types = schema["type"].text.map { [$0] } ?? schema["type"].elements.compactMap(\.text)
    // A word of a list of words is text that must be one of them.
    if types.contains("string") || schema["enum"].elements.contains(where: { $0.text != nil }) {
      found.insert(StringPlace(path: path, isItem: isItem))
    }
    if types.contains("array") { collect(schema["items"], path, isItem: true, in: definitions, &found) }
    for (name, value) in schema["properties"].members {
      collect(value, path + [name], in: definitions, &found)
    }
    let names = schema["additionalProperties"]
    if !names.members.isEmpty, let last = path.last, let name = Ground.names[last] {
      found.insert(StringPlace(path: path + [name], isName: true))
      collect(names, path + [name], in: definitions, &found)
    }
  }
}

/// Configurations in which each key may stand.
enum Ground {
  /// The name of what stands under a key.
  static let names = ["networks": "net", "vms": "vm", "nics": "eth0", "hosts": "printer"]

  /// Each key may stand in one of these.
  static let all =
    nics.map { configuration(nic: $0) } + [
      configuration(net: ["address": .string("10.7.0.1/24")], nic: nics[0]),
      configuration(net: [:], nic: nics[2]),
    ]

  private static let nics: [JSON] = [
    ["network": "net"], ["mode": "tap", "address": "203.0.113.7"], ["network": "office"],
    ["mode": "shared", "via": "nat", "address": "172.16.0.2", "host-address": "172.16.0.1"],
    ["mode": "bridged", "via": "macvtap", "hardware": "eth2"],
    ["mode": "dedicated", "via": "sriov", "hardware": "eth2"], ["mode": "shared", "via": "passt"],
    ["mode": "tap", "via": "vde", "network": "net"], ["mode": "bridged", "via": "vmm", "network": "net"],
  ].map { JSON.object($0.mapValues(JSON.string)) }

  private static let served: [String: JSON] = ["address": .string("10.7.0.1/24"), "nat": .bool(true)]

  private static func configuration(net: [String: JSON] = served, nic: JSON) -> JSON {
    .object([
      "name": .string("hostile"),
      "networks": .object([
        "net": .object(net),
        "office": .object(["uplink": .string("eth1")]),
      ]),
      "vms": .object([
        // libvirt connects to no program that is there already.
        "vm": .object([
          "vmm": .string(["passt", "vde"].contains(nic["via"].text) ? "qemu" : "libvirt"),
          "nics": .object(["eth0": nic]),
        ])
      ]),
    ])
  }
}

/// A configuration as text, with what stands where.
struct PlacedText {
  private(set) var text = ""
  /// `line:column` of the text that was put in, and of its key.
  private(set) var value = ""
  private(set) var key = ""

  /// `ground` with `hostile` put in at `place`. One member a line, so that a place is a line.
  init(_ ground: JSON, _ hostile: String, at place: StringPlace) {
    write(ground, place.path[...], place, hostile, 0)
    text += "\n"
  }

  private var here: String {
    let line = text.split(separator: "\n", omittingEmptySubsequences: false)
    return "\(line.count):\((line.last?.count ?? 0) + 1)"
  }

  private mutating func write(
    _ json: JSON, _ rest: ArraySlice<String>?, _ place: StringPlace, _ hostile: String, _ depth: Int
  ) {
    guard let rest else { return write(json, depth) }
    guard let next = rest.first else {
      if place.isItem { text += "[" }
      value = here
      text += quoted(hostile)
      if place.isItem { text += "]" }
      return
    }
    var members = json.members
    members[next] = members[next] ?? .null
    let isLast = place.isName && rest.count == 1
    text += "{\n"
    for (index, member) in members.sorted(by: { $0.key < $1.key }).enumerated() {
      text += String(repeating: " ", count: depth + 1)
      if member.key == next { if isLast { value = here } else { key = here } }
      text += (member.key == next && isLast ? quoted(hostile) : quoted(member.key)) + ": "
      let isOn = member.key == next && !isLast
      // A name without anything below it is one of a plain value: a host's address.
      let below = isLast && member.key == next && member.value.isNull ? JSON.string("10.7.0.9") : member.value
      write(below, isOn ? rest.dropFirst() : nil, place, hostile, depth + 1)
      text += index == members.count - 1 ? "\n" : ",\n"
    }
    text += String(repeating: " ", count: depth) + "}"
  }

  private mutating func write(_ json: JSON, _ depth: Int) {
    switch json {
    case .object(let members):
      let parts = members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)): \(plain($0.value))" }
      text += "{" + parts.joined(separator: ", ") + "}"
    default: text += plain(json)
    }
  }

  private func plain(_ json: JSON) -> String {
    switch json {
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { "\(quoted($0.key)): \(plain($0.value))" }
        .joined(separator: ", ") + "}"
    case .array(let items): "[" + items.map(plain).joined(separator: ", ") + "]"
    case .string(let text): quoted(text)
    default: json.line
    }
  }

  /// As JSON has it, which is YAML too.
  private func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}
