/// Where packets for a port of the host come from, and which port it is.
package struct ForwardedFlow: Hashable, Sendable {
  /// `tcp` or `udp`
  package var transport: String
  package var source: IPAddress
  package var destination: IPAddress
  package var port: UInt16

  package init(_ transport: String, from source: IPAddress, to destination: IPAddress, _ port: UInt16) {
    self.transport = transport
    self.source = source
    self.destination = destination
    self.port = port
  }
}

extension Table {
  /// Where the forwards of this table lead such packets, `10.7.0.51 . 80`; nil where none is for them. The narrowest is
  /// asked first, as by the rules.
  package func target(of flow: ForwardedFlow) -> String? {
    let ip = flow.destination.family.shortName
    let port = "\(flow.transport) . \(flow.port)"
    func among(_ name: String, _ key: String) -> String? {
      self[set: name]?.elements.first { element in
        guard element.key.hasSuffix(" . \(key)") else { return false }
        let source = element.key.dropLast(key.utf8.count + 3)
        return (IPPrefix(source) ?? IPAddress(source).map(IPPrefix.init(host:)))?.contains(flow.source)
          ?? false
      }?.value
    }
    return among("forward-at-from-\(ip)", "\(flow.destination) . \(port)")
      ?? self[set: "forward-at-\(ip)"]?.elements["\(flow.destination) . \(port)"]
      ?? among("forward-from-\(ip)", port)
      ?? self[set: "forward-\(ip)"]?.elements[port]
  }

  package var forwards: [TableSet] { sets.filter { $0.name.hasPrefix("forward-") } }

  package var hasForwards: Bool { forwards.contains { !$0.elements.isEmpty } }
}
