/// Names in the order people count: `web-2` before `web-10`.
package func naturallyPrecedes(_ a: String, _ b: String) -> Bool {
  let x = a.utf8.span
  let y = b.utf8.span
  var (i, j) = (0, 0)
  while i < x.count, j < y.count {
    if isDigit(x[i]), isDigit(y[j]) {
      while i < x.count, x[i] == 48 { i += 1 }
      while j < y.count, y[j] == 48 { j += 1 }
      var length = 0
      var order = 0
      while i + length < x.count, j + length < y.count, isDigit(x[i + length]), isDigit(y[j + length]) {
        if order == 0 { order = Int(x[i + length]) - Int(y[j + length]) }
        length += 1
      }
      let isLonger = i + length < x.count && isDigit(x[i + length])
      let isShorter = j + length < y.count && isDigit(y[j + length])
      if isLonger || isShorter { return isShorter }
      if order != 0 { return order < 0 }
      i += length
      j += length
    } else if x[i] != y[j] {
      return x[i] < y[j]
    } else {
      i += 1
      j += 1
    }
  }
  if (i == x.count) != (j == y.count) { return i == x.count }
  return a < b
}

func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }
