/// A connection that stays: what one side writes, the other answers with its name.
struct Talk {
  enum Transport: String { case tcp, udp }

  fileprivate let child: Child
  /// Who answers, where nobody else ends it.
  fileprivate var server: Child?

  /// A TCP connection from one namespace to another, where somebody answers `name`, who goes by it among processes too;
  /// `acceptor` has accepted it, and keeps it as well.
  init(
    from client: Namespace, to server: Namespace, _ address: String, _ port: Int, name: String,
    acceptor: String? = nil
  ) throws {
    let words = ["python3", "-c", Talk.server, "tcp", String(port), name] + (acceptor.map { [$0] } ?? [])
    let answering = try server.start(words)
    guard answering.line() == "ready" else {
      throw CommandFailure(description: answering.finish(timeout: 5).description)
    }
    let asking = try client.start(["python3", "-c", Talk.client, "tcp", address, String(port)])
    guard asking.line() == "ready" else {
      throw CommandFailure(description: asking.finish(timeout: 5).description)
    }
    self.init(child: asking, server: answering)
  }

  fileprivate init(child: Child, server: Child? = nil) { (self.child, self.server) = (child, server) }

  /// Whether a line is answered, and by that one.
  func hears(_ name: String) -> Bool { child.ask("?") == name }

  func leave() {
    _ = child.finish(timeout: 5)
    server?.signal(15)
    _ = server?.finish(timeout: 5)
  }

  /// Answers every line, or every datagram, with a name.
  fileprivate static let server = """
    import ctypes, os, socket, sys, threading
    kind, port, name = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode() + b"\\n"
    acceptor = sys.argv[4].encode() if len(sys.argv) > 4 else None
    # PR_SET_NAME of prctl(2)
    def call(own): ctypes.CDLL(None).prctl(15, own, 0, 0, 0)
    call(acceptor or name[:-1])
    s = socket.socket(socket.AF_INET6, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    s.bind(("::", port))
    def serve(c):
        while c.recv(4096): c.sendall(name)
    def quietly(c):
        try: serve(c)
        except OSError: pass
    if kind == "tcp": s.listen(8)
    print("ready", flush=True)
    while kind == "udp":
        data, peer = s.recvfrom(4096)
        s.sendto(name, peer)
    kept = []
    while True:
        c = s.accept()[0]
        if not acceptor:
            threading.Thread(target=quietly, args=(c,), daemon=True).start()
        elif os.fork():
            kept.append(c)
        else:
            call(name[:-1])
            # PR_SET_PDEATHSIG
            ctypes.CDLL(None).prctl(1, 15, 0, 0, 0)
            quietly(c)
            os._exit(0)
    """

  /// Sends what it reads, and writes what it hears.
  fileprivate static let client = """
    import os, socket, sys, threading
    kind, address, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    s = socket.socket(family, socket.SOCK_STREAM if kind == "tcp" else socket.SOCK_DGRAM)
    s.settimeout(3)
    s.connect((address, port))
    s.settimeout(None)
    def listen():
        while True:
            try: data = s.recv(4096)
            except OSError: os._exit(1) if kind == "tcp" else None; continue
            if not data: os._exit(0)
            os.write(1, data)
    threading.Thread(target=listen, daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        try: s.send(line.encode())
        except OSError: pass
    """
}

extension Child {
  fileprivate func ask(_ text: String) -> String? {
    write(text + "\n")
    return line(timeout: 2)
  }
}

extension Inner {
  /// A program of a guest that answers with the guest's name.
  func hear(in guest: String, _ transport: Talk.Transport, _ port: Int) throws {
    let child = try space(guest).start(
      ["python3", "-c", Talk.server, transport.rawValue, String(port), guest])
    keep(Talk(child: child))
    guard child.line() == "ready" else {
      throw CommandFailure(description: child.finish(timeout: 5).description)
    }
  }

  /// A connection, which nobody need have answered yet.
  func open(_ name: String, _ transport: Talk.Transport, _ address: String, _ port: Int) throws -> Talk {
    let child = try space(name).start(
      ["python3", "-c", Talk.client, transport.rawValue, address, String(port)])
    let talk = Talk(child: child)
    keep(talk)
    guard child.line() == "ready" else {
      throw CommandFailure(description: child.finish(timeout: 5).description)
    }
    return talk
  }

  /// The connections to a port of the host that are led to a guest, as conntrack(8) lists them, without their time and
  /// state, which go on.
  func tracked(_ port: Int, to place: Place) throws -> Set<String> {
    var found: Set<String> = []
    for family in ["ipv4", "ipv6"] {
      for line in try host.space.run(["conntrack", "-L", "-f", family, "-o", "id"]).stdout.lines {
        let words = line.words.filter { $0.contains("=") }
        // The first direction, then the answers'.
        let port = words.first { $0.hasPrefix("dport=") } == "dport=\(port)"
        let isLed = words.filter { $0.hasPrefix("src=") }.last.map {
          ["src=\(place.ipv4)", "src=\(place.ipv6)"].contains($0)
        }
        if port, isLed == true { found.insert(words.joined(separator: " ")) }
      }
    }
    return found
  }
}
