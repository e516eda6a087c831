import Glibc
import Testing

/// A host with an /etc of its own, where qemu-bridge-helper's list is, and a helper that every user may have do its work.
///
/// A process keeps a namespace of mounts, in which all commands of the host run. What the list holds beforehand, if there is
/// one, is `list`.
struct HelperHost {
  let host: Host

  static let helper = "/usr/lib/qemu/qemu-bridge-helper"

  static func with(list: String? = nil, _ body: (HelperHost) throws -> Void) throws {
    try Host.with { plain in
      let keeper = try Child(["unshare", "-m", "sh", "-ec", Self.mounts(plain.files.path), "mounts"])
      defer {
        keeper.signal(SIGKILL)
        _ = keeper.finish(timeout: 5)
      }
      guard keeper.line() == "ready" else {
        throw CommandFailure(description: "no mounts: \(keeper.finish(timeout: 1))")
      }
      var host = plain
      host.space.entering = ["nsenter", "-m", "-t", "\(keeper.pid)", "--"]
      let own = HelperHost(host: host)
      if let list {
        try must(host.space.command(["mkdir", "/etc/qemu"]))
        try must(host.space.command(["sh", "-c", "cat >/etc/qemu/bridge.conf"]), input: list)
      }
      try body(own)
    }
  }

  private static func mounts(_ path: String) -> String {
    """
    cd \(path); mkdir m; mount -t tmpfs -o suid none m
    for d in /etc /usr/lib/qemu; do
      [ -d $d ] || continue
      new=m/new$(echo $d | tr / -) work=m/work$(echo $d | tr / -)
      mkdir $new $work
      mount -t overlay overlay -o lowerdir=$d,upperdir=\(path)/$new,workdir=\(path)/$work $d
    done
    rm -rf /etc/qemu
    mount -t tmpfs -o mode=755 net /dev/net; mknod -m 666 /dev/net/tun c 10 200
    [ ! -e \(helper) ] || chmod 4755 \(helper)
    echo ready; exec sleep 1000
    """
  }

  func run(_ arguments: [String]) throws -> Outcome { try host.space.run(arguments) }

  func vnet(_ arguments: String...) throws -> Outcome { try host.vnet(arguments) }

  /// The folder and what is in it: kinds, modes, owners, and every byte.
  var folder: String {
    get throws {
      let list = "find /etc/qemu -printf '%y %m %U:%G %p\\n' -type f -exec od -An -c {} ';'"
      return try run(["sh", "-c", "[ ! -e /etc/qemu ] || \(list)"]).stdout.lines.sorted().joined(
        separator: "\n")
    }
  }

  func text(_ file: String) throws -> String { try run(["cat", "/etc/qemu/\(file)"]).stdout }

  /// Of the file of a configuration, in this network namespace.
  func name(_ configuration: String, group: Int) -> String {
    "vnet-\(configuration)@\(group)@\(host.space.name).conf"
  }

  /// Has the helper make a port, as one user of one group; what it said where it did not. The port goes with its descriptor.
  func refusal(on bridge: String, uid: Int, gid: Int) throws -> String? {
    let ask = """
      import os, socket, subprocess, sys
      ours, theirs = socket.socketpair()
      def drop():
          os.setgroups([])
          os.setgid(\(gid)); os.setuid(\(uid))
      sys.exit(subprocess.run(["\(Self.helper)", "--use-vnet", "--fd=%d" % theirs.fileno(), "--br=\(bridge)"],
          pass_fds=[theirs.fileno()], preexec_fn=drop).returncode)
      """
    let outcome = try run(["python3", "-c", ask])
    return outcome.code == 0 ? nil : outcome.stderr
  }
}

extension Gate {
  static let bridgeHelper = ready && nft && mounts
  static let bridgeHelperComment: Comment =
    "needs root, /dev/net/tun, iproute2, nft, overlayfs and the built vnet-apply"

  /// nftables that can tell on which bridge a port is (CONFIG_NFT_BRIDGE_META).
  static let bridgePorts: Bool = {
    guard ready, nft, let space = try? Namespace() else { return false }
    defer { space.delete() }
    let rules = "add table bridge t\nadd chain bridge t c\nadd rule bridge t c meta ibrname br0 drop\n"
    return (try? space.run(["nft", "-f", "-"], input: rules).code == 0) ?? false
  }()
}
