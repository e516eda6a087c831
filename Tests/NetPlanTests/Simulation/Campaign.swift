import Glibc
import NetPlan
import Testing

/// A law tried on many seeds. `VNET_SEED` names the only one to try, or the first and the last (`7500-20000`).
struct Campaign {
  let seeds: ClosedRange<UInt64>
  /// What once failed is tried first.
  private var remembered: [UInt64]

  /// `count` seeds, or as many as the environment variable says.
  init(_ variable: String, _ count: Int, from first: UInt64 = 1, remembering remembered: [UInt64] = []) {
    self.remembered = remembered
    func number(_ name: String) -> UInt64? { getenv(name).flatMap { UInt64(String(cString: $0)) } }
    let named = getenv("VNET_SEED").map {
      String(cString: $0).split(separator: "-").compactMap { UInt64($0) }
    }
    if let named, let first = named.first, let last = named.last, first <= last {
      seeds = first...last
      self.remembered = []
    } else {
      seeds = first...first + max(1, number(variable) ?? UInt64(count)) - 1
    }
  }

  /// Stops at the first seed for which `law` says what is wrong.
  func hold(_ law: (UInt64) throws -> String?, _ location: SourceLocation = #_sourceLocation) rethrows {
    for seed in remembered + seeds {
      if let failure = try law(seed) {
        Issue.record("VNET_SEED=\(seed): \(failure)", sourceLocation: location)
        return
      }
    }
    if seeds.count > 1000 { print("a law held for the seeds \(seeds)") }
  }
}
