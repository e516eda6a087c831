import Glibc
import NetPlan
import Testing

/// A folder that is gone afterwards.
private func withFolder(_ body: (String) throws -> Void) throws {
  var template = Array("/tmp/vnet-spec-XXXXXX".utf8CString)
  let path = String(cString: try #require(mkdtemp(&template)))
  defer {
    for name in Fixture.list(path) { unlink("\(path)/\(name)") }
    rmdir(path)
  }
  try body(path)
}

private func write(_ path: String, _ text: String) {
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
  let bytes = Array(text.utf8)
  #expect(Glibc.write(descriptor, bytes, bytes.count) == bytes.count)
  close(descriptor)
}

@Suite("Reading files")
struct SourceFilesTests {
  static let seed = Seed(machineID: "m")

  private func failure(_ inputs: [String]) -> ConfigurationError? {
    do throws(ConfigurationError) {
      _ = try Configuration.load(inputs, seed: Self.seed)
      return nil
    } catch {
      return error
    }
  }

  @Test("a file's name without extension names the configuration")
  func fileName() throws {
    try withFolder { folder in
      write("\(folder)/my.lab.conf", "networks: {a: {}}\n")
      let loaded = try Configuration.load(["\(folder)/my.lab.conf"], seed: Self.seed)
      #expect(loaded.topology.name == "my.lab")
      #expect(loaded.files.map(\.path) == ["\(folder)/my.lab.conf"])
    }
  }

  @Test("a folder is read in the order of names, and names the configuration")
  func folder() throws {
    try withFolder { folder in
      write("\(folder)/20.yaml", "vms: {v: {nics: {e: {network: a}}}}\n")
      write("\(folder)/10.conf", "networks: {a: {}}\n")
      write("\(folder)/30.yml", "allow: [in-use]\n")
      write("\(folder)/.hidden.conf", "broken: [\n")
      write("\(folder)/notes.txt", "broken: [\n")
      for input in [folder, folder + "/", folder + "/."] {
        let loaded = try Configuration.load([input], seed: Self.seed)
        #expect(loaded.topology.name == folder.split(separator: "/").last.map(String.init))
        #expect(loaded.files.map { $0.path.split(separator: "/").last } == ["10.conf", "20.yaml", "30.yml"])
      }
    }
  }

  @Test("a folder without configurations is an error")
  func emptyFolder() throws {
    try withFolder { folder in
      #expect(
        failure([folder])?.text == """
          error: \(folder): the folder holds no configuration [no-files]
            hint: files are named *.conf, *.yaml or *.yml
          1 error in the configuration

          """)
      #expect(failure([])?.diagnostics.map(\.code) == [.noFiles])
    }
  }

  @Test("what cannot be read is an error with the reason, all of it at once")
  func missing() throws {
    try withFolder { folder in
      #expect(
        failure(["\(folder)/a.conf", "\(folder)/b.conf"])?.text == """
          error: \(folder)/a.conf: cannot open: No such file or directory [cannot-read]
          error: \(folder)/b.conf: cannot open: No such file or directory [cannot-read]
          2 errors in the configuration

          """)
    }
  }

  @Test("a file above 16 MiB is refused, one of 16 MiB is read")
  func size() throws {
    let limit = 16 << 20
    let start = Array("networks: {a: {}}\n#".utf8)
    func load(_ count: Int) throws(ConfigurationError) -> Loaded {
      let bytes = start + [UInt8](repeating: UInt8(ascii: "x"), count: count - start.count)
      return try Configuration.load(
        [SourceFile(path: "x.conf", bytes: bytes)], defaultName: "x", seed: Self.seed)
    }
    #expect(throws: Never.self) { try load(limit) }
    do throws(ConfigurationError) {
      _ = try load(limit + 1)
      Issue.record("it was read")
    } catch {
      #expect(error.diagnostics.map(\.code) == [.tooLarge])
    }
  }

  @Test(
    "nothing is an empty configuration, with a warning",
    arguments: ["", "\u{feff}", "\n", "# only words\n", "---\n", "~\n"])
  func nothing(_ text: String) throws {
    let loaded = try Configuration.load(
      [SourceFile(path: "x.conf", text: text)], defaultName: "x", seed: Self.seed)
    #expect(loaded.topology.vms.isEmpty && loaded.topology.networks.isEmpty)
    #expect(loaded.warnings.map(\.code) == [.emptyConfiguration])
  }

  @Test("a byte order mark is no part of the text, and columns do not count it")
  func byteOrderMark() throws {
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    let file = SourceFile(path: "x.conf", bytes: mark + Array("vms: 5\n".utf8))
    do throws(ConfigurationError) {
      _ = try Configuration.load([file], defaultName: "x", seed: Self.seed)
      Issue.record("it passed")
    } catch {
      #expect(error.diagnostics.first?.position == SourcePosition(file: 0, line: 1, column: 6))
      #expect(error.text.contains("\n  vms: 5\n       ^\n"))
    }
  }

  @Test(
    "a shown line ends before its break, whichever it is",
    arguments: ["\n", "\r", "\r\n", "\u{85}", "\u{2028}", "\u{2029}"])
  func lineBreaks(_ lineBreak: String) throws {
    do throws(ConfigurationError) {
      _ = try Configuration.load(
        [SourceFile(path: "x.conf", text: "vms: 5\(lineBreak)allow: []\(lineBreak)")], defaultName: "x",
        seed: Self.seed)
      Issue.record("it passed")
    } catch {
      #expect(error.text.contains("\n  vms: 5\n       ^\n"))
    }
  }

  @Test("columns are characters, and every line break that YAML knows ends a line")
  func columns() throws {
    let text = "x-é: [ü]\r\nx-a: 1\rx-b: 2\u{2028}vms: {\"ä\": {}}\n"
    do throws(ConfigurationError) {
      _ = try Configuration.load([SourceFile(path: "x.conf", text: text)], defaultName: "x", seed: Self.seed)
      Issue.record("it passed")
    } catch {
      #expect(error.diagnostics.first?.position == SourcePosition(file: 0, line: 4, column: 7))
      #expect(error.text.contains("\n  vms: {\"ä\": {}}\n        ^\n"))
    }
  }
}
