extension PlanLine {
  /// Lines of three and more VMs in a row whose numbers and addresses grow evenly become one, where the first stood.
  static func fold(_ lines: [PlanLine]) -> [PlanLine] {
    var series: [String: Series] = [:]
    for (index, line) in lines.enumerated() {
      guard let place = line.place else { continue }
      let key = place.key + line.interruptions.joined(separator: "\n")
      series[key, default: Series()].add(index, of: place.number)
    }
    var folded: [Int: PlanLine] = [:]
    var dropped: Set<Int> = []
    for members in series.values.flatMap(\.turns) where members.count > 2 {
      let ordered = members.sorted { lines[$0].place!.number < lines[$1].place!.number }
      for run in runs(ordered.map { (index: $0, place: lines[$0].place!) }) where run.count > 2 {
        let indexes = run.map(\.index)
        let first = indexes.min()!
        var line = lines[first]
        line.words = run.first!.place.words(to: run.last!.place) + "  (\(run.count))"
        folded[first] = line
        dropped.formUnion(indexes)
      }
    }
    return lines.indices.compactMap { folded[$0] ?? (dropped.contains($0) ? nil : lines[$0]) }
  }

  /// Lines alike. The k-th such line of one VM goes with the k-th of the others.
  private struct Series {
    var turns: [[Int]] = []
    private var seen: [UInt64: Int] = [:]

    mutating func add(_ line: Int, of number: UInt64) {
      let turn = seen[number, default: 0]
      seen[number] = turn + 1
      if turn == turns.count { turns.append([]) }
      turns[turn].append(line)
    }
  }

  private typealias Member = (index: Int, place: SeriesPlace)

  private static func runs(_ members: [Member]) -> [[Member]] {
    var runs: [[Member]] = []
    var steps: [UInt128]?
    for member in members {
      guard let last = runs.last?.last, let next = last.place.steps(to: member.place),
        runs[runs.count - 1].count == 1 || next == steps
      else {
        runs.append([member])
        continue
      }
      steps = next
      runs[runs.count - 1].append(member)
    }
    return runs
  }
}
