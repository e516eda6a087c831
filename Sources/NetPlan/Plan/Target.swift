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
  /// MACs and addresses of guests, by the NIC's place in the configuration, as tables write them.
  package var guestMarks: [String: Set<String>] = [:]
  /// NICs for which a group may use qemu-bridge-helper, by their places in the configuration.
  package var admitted: [BridgeAccessID: Set<String>] = [:]
  package var obstacles: [Obstacle] = []
  package var risks: [Risk] = []

  package init() {}

  package mutating func want(_ object: Object, because reason: String) {
    wanted.insert(object)
    reasons[object.id] = reason
  }

  package mutating func drop(_ id: ObjectID, because reason: String) {
    unwanted.insert(id)
    if reasons[id] == nil { reasons[id] = reason }
  }
}
