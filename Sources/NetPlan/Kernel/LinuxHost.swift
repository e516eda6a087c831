internal import Glibc
internal import Netlink

/// The kernel of this machine, in the network namespace of the calling thread.
package struct LinuxHost: Host, ~Copyable {
  var socket: Socket
  var links = LinkTable()
  let ledger: RecordFile<Former>
  let reservations: RecordFile<Reservation>
  let services: ServiceFolders
  let places: StatePlaces
  let dropIns = DropInFiles()
  let bridgeAccess = BridgeAccessFiles()
  /// Looked up once: neither changes while a plan is made and applied.
  var facts: HostFacts?
  var wireless: Set<Int32>?
  var managers: [ManagerFacts]?
  /// Routes that are alike to advertised ones, as of the last look.
  var advertised: Set<RouteID> = []
  /// Looked up where a configuration has forwards.
  var listeners: [Listener]?
  /// A configuration asks for queueing disciplines.
  var asksQdiscs = false
  /// A configuration names a zone of firewalld.
  var asksZones = false
  /// Links of whose settings a plan speaks.
  var settled: Set<LinkName> = []
  /// Its zones as of the last look, or why there was none that could be asked.
  var zones: [String]?
  var zonesUnread: String?
  /// What the last look found in nftables.
  var lastRuleset: Ruleset?
  /// A look follows before tables change again.
  var listsAhead = false
  /// nft at work on a listing that the next look will want.
  var listing: RulesetReading?
  /// Chains of others on the hooks of guests' traffic, as of the first look.
  var foreignChains: [ForeignChain]?
  /// Rules of ours stand among those of others, or may.
  var hasPassages = false
  /// A configuration has VMs in network namespaces.
  var asksNamespaces = false
  /// Into which ends of links go, as long as the requests for these are on their way.
  var openNamespaces: [String: OpenNamespace] = [:]
  /// Open while a plan is carried out.
  var monitor: Monitor?
  /// Links that went and came again in one step: that they went is no news.
  var remade: Set<LinkName> = []
  /// Kept until nothing waits for their end, which takes as long as their beginning.
  var detours: [Detour] = []
  /// Of the sockets that requests have gone out on: what they cause is ours.
  var ports: Set<UInt32> = []

  package init(places: StatePlaces) throws(HostError) {
    do throws(NetlinkError) {
      socket = try Socket()
    } catch {
      throw HostError(error)
    }
    self.places = places
    ledger = .ledger(in: places.directory)
    reservations = .reservations(in: places.lasting)
    services = ServiceFolders(path: places.directory + "/services")
  }

  /// One that looks at, and changes, nothing but a kernel's state, in the calling thread's namespace.
  init(facts: HostFacts?) throws(HostError) {
    try self.init(places: StatePlaces(directory: "/nonexistent", lasting: "/nonexistent"))
    self.facts = facts
  }

  /// Takes away what a killed run left half written, once its journal has been seen to.
  package func sweep() {
    ledger.sweep()
    reservations.sweep()
    services.sweep()
    dropIns.sweep()
    bridgeAccess.sweep()
  }
}

/// A network namespace, held open.
final class OpenNamespace {
  let namespace: NetworkNamespace

  init(_ name: String) throws(NetlinkError) {
    namespace = try NetworkNamespace.open(path: Netns.path(named: name))
  }

  init(_ namespace: consuming NetworkNamespace) { self.namespace = namespace }
}
