import NetPlan
import Testing

@Suite("Natural order")
struct NaturalOrderTests {
  @Test("names come in the order people count")
  func counting() {
    let sorted = ["a", "a0", "a1", "a01", "a1b", "a2", "a2b10", "a2b9", "a10", "b", "web-2", "web-10"]
    var random = Random(seed: 1)
    let shuffled = sorted.shuffled(using: &random)
    #expect(
      shuffled.sorted(by: naturallyPrecedes) == [
        "a", "a0", "a01", "a1", "a1b", "a2", "a2b9", "a2b10", "a10", "b", "web-2", "web-10",
      ])
  }

  @Test("a number too long for any integer is a number")
  func longNumbers() {
    #expect(naturallyPrecedes("a99999999999999999999998", "a99999999999999999999999"))
    #expect(naturallyPrecedes("a9", "a10000000000000000000000000000000000000000"))
  }

  /// Sorting needs that: irreflexive, asymmetric, transitive, and so is being neither before nor after.
  @Test("it is a strict total order of names")
  func order() {
    var random = Random(seed: 2)
    let alphabet = Array("0019ab-.A")
    let names = (0..<60).map { _ in String((0..<random.below(6)).map { _ in random.pick(alphabet) }) }
    for a in names {
      #expect(!naturallyPrecedes(a, a))
      for b in names where a != b {
        #expect(naturallyPrecedes(a, b) != naturallyPrecedes(b, a), "\(a) \(b)")
        for c in names where naturallyPrecedes(a, b) && naturallyPrecedes(b, c) {
          if !naturallyPrecedes(a, c) { Issue.record("\(a) < \(b) < \(c), but not \(a) < \(c)") }
        }
      }
    }
  }
}
