/// The record of a transaction: all its changes, how far it got, whether it is decided.
///
/// Invariants, on which every recovery relies:
///
/// 1. No request reaches the kernel before the record of its intent is written: the whole list of changes is written
///    and the space for every later record reserved before the first batch; each batch is announced before it is sent.
/// 2. The journal alone suffices to undo, without the configuration: it holds `before` and `after` of every object.
/// 3. A batch that was announced and not closed may or may not have happened, in whole or in part: recovery looks at
///    the host through a new socket and decides by what it sees.
/// 4. One rename is the decision. Before it recovery undoes, after it recovery only goes forward.
/// 5. Undo and redo are idempotent: to be killed while recovering is to be interrupted like any other time.
/// 6. There is one writer: whoever holds the lock.
/// 7. A deletion behind the decision that fails is tried once more, after a new look at the host.
/// 8. A run that waits to be confirmed has its deadline in the journal before the rename that makes it wait. Another rename
///    takes it on: to the decision, or back to where recovery undoes it. So what is being undone can no longer be kept.
/// 9. What goes with a decision takes its place, or goes, before the journal ends (`Transaction.settle`).
/// 10. What a way back takes along and puts back is written down before the first request of that way back.
///
/// The file is a text of lines: the header as JSON, one change a line, then marks. `write`, never `mmap`.
package struct Journal: Sendable {
  package struct Header: Described, JSONRepresentable {
    package var format: Int
    package var name: String
    /// Of the process that wrote it.
    package var pid: Int32
    package var changes: Int

    package static let fields: [Field<Header>] = [
      .always("format", \.format),
      .always("name", \.name),
      .always("pid", \.pid),
      .always("changes", \.changes),
    ]
    package static var blank: Header { Header(format: 0, name: "", pid: 0, changes: 0) }
  }

  package static let format = 2

  package var header: Header
  package var changes: [Change]
  /// The stage of the batch that was announced last; those after it never began.
  package var announced: Stage?
  /// Until when it waits for a decision, in milliseconds since boot; nil for a run that does not.
  package var deadline: UInt64?
  /// What a way back, begun and not ended, was to take along and to put back.
  package var putBack: [Object] = []

  package init(name: String, pid: Int32, changes: [Change]) {
    header = Header(format: Journal.format, name: name, pid: pid, changes: changes.count)
    self.changes = changes
  }

  // MARK: Text

  /// Everything up to the first mark.
  package var opening: [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(512 * (changes.count + 1))
    header.json.write(to: &out)
    out.append(UInt8(ascii: "\n"))
    for change in changes {
      change.json.write(to: &out)
      out.append(UInt8(ascii: "\n"))
    }
    return out
  }

  /// The mark that announces the next batch, by its stage: another version may put its steps into other batches. Its last
  /// character tells it from one that was cut short.
  package static func mark(_ stage: Stage) -> [UInt8] { Array("+ \(stage) +\n".utf8) }

  /// The mark of a deadline.
  package static func mark(until deadline: UInt64) -> [UInt8] { Array("until \(deadline)\n".utf8) }

  /// The mark of a way back: what it takes along and puts back. The line before may have been cut short.
  package static func mark(puttingBack objects: [Object]) -> [UInt8] {
    var out: [UInt8] = []
    for object in objects {
      out += "\n= ".utf8
      object.json.write(to: &out)
    }
    out.append(UInt8(ascii: "\n"))
    return out
  }

  /// The bytes that the marks of these batches, and of a deadline, need at most.
  package static func room(_ batches: [Batch]) -> Int {
    batches.reduce(mark(until: .max).count) { $0 + mark($1.stage).count }
  }

  package struct Damage: Error, Hashable, CustomStringConvertible {
    package var line: Int
    package var description: String { "the journal is damaged in line \(line)" }
  }

  /// Reads a journal back; nil for one whose opening was never complete, so that nothing can have been sent.
  package static func parse(_ bytes: [UInt8]) throws(Damage) -> Journal? {
    // Reserved space that was not written yet reads as zeros.
    let text = bytes.prefix { $0 != 0 }
    var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)
    if text.last != UInt8(ascii: "\n"), !lines.isEmpty { lines.removeLast() }
    guard let first = lines.first else { return nil }
    guard let json = try? JSON(parsing: Array(first)), let header = Header(json: json),
      header.format == format, header.changes >= 0
    else {
      throw Damage(line: 1)
    }
    guard lines.count > header.changes else { return nil }
    var changes: [Change] = []
    changes.reserveCapacity(header.changes)
    for number in 0..<header.changes {
      guard let json = try? JSON(parsing: Array(lines[number + 1])), let change = Change(json: json) else {
        throw Damage(line: number + 2)
      }
      changes.append(change)
    }
    var journal = Journal(name: header.name, pid: header.pid, changes: changes)
    for (index, mark) in lines.enumerated().dropFirst(header.changes + 1) {
      if mark.starts(with: "= ".utf8) {
        if let object = (try? JSON(parsing: Array(mark.dropFirst(2)))).flatMap(Object.init(json:)) {
          journal.putBack.append(object)
        }
        continue
      }
      let words = String(decoding: mark, as: UTF8.self).split(separator: " ")
      switch (words.first, words.count) {
      case ("+", 3):
        guard let stage = Stage(named: words[1]) else { throw Damage(line: index + 1) }
        journal.announced = stage
      case ("until", 2): journal.deadline = UInt64(words[1])
      default: break
      }
    }
    return journal
  }
}
