internal import Glibc
internal import Netlink

/// firewalld, by the message bus.
///
/// Not by firewall-cmd, which takes a fifth of a second to start and does not say for which network namespace the
/// answer is: the system bus is a socket in the file system, and the same for all of them.
struct FirewallDaemon: ~Copyable {
  private var bus: MessageBus

  private static let name = "org.fedoraproject.FirewallD1"
  private static let path = "/org/fedoraproject/FirewallD1"

  /// Whom `DBUS_SYSTEM_BUS_ADDRESS` names, as for every client of the bus.
  static func connect() throws(Failure) -> FirewallDaemon {
    let address = getenv("DBUS_SYSTEM_BUS_ADDRESS").map { String(cString: $0) } ?? MessageBus.system
    do throws(BusError) {
      var bus = try MessageBus.connect(address)
      let process = try bus.process(named: Self.name)
      if let reason = obstacle(process) { throw BusError(.absent, reason) }
      return FirewallDaemon(bus: bus)
    } catch {
      throw Failure(error)
    }
  }

  /// Why the firewalld of that process is not the one to ask.
  private static func obstacle(_ process: Int32?) -> String? {
    guard let process else { return "it is not running" }
    guard let namespace = namespaceInode(at: "/proc/\(process)/ns/net") else {
      return "which network namespace its process \(process) is in cannot be told"
    }
    return namespace == threadNamespaceInode() ? nil : "the one that runs is in another network namespace"
  }

  private init(bus: consuming MessageBus) { self.bus = bus }

  /// Names, sorted.
  mutating func zones() throws(Failure) -> [String] {
    try call("getZones").first?.list.compactMap(\.string).sorted() ?? []
  }

  mutating func bindings() throws(Failure) -> [ZoneBinding] {
    var bindings: [ZoneBinding] = []
    for entry in try call("getActiveZones").first?.list ?? [] where entry.list.count == 2 {
      guard let zone = entry.list[0].string else { continue }
      for name in entry.list[1]["interfaces"]?.list.compactMap(\.string) ?? [] {
        bindings.append(ZoneBinding(interface: LinkName(kernel: name), zone: zone))
      }
    }
    return bindings
  }

  mutating func bind(_ binding: ZoneBinding) throws(Failure) {
    _ = try call("changeZoneOfInterface", [binding.zone, binding.interface.text])
  }

  /// Whatever zone it is bound to; none is as good.
  mutating func release(_ interface: LinkName) throws(Failure) {
    do throws(Failure) {
      _ = try call("removeInterface", ["", interface.text])
    } catch {
      if case .said(_, let message) = error, message.hasPrefix("UNKNOWN_INTERFACE") { return }
      throw error
    }
  }

  private mutating func call(_ method: String, _ arguments: [String] = []) throws(Failure) -> [BusValue] {
    do throws(BusError) {
      return try bus.call(BusMethod(Self.name, Self.path, "\(Self.name).zone", method), arguments)
    } catch {
      throw Failure(error)
    }
  }

  enum Failure: Error {
    /// No firewalld answers in this network namespace: nothing is bound to a zone by it.
    case absent(String)
    /// It, or the bus, answers otherwise; the call may have been carried out where that is not known.
    case said(isKnown: Bool, String)

    init(_ error: BusError) {
      self =
        error.kind == .absent ? .absent(error.message) : .said(isKnown: error.kind != .silent, error.message)
    }
  }
}
