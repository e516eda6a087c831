/// Where a message bus listens: `unix:path=/run/dbus/system_bus_socket` (D-Bus Specification, "Server Addresses").
package struct BusAddress: Hashable, Sendable {
  package var path: [UInt8]
  /// A name in no file system, and so one of the network namespace.
  package var isAbstract: Bool

  /// The first of a list that is a local socket; nil where there is none.
  package init?(_ text: String) {
    for entry in text.split(separator: ";") where entry.hasPrefix("unix:") {
      for pair in entry.dropFirst("unix:".count).split(separator: ",") {
        guard let sign = pair.firstIndex(of: "="),
          let value = BusAddress.unescaped(pair[pair.index(after: sign)...]), !value.isEmpty
        else { continue }
        switch pair[..<sign] {
        case "path": self.init(path: value, isAbstract: false)
        case "abstract": self.init(path: value, isAbstract: true)
        default: continue
        }
        return
      }
    }
    return nil
  }

  private init(path: [UInt8], isAbstract: Bool) {
    self.path = path
    self.isAbstract = isAbstract
  }

  /// `%2f` is a byte.
  private static func unescaped(_ text: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var rest = Substring(text).utf8
    while let byte = rest.popFirst() {
      if byte != UInt8(ascii: "%") {
        bytes.append(byte)
        continue
      }
      guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, let value = UInt8(digits, radix: 16)
      else { return nil }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return bytes
  }
}
