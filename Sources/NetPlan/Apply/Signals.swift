internal import Glibc

/// Signals that ask to stop wait until a batch is through; they are looked at in between.
package enum Signals {
  private static func asking() -> sigset_t {
    var set = sigset_t()
    sigemptyset(&set)
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT] { sigaddset(&set, signal) }
    return set
  }

  /// For the rest of the process. A reader that went away (SIGPIPE) never changes the outcome.
  package static func hold() {
    var set = asking()
    sigprocmask(SIG_BLOCK, &set, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  /// An ignored SIGCHLD is inherited (signal(7)), and has the kernel reap the children whose ends are waited for.
  package static func heedChildren() { signal(SIGCHLD, SIG_DFL) }

  package static func isPending() -> Bool {
    var pending = sigset_t()
    sigemptyset(&pending)
    guard sigpending(&pending) == 0 else { return false }
    return [SIGINT, SIGTERM, SIGHUP, SIGQUIT].contains { sigismember(&pending, $0) == 1 }
  }
}
