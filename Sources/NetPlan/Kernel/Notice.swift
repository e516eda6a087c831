/// What a host tells of a change while a plan is carried out, whoever made it.
package struct Notice: Sendable, Equatable {
  /// As it is now, or as it was when it went.
  package var object: Object
  package var isGone: Bool
  package var cause: Cause

  package enum Cause: Sendable, Hashable {
    /// A request of somebody else.
    case others
    /// The host does not say: a request of ours, of others, or a consequence of either.
    case unknown
  }

  package init(_ object: Object, isGone: Bool, by cause: Cause) {
    self.object = object
    self.isGone = isGone
    self.cause = cause
  }
}
