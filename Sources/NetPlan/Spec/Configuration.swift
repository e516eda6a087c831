/// A configuration that was read and found sound.
package struct Loaded: Sendable {
  package let topology: Topology
  /// As read, for carets: positions count into these.
  package let files: [SourceFile]
  package let warnings: [Diagnostic]
}

/// Why a configuration is not usable: everything that is wrong with it, in the order of the files.
package struct ConfigurationError: Error, Sendable {
  package let diagnostics: [Diagnostic]
  package let files: [SourceFile]

  /// Each diagnostic with its source line and caret, then how many there are.
  package var text: String {
    let count = counted(diagnostics.count { $0.severity == .error }, "error")
    let isUnread = diagnostics.allSatisfy { $0.code == .cannotRead || $0.code == .noFiles }
    return diagnostics.text(files)
      + (isUnread ? "\(count): no configuration was read\n" : "\(count) in the configuration\n")
  }
}

package enum Configuration {
  /// Reads files, a folder or `-`, and settles everything that needs no host. Where the files say no name they have
  /// `name`, or else that of the file or folder.
  package static func load(
    _ inputs: [String], seed: Seed, name: String? = nil
  ) throws(ConfigurationError) -> Loaded {
    let (files, defaultName, failures) = SourceFiles.read(inputs)
    if !failures.isEmpty { throw ConfigurationError(diagnostics: failures, files: files) }
    return try load(files, defaultName: name ?? defaultName, seed: seed)
  }

  /// The same from bytes. `defaultName` is the name where the files say none.
  package static func load(
    _ files: [SourceFile], defaultName: String?, seed: Seed
  ) throws(ConfigurationError) -> Loaded {
    var diagnostics = DiagnosticList()
    let topology = resolve(files, defaultName, seed, &diagnostics)
    guard let topology, !diagnostics.hasErrors else {
      throw ConfigurationError(diagnostics: diagnostics.sorted, files: files)
    }
    return Loaded(topology: topology, files: files, warnings: diagnostics.sorted)
  }

  private static func resolve(
    _ files: [SourceFile], _ defaultName: String?, _ seed: Seed, _ diagnostics: inout DiagnosticList
  ) -> Topology? {
    let documents = files.enumerated().map { YAML.parse($1, index: $0, &diagnostics) }
    let isWhole = documents.allSatisfy { $0 != nil }
    guard let root = Merge.documents(documents.compactMap(\.self), &diagnostics) else { return nil }
    var reader = NodeReader(diagnostics)
    let keys = ConfigurationKeys.table.read(root.withoutAnchorsHolders, &reader)
    let name = keys.flatMap { settledName($0, defaultName, files, &reader) }
    guard let keys else {
      diagnostics = reader.diagnostics
      return nil
    }
    var resolver = Resolver(
      keys, names: DerivedNames(configuration: name ?? "", seed: keys.macSeed ?? seed.machineID),
      reader: reader)
    // A file that is not YAML may hold what the others refer to.
    resolver.isWhole = isWhole
    let topology = resolver.topology()
    diagnostics = resolver.reader.diagnostics
    return topology
  }

  private static func settledName(
    _ keys: ConfigurationKeys, _ defaultName: String?, _ files: [SourceFile], _ reader: inout NodeReader
  ) -> String? {
    if ConfigurationKeys.table.written("name", in: keys) != nil { return keys.name }
    if let defaultName, Name.isUsable(defaultName) { return defaultName }
    let reason =
      defaultName.map { "`\($0.shown)` cannot be its name" }
      ?? (files.count > 1 ? "several files have no name in common" : "standard input has no name")
    reader.report(
      .missingName, files.isEmpty ? nil : SourcePosition(file: 0, line: 1, column: 1),
      "the configuration needs a `name`: \(reason)", hint: "write `name: …` at the top level")
    return nil
  }
}

extension Node {
  /// The top level without its `x-…` keys, which hold anchors.
  fileprivate var withoutAnchorsHolders: Node {
    guard case .mapping(let entries) = content, entries.contains(where: { $0.key.hasPrefix("x-") }) else {
      return self
    }
    return Node(content: .mapping(entries.filter { !$0.key.hasPrefix("x-") }), position: position)
  }
}
