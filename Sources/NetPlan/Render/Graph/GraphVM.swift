/// A VM on its way into a graph: of a `count` many become one node.
struct GraphVM {
  var name: String
  /// What VMs have in common that may become one; nil for one that stands for itself.
  var series: String?
  var nics: [NIC] = []

  struct NIC {
    var name: String
    /// The node that it hangs on.
    var end: Int
    var label: String
    var mode: String
    var device: String?
    var addresses: [IPAddress]
    var forwards: [String]
    var mark: Graph.Mark?
    var isRouted: Bool
  }

  /// All that alike VMs have alike: not the names of devices, nor addresses.
  private struct Shape: Hashable {
    var series: String
    var nics: [Part]

    struct Part: Hashable {
      var end: Int
      var label: String
      var mode: String
      var mark: Graph.Mark?
      var counts: [Int]
    }
  }

  private var shape: Shape? {
    series.map { series in
      Shape(
        series: series,
        nics: nics.map {
          Shape.Part(
            end: $0.end, label: $0.label, mode: $0.mode, mark: $0.mark,
            counts: [$0.addresses.count, $0.forwards.count])
        })
    }
  }

  /// `worker` of `worker-12`; nil for a name without a number.
  static func stem(of name: String) -> String? {
    let digits = name.reversed().prefix { $0.isASCII && $0.isNumber }.count
    return digits == 0 ? nil : String(name.dropLast(digits))
  }

  struct Group {
    var first: GraphVM
    var last: GraphVM
    var count: Int
  }

  /// In the order of the first of each.
  static func folded(_ vms: [GraphVM]) -> [Group] {
    var groups: [Group] = []
    var places: [Shape: Int] = [:]
    for vm in vms {
      let shape = vm.shape
      if let shape, let place = places[shape] {
        groups[place].last = vm
        groups[place].count += 1
        continue
      }
      if let shape { places[shape] = groups.count }
      groups.append(Group(first: vm, last: vm, count: 1))
    }
    return groups
  }
}

extension GraphVM.Group {
  var node: Graph.Node {
    Graph.Node(
      kind: .vm, title: span(first.name, last.name), lines: lines, count: count,
      mark: Graph.Mark.of(first.nics.map(\.mark)))
  }

  private func span(_ a: String, _ b: String) -> String { a == b ? a : "\(a) … \(b)" }

  /// Chosen addresses grow by no rule.
  private func range(_ a: IPAddress, _ b: IPAddress) -> String {
    if a == b { return "\(a)" }
    return b.value &- a.value == UInt128(count - 1) ? "\(a) … \(b)" : "\(a) and \(count - 1) more"
  }

  private var lines: [String] {
    zip(first.nics, last.nics).flatMap { a, b -> [String] in
      var words = [a.mode]
      if let device = a.device { words.append(span(device, b.device ?? device)) }
      if first.nics.count > 1, let mark = a.mark, Graph.Mark.of(first.nics.map(\.mark)) != mark {
        words.append("(\(mark.rawValue))")
      }
      let head = "\(a.name): \(words.filter { !$0.isEmpty }.joined(separator: " "))"
      return [head] + zip(a.addresses, b.addresses).map { "  " + range($0, $1) }
        + zip(a.forwards, b.forwards).map { "  " + span($0, $1) }
    }
  }
}
