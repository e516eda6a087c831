/// A configuration as a drawing has it: hardware, the host, networks, VMs, what connects them, and what a plan does to
/// each. Pure, and the same for the same topology and plan.
package struct Graph: Sendable, Equatable {
  /// The configuration's.
  package var name: String
  package var nodes: [Node]
  package var edges: [Edge]

  package init(name: String, nodes: [Node] = [], edges: [Edge] = []) {
    (self.name, self.nodes, self.edges) = (name, nodes, edges)
  }

  package struct Node: Sendable, Hashable {
    package var kind: Kind
    package var title: String
    /// What is said below the title.
    package var lines: [String] = []
    /// How many alike it stands for.
    package var count = 1
    package var mark: Mark?

    package init(kind: Kind, title: String, lines: [String] = [], count: Int = 1, mark: Mark? = nil) {
      (self.kind, self.title, self.lines, self.count, self.mark) = (kind, title, lines, count, mark)
    }

    /// `runner-1 … runner-50 × 50`
    package var caption: String { count > 1 ? "\(title) × \(count)" : title }

    /// Caption, lines, and in the end what becomes of it.
    package var text: [String] { [caption] + lines + (mark.map { [$0.rawValue] } ?? []) }
  }

  /// In the order of the layers of a drawing: what is further down hangs on what is further up.
  package enum Kind: Int, Sendable, Hashable, CaseIterable {
    case hardware, host, network, portGroup, vm

    /// Hardware and the host stand side by side.
    var layer: Int { max(0, rawValue - 1) }
  }

  /// Between places in `nodes`, from the upper layer to the lower one.
  package struct Edge: Sendable, Hashable {
    package var from: Int
    package var to: Int
    package var label: String
    package var mark: Mark?
    /// Packets go that way by the host's routing, frames do not.
    package var isRouted = false

    package init(from: Int, to: Int, label: String, mark: Mark? = nil, isRouted: Bool = false) {
      (self.from, self.to, self.label, self.mark, self.isRouted) = (from, to, label, mark, isRouted)
    }
  }

  package enum Mark: String, Sendable, Hashable, CaseIterable {
    case created, changed, deleted, replaced

    init(_ action: Change.Action) {
      switch action {
      case .create: self = .created
      case .change: self = .changed
      case .delete: self = .deleted
      case .replace: self = .replaced
      }
    }

    /// Of something that is made of several.
    static func of(_ parts: [Mark?]) -> Mark? {
      guard let first = parts.first else { return nil }
      if parts.allSatisfy({ $0 == first }) { return first }
      return parts.contains { $0 != nil } ? .changed : nil
    }
  }
}

package enum GraphFormat: String, Sendable, CaseIterable {
  case mermaid, dot, svg

  package func render(_ graph: Graph) -> String {
    switch self {
    case .mermaid: graph.mermaid
    case .dot: graph.dot
    case .svg: graph.svg
    }
  }
}
