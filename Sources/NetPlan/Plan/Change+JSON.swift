extension Change {
  package var json: JSON {
    .object([JSON.Member("before", before?.json ?? .null), JSON.Member("after", after?.json ?? .null)])
  }

  package init?(json: JSON) {
    guard let before = json["before"], let after = json["after"] else { return nil }
    let old = Object(json: before)
    let new = Object(json: after)
    guard before == .null || old != nil, after == .null || new != nil, old != nil || new != nil else {
      return nil
    }
    self.init(before: old, after: new)
  }
}
