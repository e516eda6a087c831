/// A NIC whose port its VM software makes: known by what that calls it, before it is there.
struct NamedPort {
  var nic: NIC
  var network: Network
  var bridge: LinkName
  var name: PortName
}
