internal import ArgumentParser
internal import NetPlan

/// The VMs and NICs that a command line names.
enum Parts {
  /// Exit 64 for one that is neither in the configuration nor on the host.
  static func check(_ words: [String], of name: String, among ids: [String]) throws {
    for word in words {
      if ids.contains(where: { $0 == word || $0.hasPrefix(word + "/") && !word.contains("/") }) { continue }
      throw unknown(word, of: name, ids)
    }
  }

  private static func unknown(_ word: String, of name: String, _ ids: [String]) -> ExitCode {
    let vm = String(word.prefix { $0 != "/" })
    let nics = ids.filter { $0.hasPrefix(vm + "/") }
    let vms = Set(ids.map { String($0.prefix { $0 != "/" }) })
    let known = (nics.isEmpty ? Array(vms) : nics).sorted(by: naturallyPrecedes)
    Output.error(
      nics.isEmpty
        ? "error: '\(name)' has no VM '\(vm)'"
        : "error: the VM '\(vm)' of '\(name)' has no such NIC: '\(word)'")
    if let near = nearest(nics.isEmpty ? vm : word, known) {
      Output.error("  hint: did you mean '\(near)'?")
    } else if known.isEmpty {
      Output.error("  hint: nothing of '\(name)' is here")
    } else {
      let more = known.count > 10 ? ", …" : ""
      Output.error("  hint: it has \(known.prefix(10).joined(separator: ", "))\(more)")
    }
    return Exit.usage
  }
}
