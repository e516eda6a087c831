extension Topology {
  /// Names of the users and groups that own its TAPs, each once.
  package var userNames: [String] { names { $0.user } }
  package var groupNames: [String] { names { $0.group } }

  private func names(_ account: (Owner) -> Sourced<Owner.Account>?) -> [String] {
    var names: Set<String> = []
    for vm in vms {
      if case .name(let name)? = vm.owner.flatMap(account)?.value { names.insert(name) }
    }
    return names.sorted()
  }
}
