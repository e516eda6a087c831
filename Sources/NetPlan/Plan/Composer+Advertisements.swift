extension Composer {
  /// Hosts that live from router advertisements go on living from them.
  ///
  /// A router ignores advertisements unless told otherwise (`accept_ra` 2, `ipv6_accept_ra` of include/net/ipv6.h), and
  /// each time that any interface is made one, the kernel drops what it has of them everywhere else
  /// (`rt6_purge_dflt_routers`, net/ipv6/route.c). So `accept_ra` is 2 wherever something was advertised, before any
  /// forwarding is turned on.
  mutating func keepAdvertisements() {
    let advertised = observed.routes.filter { $0.id.advertisement != nil }.flatMap { observed.links(of: $0) }
    let held = observed.formers.compactMap(\.setting).filter { $0.name == "accept_ra" }.compactMap(\.link)
    for link in Set(advertised + advertised.map(place) + held).sorted() {
      if target.unwanted.contains(.link(link)) { continue }
      let key = SysctlKey(family: .ipv6, link: link, name: "accept_ra")
      let id = FormerID(object: ObjectID.sysctl(key).description, attribute: "value")
      guard prospective(key) == "1" || observed[.former(id)] != nil else { continue }
      hold(key, "2", because: "forwarding for routed guests")
    }
  }
}
