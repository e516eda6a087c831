extension Qdisc {
  /// What follows from the rate goes without saying.
  func qdiscChanges(from before: Qdisc) -> [String] {
    if rate != before.rate { return ["rate \(before.rate.bitRate) → \(rate.bitRate)"] }
    return differences(from: before).map { field in
      "\(field.name) \(field.json(before)?.text() ?? "none") → \(field.json(self)?.text() ?? "none")"
    }
  }
}
