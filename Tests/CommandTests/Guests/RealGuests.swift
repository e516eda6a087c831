import Testing

/// Everything that boots guests, one suite after the other: a guest takes a whole processor while it boots, and
/// `scripts/test` runs them apart from the rest. A further suite stands in an extension of its own file.
@Suite(
  "guests that boot", .enabled(if: Gate.guests, Comment(rawValue: Gate.guestsComment)), .serialized,
  .tags(.guests))
enum RealGuests {}

extension Tag {
  @Tag static var guests: Self
}
