/// One thing that is wrong with a configuration, or worth a word.
package struct Diagnostic: Hashable, Sendable, Error {
  package enum Severity: String, Sendable { case error, warning }

  /// Another place that the message is about: the first of two equal keys, the network that overlaps.
  package struct Related: Hashable, Sendable {
    package var message: String
    package var position: SourcePosition
  }

  package var severity: Severity
  package var code: DiagnosticCode
  /// nil where no file could be read, or the fault is in what none of them says.
  package var position: SourcePosition?
  /// Where in the document: `vms.web.nics.eth0.vlan`.
  package var path: String
  package var message: String
  package var hint: String?
  package var related: Related?

  init(
    _ code: DiagnosticCode, at position: SourcePosition?, path: String = "", _ message: String,
    hint: String? = nil, related: Related? = nil, severity: Severity = .error
  ) {
    self.severity = severity
    self.code = code
    self.position = position
    self.path = path
    self.message = message
    self.hint = hint
    self.related = related
  }
}

/// Collects diagnostics. One place says a thing once: the thousand VMs of a `count` share their lines.
struct DiagnosticList: Sendable {
  private struct Identity: Hashable {
    let code: DiagnosticCode
    let position: SourcePosition
  }

  private(set) var all: [Diagnostic] = []
  private var seen: Set<Identity> = []

  mutating func add(_ diagnostic: Diagnostic) {
    if diagnostic.severity == .error { errorCount += 1 }
    if let position = diagnostic.position {
      guard seen.insert(Identity(code: diagnostic.code, position: position)).inserted else { return }
    }
    all.append(diagnostic)
  }

  /// Repetitions included: it grows whenever something is wrong.
  private(set) var errorCount = 0
  var hasErrors: Bool { errorCount > 0 }

  /// By file, line and column; what has no place comes first.
  var sorted: [Diagnostic] {
    all.enumerated().sorted { a, b in
      switch (a.element.position, b.element.position) {
      case (let x?, let y?) where x != y: x < y
      case (nil, .some): true
      case (.some, nil): false
      default: a.offset < b.offset
      }
    }.map(\.element)
  }
}
