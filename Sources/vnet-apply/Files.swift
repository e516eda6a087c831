internal import ArgumentParser
internal import Glibc
internal import NetPlan

/// The files that commands read and write besides configurations.
enum Files {
  /// nil where there is none, or none yet: machine-id(5). One that is there and cannot be read would give the guests other
  /// addresses without a word.
  static var machineID: String? {
    get throws {
      do throws(HostError) {
        let word = try Disk.read("/etc/machine-id").map {
          String(decoding: $0.prefix { $0 > 0x20 }, as: UTF8.self)
        }
        return word == "" || word == "uninitialized" ? nil : word
      } catch {
        throw Exit.because(error)
      }
    }
  }

  /// Whether a word can only be meant as a configuration's file.
  static func isConfiguration(_ word: String) -> Bool {
    [".conf", ".yaml", ".yml"].contains(where: word.hasSuffix) && access(word, F_OK) == 0
  }

  static func snapshot(_ path: String) throws -> Observation {
    guard let host = Observation(json: try json(path, "snapshot")) else { throw unusable(path, "snapshot") }
    return host
  }

  static func savedPlan(_ path: String) throws -> Plan {
    guard let plan = Plan(savedJSON: try json(path, "plan")) else {
      throw unusable(path, "plan saved by 'plan --out'")
    }
    return plan
  }

  static func write(_ text: String, to path: String, creatingFolder folder: String? = nil) throws {
    do {
      if let folder { try Disk.makeDirectory(folder) }
      try Disk.replace(path, with: Array(text.utf8), mode: 0o644)
    } catch {
      throw Exit.because(error)
    }
  }

  private static func json(_ path: String, _ what: String) throws -> JSON {
    do {
      guard let bytes = try Disk.read(path) else {
        Output.error("error: there is no file \(path)")
        throw Exit.invalid
      }
      return try JSON(parsing: bytes)
    } catch let error as HostError {
      throw Exit.because(error, Exit.invalid)
    } catch let error as JSON.SyntaxError {
      Output.error("error: \(path): \(error)")
      throw Exit.invalid
    }
  }

  private static func unusable(_ path: String, _ what: String) -> ExitCode {
    Output.error("error: \(path) is no \(what) that this version understands (format 1)")
    return Exit.invalid
  }
}
