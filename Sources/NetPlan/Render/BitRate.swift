extension UInt64 {
  /// Bits per second as a configuration has them: `100mbit`, or `20000001bit` where no larger unit fits.
  var bitRate: String {
    for (size, unit) in [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1_000, "kbit")] as [(UInt64, String)]
    where self >= size && isMultiple(of: size) {
      return "\(self / size)\(unit)"
    }
    return "\(self)bit"
  }
}

extension Qdisc {
  /// What follows from the rate goes without saying.
  func qdiscChanges(from before: Qdisc) -> [String] {
    if rate != before.rate { return ["rate \(before.rate.bitRate) → \(rate.bitRate)"] }
    return differences(from: before).map { field in
      "\(field.name) \(field.json(before)?.text() ?? "none") → \(field.json(self)?.text() ?? "none")"
    }
  }
}
