/// Names in the order people count: `web-2` before `web-10`.
package func naturallyPrecedes(_ a: String, _ b: String) -> Bool {
  var x = a.utf8[...]
  var y = b.utf8[...]
  func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
  while let first = x.first, let second = y.first {
    if isDigit(first), isDigit(second) {
      x = x.drop { $0 == 48 }
      y = y.drop { $0 == 48 }
      let left = x.prefix(while: isDigit)
      let right = y.prefix(while: isDigit)
      if left.count != right.count { return left.count < right.count }
      if !left.elementsEqual(right) { return left.lexicographicallyPrecedes(right) }
      x = x.dropFirst(left.count)
      y = y.dropFirst(right.count)
    } else if first != second {
      return first < second
    } else {
      x = x.dropFirst()
      y = y.dropFirst()
    }
  }
  if x.isEmpty != y.isEmpty { return x.isEmpty }
  return a < b
}
