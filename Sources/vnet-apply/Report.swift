internal import ArgumentParser
internal import NetPlan

/// What a run tells when it is over.
enum Report {
  static func tell(_ recovery: Recovery, quiet: Bool) throws {
    switch recovery {
    case .nothing, .waiting: break
    case .undone(let name, let deadline):
      let what =
        deadline == nil ? "an interrupted apply of '\(name)'" : "a change of '\(name)' that was not confirmed"
      if !quiet { Output.error("recovered: \(what) was undone") }
    case .finished(let name, let deadline, let warnings):
      let what = deadline == nil ? "an interrupted apply of '\(name)'" : "a confirmed change of '\(name)'"
      if !quiet { Output.error("recovered: \(what) was brought to its end") }
      tell(warnings: warnings)
    case .stuck(let name, let remaining, let errors, let isSeen):
      Output.error("error: an interrupted apply of '\(name)' cannot be undone yet")
      throw stuck(remaining, errors, isSeen: isSeen)
    }
  }

  /// Ends with the code of the transaction's ending.
  static func tell(_ ending: Ending, quiet: Bool) throws {
    switch ending {
    case .done(let warnings): tell(warnings: warnings)
    case .waiting: break
    case .undone(let cause):
      tell(errors: cause)
      Output.error("nothing was changed: the host is as it was before")
      throw Exit.failed
    case .stuck(let cause, let remaining, let isSeen):
      tell(errors: cause)
      throw stuck(remaining, [], isSeen: isSeen)
    }
  }

  private static func stuck(_ remaining: [Change], _ errors: [HostError], isSeen: Bool) -> ExitCode {
    tell(errors: errors)
    Output.error(
      isSeen
        ? "the rollback is incomplete; these objects differ from what they were (+ is missing, - should not be there, ~ now → before):"
        : "the rollback is incomplete, and the host cannot be looked at; what differs from what it was is among these:"
    )
    for line in Plan(name: "", changes: remaining).unmet { Output.error("  \(line)") }
    Output.error("  hint: remove the cause, then run 'vnet-apply recover'")
    return Exit.stuck
  }

  private static func tell(errors: [HostError]) {
    for error in errors {
      Output.error("error: \(error)")
      if let hint = error.hint { Output.error("  hint: \(hint)") }
    }
  }

  static func tell(warnings: [HostError]) {
    for warning in warnings { Output.error("warning: \(warning)") }
  }

  /// Risks that nobody accepted end a run before it begins; the last line shows how to accept them.
  static func refuse(_ plan: Plan) throws {
    let refused = plan.refused
    guard !refused.isEmpty else { return }
    for risk in refused { Output.error("refused: \(risk.name) \(risk.object): \(risk.detail)") }
    let names = Set(refused.map(\.name)).sorted()
    Output.error(
      "accept with: \(names.map { "--allow \($0)" }.joined(separator: " "))   or in the file: allow: [\(names.joined(separator: ", "))]"
    )
    throw Exit.refused
  }
}
