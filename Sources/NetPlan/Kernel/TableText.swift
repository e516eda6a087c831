// Tables as commands of nft(8). Everything that goes in was made by this program: names of its own alphabet, and
// addresses, numbers and interface names as typed values; interface names are quoted.

extension Table {
  /// What makes this table of `before`, in one transaction.
  func commands(from before: Table?) -> String {
    guard let before else {
      // Of a device that has gone, kernels keep more or less of what was at its hooks (`nf_tables_netdev_event`).
      let isAtDevice = id.device != nil
      return (isAtDevice ? "add table \(place)\ndelete table \(place)\n" : "") + "create table \(place)\n"
        + definition
    }
    guard hasLayout(of: before) else {
      // New sets cannot take the place of old ones that rules look up: the kernel swaps the whole.
      return "delete table \(place)\ncreate table \(place)\n" + definition
    }
    var text = ""
    for (new, old) in zip(sets, before.sets) where new.elements != old.elements {
      let gone = old.elements.filter { new.elements[$0.key] != $0.value }
      let come = new.elements.filter { old.elements[$0.key] != $0.value }
      text += elements("delete", new.name, gone.keys.sorted())
      text += limits("delete", old, gone) + limits("add", new, come)
      text += elements("add", new.name, come.sorted { $0.key < $1.key }.map(new.element))
    }
    for (new, old) in zip(chains, before.chains) where new.rules != old.rules {
      text += "flush chain \(place) \(new.name)\n" + rules(of: new)
    }
    return text
  }

  private var place: String { "\(id.family.rawValue) \(id.name)" }

  /// Sets and chains alike but for what is in them.
  private func hasLayout(of other: Table) -> Bool {
    !other.hasStrangeLimits && sets.count == other.sets.count
      && zip(sets, other.sets).allSatisfy { $0.isDefined(as: $1) }
      && chains.count == other.chains.count
      && zip(chains, other.chains).allSatisfy { $0.name == $1.name && $0.hook == $1.hook }
  }

  private var definition: String {
    var text = ""
    for chain in chains {
      text += "add chain \(place) \(chain.name)\(chain.hook.map { " { \($0) }" } ?? "")\n"
    }
    for set in sets {
      text += "add \(set.value == nil ? "set" : "map") \(place) \(set.name) { \(set.definition) }\n"
      text += limits("add", set, set.elements)
      text += elements("add", set.name, set.elements.sorted { $0.key < $1.key }.map(set.element))
    }
    for chain in chains { text += rules(of: chain) }
    return text
  }

  private func elements(_ verb: String, _ set: String, _ list: [String]) -> String {
    list.isEmpty ? "" : "\(verb) element \(place) \(set) { \(list.joined(separator: ", ")) }\n"
  }

  /// The objects that the values of a map of limits are: each NIC has one, since what it counts is the NIC's.
  private func limits(_ verb: String, _ set: TableSet, _ elements: [String: String]) -> String {
    guard set.value == TableSet.limit else { return "" }
    return elements.sorted { $0.key < $1.key }.map { key, value in
      let name = set.name(ofLimit: value, key)
      return verb == "add"
        ? "add limit \(place) \(name) { \(value); }\n" : "\(verb) limit \(place) \(name)\n"
    }.joined()
  }

  private func rules(of chain: TableChain) -> String {
    chain.rules.map { "add rule \(place) \(chain.name) \($0)\n" }.joined()
  }
}

extension TableSet {
  fileprivate var definition: String {
    var text = (key.hasPrefix("typeof") ? key : "type \(key)") + (value.map { " : \($0)" } ?? "") + ";"
    if isInterval { text += " flags interval;" }
    // Its elements come from packets, one for each NIC that something is dropped of; without a size there would be no bound
    // to them (NFT_SET_EVAL). The kernel makes room for all of them at once (`nft_rhash_init`): 64 KiB for 4,096, which are
    // four bridges full of ports (BR_MAX_PORTS), and a megabyte for nft's usual 65,535, to be cleared when the table is made
    // and walked through whenever it is listed. A full set counts no further NIC; the drop is a rule of its own.
    if counts { text += " size 4096; flags dynamic; counter;" }
    return text
  }

  fileprivate func element(_ key: String, _ value: String) -> String {
    if self.value == TableSet.limit { return "\(key) : \"\(name(ofLimit: value, key))\"" }
    return value.isEmpty ? key : "\(key) : \(value)"
  }
}
