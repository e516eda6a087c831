/// What one layer of the file says about a VM, and about all its NICs.
struct VMKeys: Keyed {
  var written: [WrittenKey] = []
  var nics: [NICStanza]?
  var owner: Owner?
  var vmm: VMM?
  var netns: String?
  var count: Int?
  var pad: Int?
  var was: String?
  var allow: [RiskAcceptance]?
  /// Only in the file's `defaults`.
  var listen: IPAddress?
  var nic = NICKeys()

  static let table = KeyTable<VMKeys>("a VM", schema: "vm") {
    TableKey("nics", \.nics, .nics, "its NICs, by name")
    shared
    TableKey(
      "count", \.count, .integer(0...countLimit, "a number of VMs"), "so many alike VMs NAME-1 … NAME-N")
    TableKey("was", \.was, .name("a VM"), "former name: renamed in place, MACs and reservations kept")
    TableKey("allow", \.allow, ValueShape<RiskAcceptance>.risk.list, "risks accepted for this VM")
    nicKeys
  }

  static let defaults = KeyTable<VMKeys>("defaults", schema: "defaults") {
    TableKey("listen", \.listen, .address, "address of forwards that name none")
    shared
    nicKeys
  }

  /// More than a host's bridges and tables carry; a bound for what a typing error asks for.
  static let countLimit = 20_000
  static let totalLimit = 100_000

  @KeyTableBuilder<VMKeys> private static var shared: [TableKey<VMKeys>] {
    TableKey("owner", \.owner, .owner, "who may open its TAPs")
    TableKey<VMKeys>.choice("vmm", \.vmm, "its VM software")
    TableKey("netns", \.netns, .name("a network namespace"), "network namespace its NICs live in")
    TableKey("pad", \.pad, .integer(0...9, "a width"), "width of the numbers in names of a `count`")
  }

  /// Every key that several NICs can share.
  private static var nicKeys: [TableKey<VMKeys>] {
    NICKeys.table.keys.filter { !NICKeys.isOwn($0.name) }.map { $0.lifted(\VMKeys.nic) }
  }
}

/// A NIC of the file: read once its VM's number is known.
struct NICStanza: Sendable {
  let name: String
  let position: SourcePosition
  let node: Node
}

extension ValueShape where Value == [NICStanza] {
  static var nics: ValueShape {
    ValueShape([
      "type": "object", "propertyNames": Name.schema, "additionalProperties": NICKeys.table.reference,
    ]) {
      node, reader in
      guard case .mapping(let entries) = node.content else {
        if node.isNull { return [] }
        reader.wrongType(node, "a mapping of NICs by name")
        return nil
      }
      return entries.compactMap { entry in
        Name.check(entry.key, "a NIC", entry.keyPosition, &reader)
          ? NICStanza(name: entry.key, position: entry.keyPosition, node: entry.value) : nil
      }
    }
  }
}

/// `owner` written as a mapping.
struct OwnerKeys: Keyed {
  var written: [WrittenKey] = []
  var user: Sourced<Owner.Account>?
  var group: Sourced<Owner.Account>?

  static let table = KeyTable<OwnerKeys>("an owner", schema: "owner") {
    TableKey("user", \.user, ValueShape<Owner.Account>.account.sourced, "user name or uid")
    TableKey("group", \.group, ValueShape<Owner.Account>.account.sourced, "group name or gid")
  }
}

extension ValueShape where Value == Owner.Account {
  static var account: ValueShape {
    ValueShape(["type": ["string", "integer"]]) { node, reader in
      guard let (text, _) = reader.text(node, "a user or group, by name or number") else { return nil }
      if let id = decimal(text), id < Int(UInt32.max) { return .id(UInt32(id)) }
      // useradd(8): at most 32 characters; a number is an id, so a name does not start with a digit or sign.
      guard (1...32).contains(text.utf8.count), Name.isWellFormed(text), let first = text.utf8.first,
        !(48...57).contains(first)
      else {
        reader.report(
          .badName, node.position, "`\(text.shown)` is not a user or group",
          hint: "a name, or a number below 2³² − 1")
        return nil
      }
      return .name(text)
    }
  }
}

extension ValueShape where Value == Owner {
  static var owner: ValueShape {
    let account = ValueShape<Owner.Account>.account.sourced
    return ValueShape(["anyOf": [account.schema, OwnerKeys.table.reference]]) { node, reader in
      guard case .mapping = node.content else {
        return account.read(node, &reader).map { Owner(user: $0, group: nil) }
      }
      guard let keys = OwnerKeys.table.read(node, &reader) else { return nil }
      if keys.written.isEmpty {
        reader.report(.missingKey, node.position, "an owner needs `user`, `group` or both")
        return nil
      }
      return Owner(user: keys.user, group: keys.group)
    }
  }
}
