internal import ArgumentParser
internal import Glibc
internal import NetPlan

/// The words of a command line in the order that the parser takes: options of every command may stand before it, as
/// with git(1) and ip(8).
enum Arguments {
  private static let flags: Set<String> = ["-q", "--quiet", "-v", "--verbose"]
  private static let options = ["--netns", "--state-dir"]

  static func ordered(_ words: [String], commands: [String]) throws -> [String] {
    var index = 0
    while index < words.count {
      if flags.contains(words[index]) || options.contains(where: { words[index].hasPrefix($0 + "=") }) {
        index += 1
      } else if options.contains(words[index]) {
        index += 2
      } else {
        break
      }
    }
    guard index < words.count else { return words }
    if commands.contains(words[index]) {
      return [words[index]] + words[..<index] + words[(index + 1)...]
    }
    try refuseMisplaced(words[index...], commands)
    return words
  }

  /// A command behind other options, or one that is misspelt, would be taken for the name of a file.
  private static func refuseMisplaced(_ words: ArraySlice<String>, _ commands: [String]) throws {
    guard let option = words.first, let word = words.first(where: { !$0.hasPrefix("-") }),
      access(word, F_OK) != 0
    else { return }
    if commands.contains(word) {
      throw ValidationError("'\(word)' is a command: write it before '\(option)'")
    }
    guard option == word, !word.contains("/"), !word.contains("."), let known = nearest(word, commands) else {
      return
    }
    throw ValidationError("there is neither a command nor a file '\(word)'; did you mean '\(known)'?")
  }
}
