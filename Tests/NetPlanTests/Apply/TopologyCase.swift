import NetPlan

/// A host and the configurations that are applied to it one after another: what topology properties are tried on.
struct TopologyCase: CustomStringConvertible {
  var host: SimulatedKernel
  var sketches: [Sketch]

  init(seed: UInt64, length: Int) {
    var random = Random(seed: seed)
    host = RandomHost(random, isManaged: true).kernel
    _ = random.next()
    var writer = RandomSketch(Random(seed: random.next()))
    sketches = [writer.sketch()]
    while sketches.count < length { sketches.append(writer.edited(sketches.last!)) }
    bindZones(seed)
  }

  /// Interfaces that somebody has put into zones of firewalld, some of them before they are there.
  private mutating func bindZones(_ seed: UInt64) {
    var random = Random(seed: ~seed)
    for name in ["br0", "br1", "br2", "n1", "n2", "virbr0", "t0", "v1-e1", "v1-e2", "v2-e3"]
    where random.chance(20) {
      host.zones[LinkName(name)!] = random.pick(SimulatedKernel.zoneNames)
    }
  }

  var description: String {
    let objects = host.state.sorted.filter { $0.sysctl == nil && $0.link?.name.text != "lo" }
      .map { "  \($0.id) \($0.json.text())" }.joined(separator: "\n")
    return "host \(host.features):\n\(objects)\n"
      + sketches.enumerated().map { "--- \($0 + 1)\n\($1.text)" }.joined()
  }

  /// This case with one thing less, in every way.
  var smaller: [TopologyCase] {
    var list: [TopologyCase] = []
    for place in sketches.indices {
      var copy = self
      copy.sketches.remove(at: place)
      list.append(copy)
      for sketch in sketches[place].smaller {
        var copy = self
        copy.sketches[place] = sketch
        list.append(copy)
      }
    }
    for object in host.state.sorted {
      var copy = self
      switch object {
      case .address(let address) where address.origin != 3: try? copy.host.perform(.deleteAddress(address))
      case .route(let route): try? copy.host.perform(.deleteRoute(route))
      case .nexthop(let nexthop): try? copy.host.perform(.deleteNexthop(nexthop.id))
      case .rule(let rule): try? copy.host.perform(.deleteRule(rule))
      case .neighbour(let proxy): try? copy.host.perform(.deleteProxy(proxy))
      case .qdisc(let qdisc): try? copy.host.perform(.deleteQdisc(qdisc))
      case .link(let link) where link.kind == .tap || link.kind == .bridge:
        try? copy.host.perform(.deleteLinks([link.name]))
      default: continue
      }
      if !copy.host.hasStrandedRoutes { list.append(copy) }
    }
    return list
  }

  /// The smallest case near this one that fails `law`, and how.
  func shrunk(_ law: (TopologyCase) -> String?) -> (TopologyCase, String)? {
    guard var failure = law(self) else { return nil }
    var small = self
    var tries = 0
    search: while tries < 400 {
      for candidate in small.smaller {
        tries += 1
        if let worse = law(candidate) {
          (small, failure) = (candidate, worse)
          continue search
        }
      }
      break
    }
    return (small, failure)
  }
}
