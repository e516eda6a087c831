/// JSON Schema (draft 2020-12) of the language, for editors. It is written from the tables that the reader
/// follows.
package enum Schema {
  package static var text: String { json.text(indent: 2) + "\n" }

  package static var json: JSON {
    var members: [JSON.Member] = [
      .init("$schema", "https://json-schema.org/draft/2020-12/schema"),
      .init("title", "vnet-apply configuration"),
    ]
    members += ConfigurationKeys.table.schemaMembers(templates: false)
    members.append(.init("patternProperties", ["^x-": true]))
    members.append(.init("$defs", .object(definitions)))
    return .object(members)
  }

  private static var definitions: [JSON.Member] {
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
  func definition(templates: Bool = false) -> JSON.Member {
    JSON.Member(name, ["anyOf": [["enum": [true, .null]], .object(schemaMembers(templates: templates))]])
  }

  func schemaMembers(templates: Bool) -> [JSON.Member] {
    let properties = known.map { key -> JSON.Member in
      let value = templates ? key.schema.withTemplates : key.schema
      guard case .object(let members) = value else { return JSON.Member(key.name, value) }
      return JSON.Member(key.name, .object([JSON.Member("description", .string(key.about))] + members))
    }
    return [
      .init("description", .string(what)), .init("type", "object"), .init("properties", .object(properties)),
      .init("additionalProperties", false),
    ]
  }
}

extension JSON {
  /// Where text with `{n}` may stand for a number or a pattern's text.
  fileprivate var withTemplates: JSON {
    switch self {
    case .array(let items):
      return .array(items.map(\.withTemplates))
    case .object(let members):
      if self["type"] == "integer" || self["pattern"] != nil {
        return ["anyOf": [self, ["type": "string", "pattern": "\\{"]]]
      }
      return .object(
        members.map {
          JSON.Member($0.name, ["anyOf", "items"].contains($0.name) ? $0.value.withTemplates : $0.value)
        })
    default:
      return self
    }
  }
}
