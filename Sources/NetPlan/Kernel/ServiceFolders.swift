internal import Glibc

/// The services of a network namespace, each in a folder of its own: `NAME/dnsmasq-NETWORK`, `NAME/passt-VM:NIC`, `NAME/vde-VM:NIC`.
struct ServiceFolders {
  let path: String

  func folder(_ id: ServiceID) -> ServiceFolder {
    ServiceFolder(id: id, path: "\(path)/\(id.name)/\(id.folderName)")
  }

  var all: [ServiceFolder] {
    get throws(HostError) {
      var all: [ServiceFolder] = []
      for name in try Disk.entries(path) {
        all += try Disk.entries("\(path)/\(name)").compactMap { entry in
          ServiceID(name: name, folderName: entry).map(folder)
        }
      }
      return all
    }
  }

  /// What a killed run left half written, or empty.
  func sweep() {
    for folder in (try? all) ?? [] {
      folder.sweep()
      removeEmpty(folder.id)
    }
    for name in (try? Disk.entries(path)) ?? [] { rmdir("\(path)/\(name)") }
    rmdir(path)
  }

  /// Its folder, and those above it.
  private func removeEmpty(_ id: ServiceID) {
    rmdir(folder(id).path)
    rmdir("\(path)/\(id.name)")
    rmdir(path)
  }

  func read() throws(HostError) -> [Object] {
    var list: [Object] = []
    for folder in try all { list.append(.service(try folder.read())) }
    return list
  }

  /// One after the other, in the order of the steps.
  func perform(_ batch: Batch, _ outcomes: inout [StepOutcome]) {
    for (index, step) in batch.steps.enumerated() {
      guard case .service(let id) = step.change.id else { continue }
      do throws(HostError) {
        if let wanted = step.change.after?.service {
          try folder(id).become(wanted)
        } else {
          try folder(id).remove()
          removeEmpty(id)
        }
      } catch {
        removeEmpty(id)
        outcomes[index] = .unknown(error)
      }
    }
  }
}
