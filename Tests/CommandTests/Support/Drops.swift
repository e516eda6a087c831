import Witness

extension Host {
  /// What the checks have dropped of a guest, by their names, as nft(8) lists it.
  func drops(_ device: String) throws -> [String: Int] {
    var drops: [String: Int] = [:]
    for set in try space.json("nft -j list ruleset")["nftables"].elements.map({ $0["set"] }) {
      guard let name = set["name"].text, name.hasPrefix("dropped-") else { continue }
      let reason = String(name.dropFirst("dropped-".count))
      for element in set["elem"].elements.map({ $0["elem"] }) where element["val"].text == device {
        drops[reason, default: 0] += element["counter"]["packets"].int ?? 0
      }
    }
    return drops
  }
}
