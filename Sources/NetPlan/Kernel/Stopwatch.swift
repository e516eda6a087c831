internal import Glibc
internal import Netlink
internal import Synchronization

/// Where a run's time goes, for `--timing`: by parts, in the order in which they first began. Parts do not overlap.
package enum Stopwatch {
  package struct Reading: Sendable {
    /// Seconds since some moment.
    package var wall = 0.0
    /// Seconds of processor time of this process, without the programs that it has started.
    package var processor = 0.0
    var calls = CallCounts()

    static var now: Reading {
      Reading(wall: clock(CLOCK_MONOTONIC), processor: clock(CLOCK_PROCESS_CPUTIME_ID), calls: .now)
    }

    private static func clock(_ id: clockid_t) -> Double {
      var time = timespec()
      clock_gettime(id, &time)
      return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func + (a: Reading, b: Reading) -> Reading {
      Reading(wall: a.wall + b.wall, processor: a.processor + b.processor, calls: a.calls + b.calls)
    }

    static func += (a: inout Reading, b: Reading) { a = a + b }

    static func - (a: Reading, b: Reading) -> Reading {
      Reading(wall: a.wall - b.wall, processor: a.processor - b.processor, calls: a.calls - b.calls)
    }
  }

  private struct Table: Sendable {
    var start: Reading
    var parts: [(name: String, spent: Reading)] = []
  }

  /// nil where nobody asks.
  private static let table = Mutex<Table?>(nil)

  package static func start() { table.withLock { $0 = Table(start: .now) } }

  /// A part that begins now; nil where nobody asks.
  package static func part() -> Reading? { table.withLock { $0 == nil ? nil : .now } }

  package static func end(_ part: Reading?, _ name: @autoclosure () -> String) {
    guard let part else { return }
    let (name, spent) = (name(), Reading.now - part)
    table.withLock { table in
      guard let index = table?.parts.firstIndex(where: { $0.name == name }) else {
        table?.parts.append((name, spent))
        return
      }
      table?.parts[index].spent += spent
    }
  }

  /// A line for each part, and one for all; empty where nobody asked.
  package static var text: String {
    guard let table = table.withLock(\.self) else { return "" }
    let all = Reading.now - table.start
    let rest = all - table.parts.map(\.spent).reduce(Reading(), +)
    let rows = table.parts + [("everything else", rest), ("in all", all)]
    let width = max(rows.map(\.name.utf8.count).max() ?? 0, 16)
    let head = row("", width, ["wall ms", "cpu ms", "sent", "received", "ioctls", "programs"])
    return rows.reduce(into: head) { text, row in
      let spent = row.spent
      text += Self.row(
        row.name, width,
        [
          milliseconds(spent.wall), milliseconds(spent.processor), "\(spent.calls.sends)",
          "\(spent.calls.receives)", "\(spent.calls.controls)", "\(spent.calls.programs)",
        ])
    }
  }

  private static func row(_ name: String, _ width: Int, _ cells: [String]) -> String {
    let first = name + String(repeating: " ", count: max(0, width - name.utf8.count))
    return first + cells.map { String(repeating: " ", count: max(1, 10 - $0.utf8.count)) + $0 }.joined()
      + "\n"
  }

  private static func milliseconds(_ seconds: Double) -> String {
    let tenths = Int((seconds * 10_000).rounded())
    return "\(tenths / 10).\(tenths % 10)"
  }
}
