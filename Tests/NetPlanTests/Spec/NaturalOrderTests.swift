import NetPlan
import Testing

@Suite("Natural order")
struct NaturalOrderTests {
  @Test("numbers in names count as numbers, and of equal ones the name decides")
  func order() {
    let names = [
      "a", "a1", "a1b", "a01c", "a2", "a9-10", "a10", "a10-2", "a10-12", "b", "b-0", "b-00", "b-1",
    ]
    for (i, first) in names.enumerated() {
      for (j, second) in names.enumerated() {
        #expect(naturallyPrecedes(first, second) == (i < j), "\(first) \(second)")
      }
    }
  }
}
