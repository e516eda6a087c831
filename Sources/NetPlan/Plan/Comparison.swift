/// The difference of two configurations: what the second one changes on a host on which the first one was applied.
package struct Comparison: Sendable {
  package let old: Topology
  package let new: Topology
  /// Before the first one; nil for a host that has what both ask for and nothing else.
  package let host: Observation?

  package init(from old: Topology, to new: Topology, on host: Observation? = nil) {
    (self.old, self.new, self.host) = (old, new, host)
  }

  /// The host with the old configuration, or why it cannot have that.
  package func basis() -> (host: Observation, obstacles: [Obstacle]) {
    var host = host ?? .assumed(for: [old, new])
    let (plan, obstacles) = Planner(topology: old, host: host).plan()
    host.state = host.state.after(plan.changes)
    return (host, obstacles)
  }
}
