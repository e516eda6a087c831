extension Plan {
  /// For a pull request's comment: GitHub's Markdown, the plan as a diff.
  package var markdown: String {
    var out = "### Network plan for `\(name)`\n\n"
    let changes = visibleChanges
    if changes.isEmpty {
      out += "No changes.\n"
    } else {
      out += "```diff\n"
      for line in PlanLine.lines(of: changes, in: self, folded: true) {
        // GitHub colours lines by their first character; `!` marks what changes.
        let mark =
          switch line.action {
          case .create: "+"
          case .change: "!"
          case .delete: "-"
          case .replace: "-"
          }
        out += "\(mark) \(line.action.symbol) \(line.words)\n"
        for word in line.interruptions { out += "#     interrupts: \(word)\n" }
      }
      out += "```\n\n**\(Summary(of: changes).text)**\n"
    }
    guard !risks.isEmpty else { return out }
    out += "\n| risk | object | what | accepted |\n|---|---|---|---|\n"
    for risk in risks {
      let accepted = risk.refusable ? risk.accepted ?? "**no**" : "notice"
      out +=
        "| `\(risk.name)` | `\(risk.object)` | \(risk.detail.replacing("|", with: "\\|")) | \(accepted) |\n"
    }
    return out
  }
}
