import Witness

/// Who a frame is from or for.
struct Identity: Sendable {
  let mac: String
  let ipv4: String
  let ipv6: String
  var text: String { "\(mac),\(ipv4),\(ipv6)" }
}

/// The end of a wire: holds a TAP, or listens to a device, and says nothing unless told.
final class Wire {
  let name: String
  private let child: Child

  /// Holds `tap` with the flags it was made with. Frames are from `own` to `to`; `other` is who they pretend to be
  /// where they pretend.
  init(_ tap: String, in space: Namespace, own: Identity, other: Identity, to: Identity) throws {
    name = tap
    let identities = ["--own", own.text, "--other", other.text, "--to", to.text]
    child = try space.start(
      [Tools.standIn, "wire", "--tap", Station.place(tap, in: space)] + Station.flags(tap, in: space)
        + identities)
    try expectReady()
  }

  /// Listens to a device: to all it receives, or to one EtherType, with which a filter of bridges has been passed.
  init(device: String, in space: Namespace, protocol type: Int? = nil) throws {
    name = device
    let only = type.map { ["--protocol", "\($0)"] } ?? []
    child = try space.start([Tools.standIn, "wire", "--device", device] + only)
    try expectReady()
  }

  private func expectReady() throws {
    guard child.line() == "ready" else { throw CommandFailure(description: child.finish().description) }
  }

  private func answer(_ line: String) throws -> String {
    child.write(line + "\n")
    guard let answer = child.line(timeout: 10) else {
      throw CommandFailure(description: "the wire did not answer: \(child.finish(timeout: 1))")
    }
    return answer
  }

  /// The frame of that name, in hexadecimal digits.
  func make(_ frame: String) throws -> String { try bytes("make \(frame)") }

  func send(_ frame: String) throws { _ = try bytes("send \(frame)") }

  private func bytes(_ line: String) throws -> String {
    let bytes = try answer(line)
    guard bytes.allSatisfy(\.isHexDigit) else { throw CommandFailure(description: "\(line): \(bytes)") }
    return bytes
  }

  /// How many frames with exactly these bytes came so far.
  func heard(_ bytes: String) throws -> Int { Int(try answer("heard \(bytes)")) ?? 0 }

  func leave() { _ = child.finish(timeout: 10) }
}

/// Sends a frame by name; for each listener, whether it heard exactly that frame. The kernel hands frames on at once:
/// `patience` seconds are what one that is not to come is waited for.
func sends(
  _ frame: String, from sender: Wire, heardBy listeners: [Wire], patience: Double = 0.2
) throws -> [Bool] {
  let bytes = try sender.make(frame)
  let before = try listeners.map { try $0.heard(bytes) }
  try sender.send(frame)
  var heard: [Bool] = []
  _ = try Clock.wait(patience) {
    heard = try zip(listeners, before).map { try $0.heard(bytes) > $1 }
    return heard.allSatisfy(\.self)
  }
  return heard
}
