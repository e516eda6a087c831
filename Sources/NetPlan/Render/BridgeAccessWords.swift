extension BridgeAccess {
  var summary: [String] { bridges.sorted().map { "allow \($0)" } }

  func changes(from before: BridgeAccess) -> [String] {
    let come = bridges.subtracting(before.bridges).sorted().map { "+allow \($0)" }
    let gone = before.bridges.subtracting(bridges).sorted().map { "-allow \($0)" }
    var words = come + gone
    if before.text != text, words.isEmpty { words.append("edited by somebody → as it was written") }
    if before.permissions != permissions { words.append("\(before.permissions) → \(permissions)") }
    if before.isIncluded != isIncluded {
      words.append("\(before.isIncluded ? "" : "not ")in bridge.conf → \(isIncluded ? "" : "not ")in it")
    }
    return words
  }
}
