import Testing
import Witness

func expect(_ outcome: Outcome, exits code: Int32, sourceLocation: SourceLocation = #_sourceLocation) {
  #expect(
    outcome.code == code, "expected exit \(code): \(outcome)", sourceLocation: sourceLocation)
}

func expectEqual(
  _ before: Dump, _ after: Dump, _ comment: Comment? = nil, sourceLocation: SourceLocation = #_sourceLocation
) {
  let difference = before.difference(to: after)
  #expect(
    difference.isEmpty, "\(comment.map { "\($0)\n" } ?? "")\(difference)", sourceLocation: sourceLocation)
}
