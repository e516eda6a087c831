internal import ArgumentParser
internal import NetPlan

/// Configurations on their way in, and what is wrong with them on its way out.
enum Loading {
  /// `name` is the configuration's where its files say none. Nobody cares for warnings of a former one.
  static func load(
    _ paths: [String], machineID: String?, name: String? = nil, isFormer: Bool = false
  ) throws -> Loaded {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "parse") }
    do {
      let loaded = try Configuration.load(paths, seed: Seed(machineID: machineID ?? ""), name: name)
      for warning in loaded.warnings where !isFormer { Output.error(warning.text(loaded.files).dropped) }
      return loaded
    } catch {
      Output.error(error.text.dropped)
      throw Exit.invalid
    }
  }

  /// One that was applied before, as it was then.
  static func load(_ generation: Generation, of name: String) throws -> Loaded {
    let machineID = try Files.machineID
    do {
      return try Configuration.load(
        generation.files.map { SourceFile(path: $0.path, text: $0.text) }, defaultName: name,
        seed: Seed(machineID: machineID ?? ""))
    } catch {
      Output.error(error.text.dropped)
      throw Exit.invalid
    }
  }

  /// What the topology comes to on the host, where most of a plan's time goes.
  static func planner(for topology: Topology, on host: Observation) -> Planner {
    let part = Stopwatch.part()
    defer { Stopwatch.end(part, "plan") }
    return Planner(topology: topology, host: host)
  }

  /// Plans, and stops where the host does not allow it: 65 for what contradicts the host, 69 for what it lacks.
  /// `known` are NICs that may be named besides those of the topology and the host.
  static func plan(_ planner: Planner, _ files: [SourceFile], known: [String] = []) throws -> Plan {
    if !planner.only.isEmpty {
      let name = planner.topology.name
      try Parts.check(
        planner.only, of: name, among: planner.topology.nicIDs + planner.host.state.nicIDs(of: name) + known)
    }
    let part = Stopwatch.part()
    let (plan, obstacles) = planner.plan()
    Stopwatch.end(part, "plan")
    try stop(at: obstacles, files)
    return plan
  }

  /// Says what is in the way, if anything, and ends there.
  static func stop(at obstacles: [Obstacle], _ files: [SourceFile]) throws {
    guard !obstacles.isEmpty else { return }
    for obstacle in obstacles { Output.error(obstacle.diagnostic.text(files).dropped) }
    Output.error("\(counted(obstacles.count, "error")) on the host")
    throw obstacles.contains { $0.kind == .conflict } ? Exit.invalid : Exit.lacking
  }
}

extension String {
  /// Without its last newline.
  var dropped: String { hasSuffix("\n") ? String(dropLast()) : self }
}
