import NetPlan
import Testing

@Suite("Diagnostics")
struct DiagnosticTests {
  static let cases = Fixture.all("diagnostics")

  @Test("a bad file gets exactly this text", arguments: cases)
  func text(_ fixture: Fixture) {
    do {
      let loaded = try fixture.load()
      fixture.expect(loaded.warnings.map { $0.text(loaded.files) }.joined())
    } catch {
      fixture.expect(error.text)
    }
  }

  /// The kinds that need no file, one too large to keep, or a host.
  static let elsewhere: Set<DiagnosticCode> = [.cannotRead, .noFiles, .tooLarge, .hostConflict, .hostLacks]

  @Test("every code has a fixture of its name that reports it", arguments: DiagnosticCode.allCases)
  func everyCode(_ code: DiagnosticCode) throws {
    if Self.elsewhere.contains(code) { return }
    let fixture = try #require(Self.cases.first { $0.name == code.rawValue })
    do {
      let loaded = try fixture.load()
      #expect(loaded.warnings.contains { $0.code == code })
    } catch {
      #expect(error.diagnostics.contains { $0.code == code })
    }
  }
}
