/// What must hold between networks and NICs.
extension Resolver {
  mutating func checkAll() {
    reader.path = []
    checkHardware()
    checkDevices()
    checkAlternativeNames()
    checkMACs()
    checkPorts()
    checkRoom()
    checkAddresses()
    checkOverlap()
    checkForwards()
    guard !reader.diagnostics.hasErrors, networks.isEmpty, (keys.vms ?? []).isEmpty else { return }
    reader.diagnostics.add(
      Diagnostic(
        .emptyConfiguration, at: SourcePosition(file: 0, line: 1, column: 1),
        "the configuration asks for nothing: applied, it removes all that `\(names.configuration)` owns",
        severity: .warning))
  }

  var sortedNetworks: [ResolvedNetwork] {
    networks.values.sorted { $0.network.name < $1.network.name }
  }

  func path(_ nic: NIC, _ key: String) -> [String] { ["vms", nic.vm, "nics", nic.name, key] }

  /// Every NIC, VM by VM.
  var nics: some Sequence<NIC> { vms.lazy.flatMap(\.nics) }
}
