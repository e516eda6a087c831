internal import Glibc
internal import Netlink

// Rules of ours among those of others. They are put in and taken out by their handles, in one transaction a chain.

extension LinuxHost {
  mutating func performPassages(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    for (index, step) in batch.steps.enumerated() {
      guard case .passage(let id) = step.change.id else { continue }
      do throws(HostError) {
        try setPassage(id, step.change.after?.passage?.rules ?? [])
        hasPassages = true
      } catch {
        outcomes[index] = error.errno == 0 ? .failed(error) : .unknown(error)
      }
    }
  }

  private func setPassage(_ id: PassageID, _ rules: [String]) throws(HostError) {
    let operation = "\(rules.isEmpty ? "take our rules out of" : "put our rules into") chain \(id.chain)"
    let place = [id.chain.family.rawValue, id.chain.table, id.chain.name]
    let listing: JSON
    do throws(HostError) {
      listing = try Nft(["-j", "list", "chain"] + place, operation).json()
    } catch {
      // With the chain the rules went.
      if rules.isEmpty, try !listForeign().contains(where: { $0.id == id.chain }) { return }
      throw error
    }
    let commands = Passage.commands(id, rules, in: listing)
    if !commands.isEmpty { _ = try nft(["-f", "-"], commands, operation) }
  }

  private func listForeign() throws(HostError) -> [ForeignChain] {
    [ForeignChain](listing: try Nft.listingAll().json())
  }
}

extension Passage {
  /// What makes `rules` the only ones of this configuration in the chain of a listing.
  static func commands(_ id: PassageID, _ rules: [String], in listing: JSON) -> String {
    let place = "\(id.chain.family.rawValue) \(id.chain.table) \(id.chain.name)"
    let items = listing["nftables"]?.array ?? []
    let isBase = items.contains { $0["chain"]?["hook"] != nil }
    var end: Int64?
    var text = ""
    for rule in items.compactMap({ $0["rule"] }) {
      if let ours = PassageRule(listing: rule), ours.id == id {
        text += "delete rule \(place) handle \(ours.handle)\n"
      } else if end == nil, isBase || rule.returns {
        end = rule["handle"]?.int
      }
    }
    // A base chain drops at its end or somewhere before. In a chain that is there for others' rules what its owner has
    // written goes first.
    let verb = end.map { "insert rule \(place) handle \($0)" } ?? "add rule \(place)"
    for rule in rules { text += "\(verb) \(rule) comment \"\(Passage.comment(of: id.name))\"\n" }
    return text
  }
}

extension JSON {
  /// A rule that lets go of everything.
  fileprivate var returns: Bool {
    let statements = (self["expr"]?.array ?? []).filter { $0["counter"] == nil }
    return statements.count == 1 && statements[0]["return"] != nil
  }
}
