import Glibc
import Netlink
import Testing

/// A message bus of its own, with the real daemon.
final class BusDaemon {
  let address: String
  private var pid: pid_t = 0
  private let folder: String

  init() throws {
    var template = Array("/tmp/vt-bus-XXXXXX".utf8CString)
    #expect(mkdtemp(&template) != nil)
    folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    address = "unix:path=\(folder)/bus"
    let configuration = """
      <busconfig><type>system</type><listen>\(address)</listen><auth>EXTERNAL</auth>
      <policy context="default"><allow user="*"/><allow own="*"/><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/></policy></busconfig>
      """
    let path = folder + "/bus.conf"
    let file = open(path, O_WRONLY | O_CREAT, 0o644)
    let bytes = Array(configuration.utf8)
    #expect(write(file, bytes, bytes.count) == bytes.count)
    close(file)
    let words: [String] = ["dbus-daemon", "--config-file=\(path)", "--nofork", "--nopidfile", "--nosyslog"]
    var argv: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for pointer in argv { free(pointer) } }
    #expect(posix_spawnp(&pid, "dbus-daemon", nil, nil, &argv, environ) == 0)
    for _ in 0..<500 where access(folder + "/bus", F_OK) != 0 { usleep(10_000) }
  }

  deinit {
    kill(pid, SIGKILL)
    waitpid(pid, nil, 0)
    for name in ["bus", "bus.conf", ""] { remove("\(folder)/\(name)") }
  }

  static let isInstalled = access("/usr/bin/dbus-daemon", X_OK) == 0
}

@Suite("Message bus, beside the real daemon", .enabled(if: BusDaemon.isInstalled, "needs dbus-daemon"))
struct BusDaemonTests {
  private func method(_ name: String) -> BusMethod {
    BusMethod("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", name)
  }

  @Test("calls are answered in turn: lists, numbers, texts, dictionaries")
  func calls() throws {
    let daemon = try BusDaemon()
    var bus = try MessageBus.connect(daemon.address)
    let names = try bus.call(method("ListNames"))
    #expect(names.first?.list.contains(.string("org.freedesktop.DBus")) == true)
    #expect(try bus.call(method("NameHasOwner"), ["org.example.Nobody"]) == [.number(0)])
    #expect(try bus.call(method("GetId")).first?.string?.utf8.count == 32)
    let own = try #require(names.first?.list.compactMap(\.string).first { $0.hasPrefix(":") })
    // A dictionary of variants.
    let credentials = try bus.call(method("GetConnectionCredentials"), [own])
    #expect(credentials.first?["ProcessID"]?.number == UInt64(getpid()))
    #expect(credentials.first?["UnixUserID"]?.number == UInt64(geteuid()))
    #expect(try bus.process(named: own) == getpid())
    #expect(try bus.process(named: "org.example.Nobody") == nil)
  }

  @Test("an error of the one who was called is told in its words, and the next call is answered")
  func errors() throws {
    let daemon = try BusDaemon()
    var bus = try MessageBus.connect(daemon.address)
    do {
      _ = try bus.call(BusMethod("org.example.Nobody", "/", "org.example", "Ask"))
      Issue.record("nobody answered, and there was no error")
    } catch {
      #expect(error.kind == .absent)
    }
    do {
      _ = try bus.call(method("NoSuchMethod"))
      Issue.record("there is no such method")
    } catch {
      #expect(error.kind == .refused)
      #expect(error.message.contains("NoSuchMethod"))
    }
    #expect(try bus.call(method("NameHasOwner"), ["org.freedesktop.DBus"]) == [.number(1)])
  }
}
