/// JSON Schema (draft 2020-12) of the language, for editors. It is written from the tables that the reader follows.
package enum Schema {
  package static var text: String { document.text() + "\n" }

  private static var document: SchemaText {
    var members: [(key: String, value: SchemaText)] = [
      ("$schema", "https://json-schema.org/draft/2020-12/schema"),
      ("title", "vnet-apply configuration"),
    ]
    members += ConfigurationKeys.table.schemaMembers(templates: false)
    members.append(("patternProperties", ["^x-": true]))
    members.append(("$defs", .object(definitions)))
    return .object(members)
  }

  private static var definitions: [(key: String, value: SchemaText)] {
    [
      NetworkKeys.table.definition(), StatedHost.table.definition(), NATKeys.table.definition(),
      DHCPKeys.table.definition(), BootKeys.table.definition(), DNSKeys.table.definition(),
      CoexistKeys.table.definition(), NICKeys.networkDefaults.definition(templates: true),
      VMKeys.defaults.definition(templates: true), VMKeys.table.definition(templates: true),
      NICKeys.table.definition(templates: true), LimitKeys.table.definition(templates: true),
      ForwardKeys.table.definition(templates: true), OwnerKeys.table.definition(templates: true),
    ]
  }
}

extension KeyTable {
  /// The mapping, or what stands for it without keys.
  func definition(templates: Bool = false) -> (key: String, value: SchemaText) {
    (name, ["anyOf": [["enum": [true, .null]], .object(schemaMembers(templates: templates))]])
  }

  func schemaMembers(templates: Bool) -> [(key: String, value: SchemaText)] {
    let properties = keys.map { key -> (key: String, value: SchemaText) in
      let value = templates ? key.schema.withTemplates : key.schema
      guard case .object(let members) = value else { return (key.name, value) }
      return (key.name, .object([("description", .string(key.about))] + members))
    }
    return [
      ("description", .string(what)), ("type", "object"), ("properties", .object(properties)),
      ("additionalProperties", false),
    ]
  }
}

extension SchemaText {
  /// Where text with `{n}` may stand for a number or a pattern's text.
  fileprivate var withTemplates: SchemaText {
    guard case .object(let members) = self else {
      guard case .array(let items) = self else { return self }
      return .array(items.map(\.withTemplates))
    }
    let names = Set(members.map(\.key))
    let isNumber = members.contains { if case ("type", .string("integer")) = $0 { true } else { false } }
    if isNumber || names.contains("pattern") {
      return ["anyOf": [self, ["type": "string", "pattern": "\\{"]]]
    }
    return .object(
      members.map { ($0.key, ["anyOf", "items"].contains($0.key) ? $0.value.withTemplates : $0.value) })
  }
}
