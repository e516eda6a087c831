/// A port of the host that leads to a guest, as written: without an address, `listen` of the defaults
/// decides.
struct ForwardKeys: Keyed {
  var written: [WrittenKey] = []
  var proto: Forward.Transport?
  var listen: IPAddress?
  var ports: ClosedRange<UInt16>?
  var to: ClosedRange<UInt16>?
  var from: [IPPrefix]?

  static let table = KeyTable<ForwardKeys>("a forward", schema: "forward") {
    TableKey<ForwardKeys>.choice("proto", \.proto, "`tcp` (default), `udp` or `tcp+udp`")
    TableKey("listen", \.listen, .address, "address of the host; every one where it is left out")
    TableKey("port", \.ports, .ports, "port of the host, or ports `8000-8010`")
    TableKey("to", \.to, .ports, "port of the guest, the same where it is left out")
    TableKey(
      "from", \.from, ValueShape<IPPrefix>.prefix.list, "who may use it; everybody where it is left out")
  }
}

extension ValueShape where Value == ClosedRange<UInt16> {
  static var ports: ValueShape {
    ValueShape([
      "anyOf": [
        ["type": "integer", "minimum": 1, "maximum": 65535],
        ["type": "string", "pattern": "^[0-9]+(-[0-9]+)?$"],
      ]
    ]) { node, reader in
      guard let (text, _) = reader.text(node, "a port or a range of ports") else { return nil }
      if let ports = portRange(text) { return ports }
      reader.report(
        .badPort, node.position, "`\(text.shown)` is not a port or a range of ports, 1 … 65535")
      return nil
    }
  }
}

/// `80` or `8000-8010`.
private func portRange(_ text: some StringProtocol) -> ClosedRange<UInt16>? {
  let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { decimal($0) }
  guard ends.count <= 2, let first = ends[0], let last = ends[ends.count - 1], first >= 1, last <= 65535,
    first <= last
  else { return nil }
  return UInt16(first)...UInt16(last)
}

extension ValueShape where Value == Forward {
  static var forward: ValueShape {
    ValueShape(["anyOf": [["type": "string"], ForwardKeys.table.reference]]) { node, reader in
      if case .mapping = node.content {
        guard let keys = ForwardKeys.table.read(node, &reader) else { return nil }
        return forward(keys, node.position, &reader)
      }
      guard let (text, _) = reader.text(node, "a forward") else { return nil }
      let keys = parse(text, node.position, &reader)
      return keys.flatMap { forward($0, node.position, &reader) }
    }
  }

  private static func forward(_ keys: ForwardKeys, _ at: SourcePosition, _ reader: inout NodeReader)
    -> Forward?
  {
    guard let ports = keys.ports else {
      if ForwardKeys.table.written("port", in: keys) == nil {
        reader.report(.missingKey, at, "a forward needs `port`", hint: "`8080 -> 80` or {port: 8080, to: 80}")
      }
      return nil
    }
    let to = keys.to ?? ports
    guard ports.count == to.count else {
      reader.report(
        .badForward, at, "\(ports.count) ports cannot lead to \(to.count)",
        hint: "give both sides as many ports")
      return nil
    }
    if let listen = keys.listen {
      if listen.isUnspecified {
        reader.report(
          .badAddress, at, "`\(listen)` is no address of the host",
          hint: "leave it out to listen on every address")
        return nil
      }
      if listen.isMulticast {
        reader.report(.badAddress, at, "`\(listen)` is a multicast address")
        return nil
      }
      if let other = keys.from?.first(where: { $0.family != listen.family }) {
        reader.report(
          .badForward, at, "nobody of `\(other)` reaches `\(listen)`, which is of the other family",
          hint: "two forwards, each with its own `from`")
        return nil
      }
    }
    return Forward(
      transport: keys.proto ?? .tcp, listen: keys.listen, ports: ports, to: to, from: keys.from ?? [],
      position: at)
  }

  /// `[proto] [address:]port[-port] -> [port[-port]]`
  private static func parse(_ text: String, _ at: SourcePosition, _ reader: inout NodeReader) -> ForwardKeys?
  {
    let halves = split(text)
    guard let (left, right) = halves else {
      let parts = text.split(separator: ":").map { portRange($0) }
      let hint =
        parts.count == 2 && parts[0] != nil && parts[1] != nil
        ? "`\(text.split(separator: ":").joined(separator: " -> "))`"
        : "`[proto] [address:]port[-port] -> [port[-port]]`"
      reader.report(.badForward, at, "`\(text.shown)` is not a forward: the arrow is missing", hint: hint)
      return nil
    }
    var keys = ForwardKeys()
    var words = left.split(separator: " ")
    if words.count == 2 {
      guard let transport = Forward.Transport(rawValue: String(words[0])) else {
        reader.report(
          .badForward, at, "`\(String(words[0]).shown)` is not a protocol", hint: "`tcp`, `udp` or `tcp+udp`")
        return nil
      }
      keys.proto = transport
      words.removeFirst()
    }
    guard words.count == 1, let (listen, port) = endpoint(words[0]) else {
      reader.report(
        .badForward, at, "`\(text.shown)` is not a forward",
        hint: "`[proto] [address:]port[-port] -> [port[-port]]`, an IPv6 address in brackets")
      return nil
    }
    keys.listen = listen
    let destination = right.split(separator: " ")
    for word in [port] + destination where portRange(word) == nil {
      reader.report(.badPort, at, "`\(String(word).shown)` is not a port or a range of ports, 1 … 65535")
      return nil
    }
    guard destination.count <= 1 else {
      reader.report(.badForward, at, "`\(text.shown)` leads to more than one place")
      return nil
    }
    keys.ports = portRange(port)
    keys.to = destination.first.flatMap { portRange($0) }
    return keys
  }

  private static func split(_ text: String) -> (Substring, Substring)? {
    var index = text.startIndex
    while index < text.endIndex {
      if text[index...].hasPrefix("->") { return (text[..<index], text[text.index(index, offsetBy: 2)...]) }
      index = text.index(after: index)
    }
    return nil
  }

  /// `port`, `192.0.2.1:port` or `[2001:db8::1]:port`; nil where the address is none.
  private static func endpoint(_ word: Substring) -> (IPAddress?, Substring)? {
    guard let colon = word.lastIndex(of: ":") else { return (nil, word) }
    var host = word[..<colon]
    let port = word[word.index(after: colon)...]
    if host.first == "[", host.last == "]" {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    return IPAddress(host).map { ($0, port) }
  }
}
