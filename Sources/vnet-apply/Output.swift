internal import Glibc
internal import NetPlan

/// Standard output and error. A reader that went away or a full disk changes no outcome, so failures are not told.
enum Output {
  static func result(_ text: String) { write(text, to: STDOUT_FILENO) }
  static func error(_ line: String) { write(line + "\n", to: STDERR_FILENO) }

  private static func write(_ text: String, to descriptor: Int32) {
    try? Disk.write(text.utf8, to: descriptor, "output")
  }

  /// On a terminal only, and never with NO_COLOR (no-color.org).
  static var style: TextStyle {
    TextStyle(colour: isatty(STDOUT_FILENO) == 1 && (getenv("NO_COLOR").map { $0.pointee == 0 } ?? true))
  }
}
