/// How text is dressed: plain for files and pipes, colours on a terminal.
package struct TextStyle: Sendable {
  package var colour: Bool
  /// Alike lines of a `count` one by one.
  package var full: Bool

  package init(colour: Bool = false, full: Bool = false) {
    self.colour = colour
    self.full = full
  }

  fileprivate func paint(_ text: String, _ action: Change.Action) -> String {
    guard colour else { return text }
    let code =
      switch action {
      case .create: "32"
      case .change: "33"
      case .delete: "31"
      case .replace: "35"
      }
    return "\u{1b}[\(code)m\(text)\u{1b}[0m"
  }
}

extension Plan {
  /// One line an object, then what it interrupts, the risks, and a line that sums up. Ends with a newline.
  package func text(_ style: TextStyle = TextStyle()) -> String {
    let changes = visibleChanges
    guard !changes.isEmpty else { return noticesText + "No changes.\n" }
    var out = ""
    for line in PlanLine.lines(of: changes, in: self, folded: !style.full) {
      out += style.paint("\(line.action.symbol) \(line.words)", line.action)
      for word in line.interruptions { out += "\n    interrupts: \(word)" }
      out += "\n"
    }
    out += noticesText
    return out + Summary(of: changes).text + "\n"
  }

  /// A line for each object that is not yet what the plan makes of it, with both values.
  package var unmet: [String] {
    var rest = self
    rest.changes.removeAll { $0.before == $0.after }
    let visible = rest.visibleChanges.filter { !$0.id.isFormer }
    let kept = rest.changes.filter { $0.id.isFormer }.map { change in
      "\(change.action.symbol) \((change.after ?? change.before)!.headline)"
    }
    return PlanLine.lines(of: visible, in: rest, folded: false).map {
      "\($0.action.symbol) \($0.words)"
    } + kept
  }

  private var noticesText: String {
    risks.map { risk in
      let state =
        risk.refusable ? risk.accepted.map { "accepted by \($0)" } ?? "refused until accepted" : "notice"
      var text = "! \(risk.name) \(risk.object): \(risk.detail) (\(state))\n"
      for line in (risk.remedy ?? "").split(separator: "\n") { text += "    \(line)\n" }
      return text
    }.joined()
  }
}

extension ObjectID {
  /// A former value that is to come back: of the ledger, which no plan shows.
  fileprivate var isFormer: Bool { if case .former = self { true } else { false } }
}

extension Plan.Summary {
  /// `Plan: 4 to create, 1 to change, 0 to delete.`
  package var text: String {
    if create + change + delete + replace == 0 { return "No changes." }
    return "Plan: \(create) to create, \(change) to change, \(delete) to delete"
      + (replace > 0 ? ", \(replace) to replace" : "") + "."
  }
}
