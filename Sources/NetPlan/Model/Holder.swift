/// A process that has a TAP open.
package struct Holder: Hashable, Sendable, Comparable {
  package var pid: Int32
  package var name: String

  package init(pid: Int32, name: String) {
    self.pid = pid
    self.name = name
  }

  package static func < (a: Holder, b: Holder) -> Bool { a.pid < b.pid }
}
