internal import Netlink

extension LinuxHost {
  /// Ways past the bridges that hardware joins or leaves in a batch.
  ///
  /// A port loses what arrives between the moment when it is given to the bridge and its forwarding (`br_add_if` registers
  /// the receiver first), and between the end of that and its leaving (`del_nbp` disables the port first, and with VLANs
  /// waits for RCU in between); and what the host still sends by the bridge goes nowhere then. With a detour the
  /// interfaces of the bridge and of the hardware are one to the host. Nothing depends on it: a kernel that cannot make
  /// one loses a packet now and then.
  mutating func detours(for batch: Batch) -> [Detour] {
    var detours: [Detour] = []
    for step in batch.steps {
      guard let before = step.change.before?.link, let after = step.change.after?.link, after.kind != .tap,
        before.master != after.master, let bridge = after.master?.name ?? before.master?.name,
        let ends = try? (links.index(after.name), links.index(bridge)),
        let detour = try? Detour(between: ends.0, and: ends.1)
      else { continue }
      detours.append(detour)
    }
    return detours
  }
}
