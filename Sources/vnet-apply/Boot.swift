internal import ArgumentParser
internal import NetPlan

struct Boot: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "boot",
    abstract: "Apply what was applied last, of every name: what the systemd unit does at boot.")

  @OptionGroup var options: GlobalOptions
  @OptionGroup var lock: LockOption

  func run() throws {
    let places = try Session.open(options).places
    let names: [String]
    do throws(HostError) {
      names = try Generations.names(in: places)
    } catch {
      throw Exit.because(error)
    }
    var failure: ExitCode?
    // One that cannot be applied does not keep the others from their network.
    for name in names {
      do {
        guard let last = try History.of(name, in: places).list.last else { continue }
        let loaded = try Loading.load(last, of: name)
        if !options.quiet { Output.result("\(name), generation \(last.number):\n") }
        try Session.open(options, of: name, isForEverybody: loaded.topology.isForEverybody)
          .begin("boot", lockTimeout: lock.seconds)
          .apply(.files(loaded, allow: AllowOption.acceptances(last.allow)), .none, keeps: true)
      } catch let code as ExitCode {
        Output.error("error: '\(name)' is not applied")
        failure = failure ?? code
      }
    }
    if let failure { throw failure }
  }
}
