internal import CNetlink

extension LinkMessage {
  package func encode(into writer: inout MessageWriter) {
    encodeHeader(into: &writer)
    if let name { writer.put(IFLA_IFNAME, string: name) }
    if let address { writer.put(IFLA_ADDRESS, address: address) }
    if let broadcast { writer.put(IFLA_BROADCAST, address: broadcast) }
    if let permanentAddress { writer.put(IFLA_PERM_ADDRESS, address: permanentAddress) }
    if let mtu { writer.put(IFLA_MTU, u32: mtu) }
    if let minMTU { writer.put(IFLA_MIN_MTU, u32: minMTU) }
    if let maxMTU { writer.put(IFLA_MAX_MTU, u32: maxMTU) }
    if let master { writer.put(IFLA_MASTER, u32: master) }
    if let lower { writer.put(IFLA_LINK, u32: lower) }
    if let lowerNamespace { writer.put(IFLA_LINK_NETNSID, i32: lowerNamespace) }
    if let group { writer.put(IFLA_GROUP, u32: group) }
    // dev_set_alias takes the attribute's whole length for the text.
    if let alias { writer.put(IFLA_IFALIAS, string: alias, terminated: false) }
    if !altNames.isEmpty { encodeAltNames(into: &writer) }
    if let operState { writer.put(IFLA_OPERSTATE, u8: operState) }
    if let linkMode { writer.put(IFLA_LINKMODE, u8: linkMode) }
    if let carrier { writer.put(IFLA_CARRIER, flag: carrier) }
    if let protoDown { writer.put(IFLA_PROTO_DOWN, flag: protoDown) }
    if let txQueueLength { writer.put(IFLA_TXQLEN, u32: txQueueLength) }
    if let txQueues { writer.put(IFLA_NUM_TX_QUEUES, u32: txQueues) }
    if let rxQueues { writer.put(IFLA_NUM_RX_QUEUES, u32: rxQueues) }
    if let promiscuity { writer.put(IFLA_PROMISCUITY, u32: promiscuity) }
    if let allMulticast { writer.put(IFLA_ALLMULTI, u32: allMulticast) }
    if let qdisc { writer.put(IFLA_QDISC, string: qdisc) }
    if let parentDevice { writer.put(IFLA_PARENT_DEV_NAME, string: parentDevice) }
    if let parentBus { writer.put(IFLA_PARENT_DEV_BUS_NAME, string: parentBus) }
    if let virtualFunctions { writer.put(IFLA_NUM_VF, u32: virtualFunctions) }
    encodeFunctions(into: &writer)
    if let namespaceDescriptor { writer.put(IFLA_NET_NS_FD, i32: namespaceDescriptor) }
    if let namespaceProcess { writer.put(IFLA_NET_NS_PID, u32: namespaceProcess) }
    encodeInfo(into: &writer)
    encodeFamilies(into: &writer)
  }

  /// `struct ifinfomsg`.
  func encodeHeader(into writer: inout MessageWriter) {
    writer.append(family)
    writer.append(UInt8(0))
    writer.append(hardwareType)
    writer.append(index)
    writer.append(flags)
    writer.append(change)
  }

  func encodeAltNames(into writer: inout MessageWriter) {
    writer.nest(IFLA_PROP_LIST) { list in
      for name in altNames { list.put(IFLA_ALT_IFNAME, string: name) }
    }
  }

  private func encodeInfo(into writer: inout MessageWriter) {
    let ofBridge = family == LinkMessage.bridgeFamily
    if ofBridge, let port { writer.nest(IFLA_PROTINFO) { port.encode(into: &$0) } }
    guard kind != nil || portKind != nil else { return }
    writer.nest(IFLA_LINKINFO) { info in
      if let kind { info.put(IFLA_INFO_KIND, string: kind) }
      if let data { info.nest(IFLA_INFO_DATA) { data.encode(into: &$0) } }
      if let portKind { info.put(IFLA_INFO_SLAVE_KIND, string: portKind) }
      if let port, !ofBridge { info.nest(IFLA_INFO_SLAVE_DATA) { port.encode(into: &$0) } }
    }
  }

  private func encodeFamilies(into writer: inout MessageWriter) {
    guard ipv4 != nil || ipv6 != nil else { return }
    writer.nest(IFLA_AF_SPEC) { families in
      if let ipv4 { families.nest(2) { ipv4.encode(into: &$0) } }
      if let ipv6 { families.nest(10) { ipv6.encode(into: &$0) } }
    }
  }
}
