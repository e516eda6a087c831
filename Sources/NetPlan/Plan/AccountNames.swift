/// Names of users and groups by their ids, for people; programs get the ids.
package struct AccountNames: Sendable, Equatable {
  package var users: [UInt32: String] = [:]
  package var groups: [UInt32: String] = [:]

  package init() {}

  /// What was looked up on a host, or recorded of it.
  package init(_ facts: HostFacts) {
    users = Dictionary((facts.users ?? []).map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
    groups = Dictionary(
      (facts.groups ?? []).map { ($0.id, $0.name) }, uniquingKeysWith: { first, _ in first })
  }

  package func user(_ account: Link.TAP.Account) -> String { AccountNames.name(of: account, users) }
  package func group(_ account: Link.TAP.Account) -> String { AccountNames.name(of: account, groups) }

  private static func name(of account: Link.TAP.Account, _ names: [UInt32: String]) -> String {
    guard case .id(let id) = account else { return account.description }
    return names[id] ?? account.description
  }
}

extension Plan {
  /// Ids of users and groups that its lines show.
  package var accountIDs: (users: Set<UInt32>, groups: Set<UInt32>) {
    var users: Set<UInt32> = []
    var groups: Set<UInt32> = []
    let objects = changes.flatMap { [$0.before, $0.after].compactMap(\.self) }
    for tap in objects.compactMap(\.link?.tap) {
      if case .id(let id)? = tap.owner { users.insert(id) }
      if case .id(let id)? = tap.group { groups.insert(id) }
    }
    return (users, groups)
  }
}
