/// A host's network state, observed or desired: the objects by their identity.
package struct State: Sendable, Equatable {
  package var objects: [ObjectID: Object]

  package init(_ objects: some Sequence<Object> = EmptyCollection<Object>()) {
    self.objects = [:]
    for object in objects { self.objects[object.id] = object }
  }

  package subscript(id: ObjectID) -> Object? {
    get { objects[id] }
    set { objects[id] = newValue }
  }

  package mutating func insert(_ object: Object) { objects[object.id] = object }

  package func link(_ name: LinkName) -> Link? { objects[.link(name)]?.link }

  package var links: some Sequence<Link> { objects.values.lazy.compactMap(\.link) }
  package var functions: some Sequence<VirtualFunction> { objects.values.lazy.compactMap(\.function) }
  package var addresses: some Sequence<Address> { objects.values.lazy.compactMap(\.address) }
  package var routes: some Sequence<Route> { objects.values.lazy.compactMap(\.route) }
  package var rules: some Sequence<Rule> { objects.values.lazy.compactMap(\.rule) }
  package var formers: some Sequence<Former> { objects.values.lazy.compactMap(\.former) }
  package var services: some Sequence<Service> { objects.values.lazy.compactMap(\.service) }
  package var reservations: some Sequence<Reservation> { objects.values.lazy.compactMap(\.reservation) }

  package var passages: some Sequence<Passage> { objects.values.lazy.compactMap(\.passage) }
  package var dropIns: some Sequence<DropIn> { objects.values.lazy.compactMap(\.dropIn) }
  package var bridgeAccess: some Sequence<BridgeAccess> { objects.values.lazy.compactMap(\.bridgeAccess) }
  package var zones: some Sequence<ZoneBinding> { objects.values.lazy.compactMap(\.zone) }
  package var tables: some Sequence<Table> { objects.values.lazy.compactMap(\.table) }

  package var sorted: [Object] { objects.sorted { $0.key < $1.key }.map(\.value) }
}
