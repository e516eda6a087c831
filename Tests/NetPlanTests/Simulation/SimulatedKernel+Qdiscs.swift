import Glibc
import NetPlan

// Root disciplines of our handle (net/sched/sch_api.c): neither a new MTU nor going down takes them off a link.

extension SimulatedKernel {
  mutating func setQdisc(_ qdisc: Qdisc, replacing: Bool) throws(Refusal) {
    _ = try require(qdisc.link)
    // Without NLM_F_CREATE there must be one, with NLM_F_EXCL there must be none (`tc_modify_qdisc`).
    if replacing, qdiscs[qdisc.link] == nil { throw Refusal(ENOENT) }
    if !replacing, qdiscs[qdisc.link] != nil { throw Refusal(EEXIST) }
    qdiscs[qdisc.link] = qdisc
  }

  mutating func deleteQdisc(_ qdisc: Qdisc) throws(Refusal) {
    _ = try require(qdisc.link)
    // The kernel's own is there then, whose handle is another (`tc_get_qdisc`).
    guard qdiscs.removeValue(forKey: qdisc.link) != nil else { throw Refusal(EINVAL) }
  }
}
