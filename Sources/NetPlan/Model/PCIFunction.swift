/// A function of a device on PCI, as sysfs shows it.
package struct PCIFunction: Sendable, Hashable, Comparable, TextRepresentable {
  /// `0000:03:00.0`
  package var address: String
  /// Number of its IOMMU group: what the hardware cannot keep apart. nil where no IOMMU is at work.
  package var group: Int?
  /// nil for none.
  package var driver: String?

  package init(address: String, group: Int?, driver: String?) {
    (self.address, self.group, self.driver) = (address, group, driver)
  }

  /// `0000:03:00.0 7 e1000e`, `-` for what it has not.
  package init?(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    guard words.count == 3 else { return nil }
    let group = words[1] == "-" ? nil : Int(words[1])
    guard group != nil || words[1] == "-" else { return nil }
    self.init(address: words[0], group: group, driver: words[2] == "-" ? nil : words[2])
  }

  package var description: String { "\(address) \(group.map { "\($0)" } ?? "-") \(driver ?? "-")" }

  package static func < (a: PCIFunction, b: PCIFunction) -> Bool { a.address < b.address }

  /// Whether it may stand beside one that user space drives: it has no driver, or one that leaves DMA to others
  /// (`driver_managed_dma`, linux/pci.h; `iommu_group_claim_dma_owner`, drivers/iommu/iommu.c).
  package var leavesDMA: Bool {
    driver.map { [Link.vfioDriver, "pci-stub", "pcieport"].contains($0) } ?? true
  }
}
