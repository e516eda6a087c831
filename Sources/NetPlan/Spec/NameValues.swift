/// Names of this language: of a configuration, a network, a VM, a NIC, a namespace.
enum Name {
  static let limit = 63

  /// `[A-Za-z0-9_.-]`, at most `limit` bytes, first neither `.` nor `-`, none of the kernel's own words.
  static func check(_ text: String, _ what: String, _ at: SourcePosition?, _ reader: inout NodeReader) -> Bool
  {
    if text.utf8.count > limit {
      reader.report(
        .nameTooLong, at, "the name of \(what) has \(text.utf8.count) bytes; \(limit) are the most")
    } else if !isWellFormed(text) {
      reader.report(
        .badName, at, "`\(text.shown)` is not a name for \(what)",
        hint: "letters, digits, `_`, `.` and `-`, the first neither `.` nor `-`")
    } else if text == "all" || text == "default" {
      // /proc/sys/net/ipv4/conf/all and …/default are not interfaces.
      reader.report(.reservedName, at, "`\(text)` is reserved and cannot be the name of \(what)")
    } else {
      return true
    }
    return false
  }

  static func isUsable(_ text: String) -> Bool {
    text.utf8.count <= limit && isWellFormed(text) && text != "all" && text != "default"
  }

  static func isWellFormed(_ text: String) -> Bool {
    guard let first = text.utf8.first, isAlphanumeric(first) || first == UInt8(ascii: "_") else {
      return false
    }
    return text.utf8.allSatisfy(isLetter)
  }

  static func isLetter(_ byte: UInt8) -> Bool {
    isAlphanumeric(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
      || byte == UInt8(ascii: "-")
  }

  static let schema: JSON = [
    "type": "string", "pattern": "^[A-Za-z0-9_][A-Za-z0-9_.-]*$", "maxLength": limit.json,
    "not": ["enum": ["all", "default"]],
  ]
}

extension ValueShape where Value == String {
  static func name(_ what: String) -> ValueShape {
    ValueShape(Name.schema) { node, reader in
      guard let (text, _) = reader.text(node, "the name of \(what)") else { return nil }
      return Name.check(text, what, node.position, &reader) ? text : nil
    }
  }

  /// A zone of firewalld, which gives chains of the kernel its name and so has a limit of its own (`check_name`,
  /// firewall/core/io/zone.py). One with a `/` in it is a part of a zone.
  static var zone: ValueShape {
    ValueShape(["type": "string", "pattern": "^[A-Za-z0-9_-]{1,17}$"]) { node, reader in
      guard let (text, _) = reader.text(node, "the name of a firewalld zone") else { return nil }
      if text.utf8.count > 17 {
        reader.report(
          .nameTooLong, node.position,
          "the name of a firewalld zone has \(text.utf8.count) bytes; 17 are the most")
      } else if text.isEmpty || !text.utf8.allSatisfy({ Name.isLetter($0) && $0 != UInt8(ascii: ".") }) {
        reader.report(
          .badName, node.position, "`\(text.shown)` is not a name for a firewalld zone",
          hint: "letters, digits, `_` and `-`")
      } else {
        return text
      }
      return nil
    }
  }

  /// A reference: what it names is looked up later.
  static func reference(_ what: String) -> ValueShape {
    ValueShape(["type": "string"]) { node, reader in
      reader.text(node, "the name of \(what)")?.text
    }
  }
}

extension ValueShape where Value == LinkName {
  static func linkName(_ expected: String = "the name of an interface") -> ValueShape {
    ValueShape(["type": "string", "pattern": "^[A-Za-z0-9_.-]{1,15}$"]) { node, reader in
      guard let (text, _) = reader.text(node, expected) else { return nil }
      return reader.linkName(text, node.position)
    }
  }
}

extension NodeReader {
  /// Narrower than the kernel: what needs no quoting anywhere.
  mutating func linkName(_ text: String, _ at: SourcePosition?) -> LinkName? {
    if text.utf8.count > 15 {
      report(
        .badDevice, at,
        "`\(text.shown)` has \(text.utf8.count) bytes; the name of an interface has 15 at most")
    } else if text == "all" || text == "default" {
      report(.reservedName, at, "`\(text)` is reserved and cannot be the name of an interface")
    } else if Name.isWellFormed(text), let name = LinkName(text) {
      return name
    } else {
      report(
        .badDevice, at, "`\(text.shown)` is not the name of an interface",
        hint: "letters, digits, `_`, `.` and `-`, 15 at most")
    }
    return nil
  }
}

extension ValueShape where Value == HardwareReference {
  static var hardware: ValueShape {
    ValueShape([
      "anyOf": [
        ["type": "string", "maxLength": 15],
        [
          "type": "object", "additionalProperties": false, "minProperties": 1, "maxProperties": 1,
          "properties": ["mac": ["type": "string"], "pci": ["type": "string"]],
        ],
      ]
    ]) { node, reader in
      let expected = "a hardware NIC: a name, {mac: …}, {pci: …} or default-route"
      guard case .mapping(let entries) = node.content else {
        guard let (text, _) = reader.text(node, expected) else { return nil }
        return text == "default-route"
          ? .defaultRoute : reader.linkName(text, node.position).map { .name($0) }
      }
      guard entries.count == 1, let entry = entries.first, entry.key == "mac" || entry.key == "pci" else {
        reader.report(
          .badHardware, node.position, "a hardware NIC is named by one of `mac` and `pci`",
          hint: "`eth1`, `{mac: \"52:54:00:12:34:56\"}`, `{pci: \"0000:03:00.0\"}` or `default-route`")
        return nil
      }
      if entry.key == "mac" {
        return ValueShape<MACAddress>.mac.read(entry.value, &reader).map { .mac($0) }
      }
      guard let (text, _) = reader.text(entry.value, "a PCI address") else { return nil }
      guard isPCIAddress(text) else {
        reader.report(
          .badHardware, entry.value.position, "`\(text.shown)` is not a PCI address", hint: "`0000:03:00.0`")
        return nil
      }
      return .pci(text.lowercased())
    }
  }
}

/// `domain:bus:slot.function`, as in /sys/bus/pci/devices.
private func isPCIAddress(_ text: String) -> Bool {
  let bytes = Array(text.utf8)
  guard bytes.count == 12, bytes[4] == UInt8(ascii: ":"), bytes[7] == UInt8(ascii: ":"),
    bytes[10] == UInt8(ascii: "."), let function = hexDigit(bytes[11]), function < 8
  else { return false }
  return [0, 1, 2, 3, 5, 6, 8, 9].allSatisfy { hexDigit(bytes[$0]) != nil }
}
