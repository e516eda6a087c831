internal import ArgumentParser
internal import NetPlan

/// How a change is tried before it counts.
struct TrialOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Give the host its former network back unless 'vnet-apply confirm' comes in time.",
      valueName: "duration"))
  var confirmWithin: String?

  @Flag(help: "With --confirm-within: stay until it is confirmed or undone.") var wait = false

  @Option(
    help: ArgumentHelp(
      "Undo the change unless this answers: gateway, ping:HOST, tcp:HOST:PORT or dns:NAME.",
      valueName: "probe"))
  var probe: [String] = []

  @Option(help: ArgumentHelp("How long each probe is repeated before it has failed.", valueName: "duration"))
  var probeTimeout = "10s"

  func validate() throws {
    if let text = confirmWithin {
      guard let seconds = Seconds.parse(text), (1...86_400).contains(seconds) else {
        throw ValidationError("'\(text)' is not a time to confirm within; write 60s or 5m, at most a day")
      }
    } else if wait {
      throw ValidationError("--wait is for a change that is to be confirmed: --confirm-within 60s")
    }
    for text in probe where Probe(text) == nil {
      throw ValidationError(
        "'\(text)' is not a probe; write gateway, ping:HOST, tcp:HOST:PORT or dns:NAME")
    }
    guard let seconds = Seconds.parse(probeTimeout), seconds > 0 else {
      throw ValidationError("'\(probeTimeout)' is not a duration; write 500ms, 30s or 2m")
    }
  }

  var trial: Trial {
    Trial(
      patience: confirmWithin.flatMap(Seconds.parse).map { UInt64($0 * 1000) }, waits: wait,
      probes: probe.compactMap { Probe($0) }, probeTimeout: Seconds.parse(probeTimeout) ?? 0)
  }
}
