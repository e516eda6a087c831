extension Composer {
  /// The host's own addresses on a network.
  func hostAddresses(of network: Network) -> [IPInterface] { network.addresses.map(\.value) }

  /// All addresses that are the guest's.
  func guestAddresses(of nic: NIC) -> [IPInterface] { nic.addresses.map(\.value) }
}
