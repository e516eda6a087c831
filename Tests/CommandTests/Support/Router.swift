/// A router that advertises itself, and does nothing else.
final class Router {
  private let child: Child
  let address: String

  /// Returns once it has advertised itself for the first time.
  init(_ link: String, in space: Namespace, address: String = "fe80::1", _ options: String) throws {
    self.address = address
    child = try space.start([Tools.standIn, "router", link, "--source", address] + options.words)
    guard child.line() == "ready" else {
      throw CommandFailure(description: child.finish(timeout: 1).description)
    }
  }

  func advertise(lifetime: Int? = nil) throws {
    child.write(lifetime.map { "lifetime \($0)\n" } ?? "advertise\n")
    var line: String?
    repeat { line = child.line(timeout: 5) } while line == "solicited"
    guard line == "advertised" else {
      throw CommandFailure(description: child.finish(timeout: 1).description)
    }
  }

  /// Waits for somebody to ask for an advertisement.
  func isSolicited(within seconds: Double) -> Bool { child.line(timeout: seconds) == "solicited" }

  func leave() { _ = child.finish(timeout: 10) }
}
