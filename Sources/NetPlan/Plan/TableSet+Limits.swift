extension TableSet {
  /// The type of a map's values that are limits.
  package static let limit = "limit"

  /// In the words of nft(8). The kernel lets by at once what a limit allows in a second, whatever is said of bursts
  /// (`nft_limit_init`, net/netfilter/nft_limit.c).
  package static func definition(ofLimit bytes: UInt64) -> String { "rate over \(bytes) bytes/second" }

  /// As a configuration has it; nil for anything else.
  package static func bitRate(ofLimit definition: String) -> String? {
    let words = definition.split(separator: " ")
    guard words.count == 4, let bytes = UInt64(words[2]), definition == self.definition(ofLimit: bytes) else {
      return nil
    }
    return (bytes * 8).bitRate
  }
}
