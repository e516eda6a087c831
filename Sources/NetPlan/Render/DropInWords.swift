extension DropIn {
  var summary: [String] { [DropIn.count(interfaces.count)] }

  func changes(from before: DropIn) -> [String] {
    let come = interfaces.subtracting(before.interfaces).count
    let gone = before.interfaces.subtracting(interfaces).count
    return (come > 0 ? ["+" + DropIn.count(come)] : []) + (gone > 0 ? ["-" + DropIn.count(gone)] : [])
      + (before.isAsWritten || before.text.isEmpty ? [] : ["edited by somebody → as it was written"])
      + (before.state == state ? [] : ["\(before.state) → \(state)"])
  }

  private static func count(_ number: Int) -> String {
    number == 1 ? "1 interface" : "\(number) interfaces"
  }
}
