/// Where a plan leads: the objects that are to be, and those of ours that are not to be any more.
///
/// Attributes that `wanted` leaves open stay as they are.
package struct Target: Sendable {
  package var wanted = State()
  package var unwanted: Set<ObjectID> = []
  /// Links of ours that go by another name from now on, old → new.
  package var renamed: [LinkName: LinkName] = [:]
  /// The place in the configuration that asks for an object: `vms.web.nics.eth0`.
  package var reasons: [ObjectID: String] = [:]
  /// What a change of this object interrupts, for whom and for how long.
  package var interruptions: [ObjectID: [String]] = [:]
  /// The order of addresses is to be what their `order` says, also of those that are there.
  package var restoresOrder = false
  /// By the NIC's place in the configuration.
  package var guestMarks: [String: GuestMarks] = [:]
  /// NICs for which a group may use qemu-bridge-helper, by their places in the configuration.
  package var admitted: [BridgeAccessID: Set<String>] = [:]
  package var obstacles: [Obstacle] = []
  package var risks: [Risk] = []

  package init() {}

  /// Makes room for what so many NICs have, which otherwise moves each time that it has grown to double.
  mutating func reserveCapacity(_ nics: Int) {
    wanted.objects.reserveCapacity(nics)
    reasons.reserveCapacity(nics)
    guestMarks.reserveCapacity(nics)
  }

  package mutating func want(_ object: Object, because reason: String) {
    let id = object.id
    wanted[id] = object
    reasons[id] = reason
  }

  package mutating func drop(_ id: ObjectID, because reason: String) {
    unwanted.insert(id)
    if reasons[id] == nil { reasons[id] = reason }
  }
}

/// What a guest goes by in tables.
package struct GuestMarks: Sendable {
  var mac: MACAddress
  var addresses: [IPAddress] = []
  /// The port that its VM software makes, in quotes.
  var port: String?

  /// As tables write them.
  var words: [String] {
    [mac.description] + addresses.flatMap { [$0.description, $0.hexadecimal] } + (port.map { [$0] } ?? [])
  }
}
