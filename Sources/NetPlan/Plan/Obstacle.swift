/// Why a configuration, though well formed, cannot be planned on this host.
package struct Obstacle: Sendable, Hashable {
  package enum Kind: Sendable, Hashable {
    /// The configuration contradicts what the host has (exit 65).
    case conflict
    /// The host, or this program, lacks something the configuration needs (exit 69).
    case lacking
  }

  package var kind: Kind
  package var position: SourcePosition?
  /// `vms.web.nics.eth0`
  package var path: String
  package var message: String
  package var hint: String?
  /// It is the host's, and to be said once however many places ask for it.
  package var isShared: Bool

  package init(
    _ kind: Kind, at position: SourcePosition?, path: String, _ message: String, hint: String? = nil,
    isShared: Bool = false
  ) {
    self.kind = kind
    self.position = position
    self.path = path
    self.message = message
    self.hint = hint
    self.isShared = isShared
  }
}

extension [Obstacle] {
  /// One thing is said once: the VMs of a `count` share their lines, and a missing account is missing for all.
  package var distinct: [Obstacle] {
    var seen: Set<Obstacle> = []
    return filter { obstacle in
      var key = obstacle
      if obstacle.isShared { key.position = nil }
      if obstacle.isShared || obstacle.position != nil { key.path = "" }
      return seen.insert(key).inserted
    }
  }
}

/// Something a person should know before a plan is applied.
package struct Risk: Sendable, Hashable {
  /// `in-use`, `default-route` …: the name that `--allow` and `allow:` take.
  package var name: String
  /// The object's id, or `-` for the whole plan.
  package var object: String
  package var detail: String
  /// False for a notice, which is never refused.
  package var refusable: Bool
  /// Where it was accepted: `--allow`, or the file's place; nil while it is not.
  package var accepted: String?
  /// What to do about it.
  package var remedy: String?

  package init(
    _ name: String, object: String, _ detail: String, refusable: Bool = true, accepted: String? = nil,
    remedy: String? = nil
  ) {
    self.name = name
    self.object = object
    self.detail = detail
    self.refusable = refusable
    self.accepted = accepted
    self.remedy = remedy
  }
}

extension Risk {
  /// What `--allow` and `allow:` take.
  package static let refusableNames: Set<String> = [
    "in-use", "ssh-session", "default-route", "net-root", "prune-many", "managed-uplink",
    "firewall-by-interface",
    "stp-delay", "dhcp-on-uplink", "overlap", "open-loopback",
  ]
}
