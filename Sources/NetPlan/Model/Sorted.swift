/// Sorting, here by the places of the elements: the standard library's sort is compiled anew for every type and every closure
/// that it is called with, which with a hundred of them was a twelfth of all code.
extension Sequence {
  /// As in the standard library; stable.
  func sorted(by precedes: (Element, Element) -> Bool) -> [Element] {
    let all = Array(self)
    return withoutActuallyEscaping({ precedes(all[$0], all[$1]) }) { precedes in
      places(all.count, in: Order(precedes: precedes)).map { all[$0] }
    }
  }
}

extension Sequence where Element: Comparable {
  func sorted() -> [Element] { sorted(by: <) }
}

extension Array {
  mutating func sort(by precedes: (Element, Element) -> Bool) { self = sorted(by: precedes) }
}

/// Keeps the closure from the optimiser, which would copy `places` for every one that it sees.
private struct Order {
  let precedes: (Int, Int) -> Bool
}

@inline(never)
private func places(_ count: Int, in order: Order) -> ContiguousArray<Int> {
  var places = ContiguousArray(0..<count)
  places.sort(by: order.precedes)
  return places
}
