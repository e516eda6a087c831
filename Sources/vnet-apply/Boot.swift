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
    // What a run that was killed has decided may be the first of a name.
    if FileJournal(directory: places.directory).isThere {
      _ = try Session.open(options).begin("boot", lockTimeout: lock.seconds)
    }
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
        try apply(name, places)
      } catch let code as ExitCode {
        Output.error("error: '\(name)' is not applied")
        failure = failure ?? code
      }
    }
    if let failure { throw failure }
  }

  private func apply(_ name: String, _ places: StatePlaces) throws {
    guard let seen = try last(of: name, places) else { return }
    let topology = try Loading.load(seen, of: name).topology
    let change = try Session.open(options, of: name, isForEverybody: topology.isForEverybody)
      .begin("boot", lockTimeout: lock.seconds)
    // Who had the lock until now may have applied another, or removed it.
    guard let last = try last(of: name, change.places) else { return }
    let loaded = try Loading.load(last, of: name)
    if !options.quiet { Output.result("\(name), generation \(last.number):\n") }
    try change.apply(.files(loaded, allow: AllowOption.acceptances(last.allow)), .none, keeps: true)
  }

  private func last(of name: String, _ places: StatePlaces) throws -> Generation? {
    do throws(HostError) {
      return try Generations(of: name, in: places).list().last
    } catch {
      throw Exit.because(error)
    }
  }
}
