import Glibc
import Netlink
import Testing

@Suite("Message bus: addresses and values")
struct BusTests {
  @Test(
    "the first local socket of an address is taken",
    arguments: [
      ("unix:path=/run/dbus/system_bus_socket", "/run/dbus/system_bus_socket", false),
      ("unix:path=/tmp/a%20b,guid=00ff", "/tmp/a b", false),
      ("tcp:host=localhost,port=1;unix:abstract=/tmp/x", "/tmp/x", true),
      ("unix:guid=1,path=/b", "/b", false),
    ])
  func address(text: String, path: String, isAbstract: Bool) throws {
    let address = try #require(BusAddress(text))
    #expect(String(decoding: address.path, as: UTF8.self) == path)
    #expect(address.isAbstract == isAbstract)
  }

  @Test(
    "what is no local socket is no address",
    arguments: ["", "unix:", "unix:path=", "unix:path=%2", "unix:path=%zz", "tcp:host=a", "autolaunch:"])
  func noAddress(text: String) { #expect(BusAddress(text) == nil) }

  @Test("where nobody listens there is no bus, and the error says so")
  func absent() {
    let error = #expect(throws: BusError.self) { _ = try Holder("unix:path=/nonexistent/bus") }
    #expect(error?.kind == .absent)
    #expect(error?.message.contains("No such file") == true)
  }

  /// `#expect` takes no values that cannot be copied.
  private final class Holder {
    let bus: MessageBus
    init(_ address: String) throws(BusError) { bus = try MessageBus(address) }
  }
}
