import Netlink

/// Runs `body` in an empty network namespace of its own. It must stay synchronous: the namespace is the thread's.
func withNetworkNamespace<Result>(_ body: () throws -> Result) throws -> Result {
  let before = try NetworkNamespace.current()
  try NetworkNamespace.unshare()
  defer { try! before.enter() }
  return try body()
}
