extension UInt64 {
  /// Bits per second as a configuration has them: `100mbit`, or `20000001bit` where no larger unit fits.
  package var bitRate: String {
    for (size, unit) in [(1_000_000_000, "gbit"), (1_000_000, "mbit"), (1_000, "kbit")] as [(UInt64, String)]
    where self >= size && isMultiple(of: size) {
      return "\(self / size)\(unit)"
    }
    return "\(self)bit"
  }
}
