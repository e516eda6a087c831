#!/usr/bin/env python3
"""Records the fixtures beside it: `sudo ./record.py`, in network namespaces of its own.

An answer is what the kernel sends to a request with strict checking on; a request is what ip(8) or bridge(8) of
iproute2 sends, as strace(1) sees it. Each line is one field: its bytes, then what the kernel's headers call it.
"""
import ctypes, os, re, socket, struct, subprocess, sys

HERE = os.path.dirname(os.path.abspath(__file__))
HEADERS = "/usr/include/linux/"


def enum(header, prefix):
    """Numbers of the constants with a prefix, which stand in one enum."""
    names, value = {}, 0
    for line in open(HEADERS + header):
        match = re.match(r"\s+(%s\w+)\s*(=\s*(\d+))?\s*,?\s*(/\*.*)?$" % prefix, line)
        if not match: continue
        value = int(match[3]) if match[3] else value
        names.setdefault(value, match[1])
        value += 1
    return names


# The enum of if_link.h has aliases and other enums between.
LINK = {number: "IFLA_" + name for number, name in enumerate((
    "UNSPEC ADDRESS BROADCAST IFNAME MTU LINK QDISC STATS COST PRIORITY MASTER WIRELESS PROTINFO TXQLEN MAP WEIGHT "
    "OPERSTATE LINKMODE LINKINFO NET_NS_PID IFALIAS NUM_VF VFINFO_LIST STATS64 VF_PORTS PORT_SELF AF_SPEC GROUP "
    "NET_NS_FD EXT_MASK PROMISCUITY NUM_TX_QUEUES NUM_RX_QUEUES CARRIER PHYS_PORT_ID CARRIER_CHANGES PHYS_SWITCH_ID "
    "LINK_NETNSID PHYS_PORT_NAME PROTO_DOWN GSO_MAX_SEGS GSO_MAX_SIZE PAD XDP EVENT NEW_NETNSID TARGET_NETNSID "
    "CARRIER_UP_COUNT CARRIER_DOWN_COUNT NEW_IFINDEX MIN_MTU MAX_MTU PROP_LIST ALT_IFNAME PERM_ADDRESS "
    "PROTO_DOWN_REASON PARENT_DEV_NAME PARENT_DEV_BUS_NAME GRO_MAX_SIZE TSO_MAX_SIZE TSO_MAX_SEGS ALLMULTI "
    "DEVLINK_PORT GSO_IPV4_MAX_SIZE").split())}
INFO = enum("if_link.h", "IFLA_INFO_")
KINDS = {
    "bridge": enum("if_link.h", "IFLA_BR_"), "tun": enum("if_link.h", "IFLA_TUN_"),
    "vlan": enum("if_link.h", "IFLA_VLAN_"), "macvlan": enum("if_link.h", "IFLA_MACVLAN_"),
    "macvtap": enum("if_link.h", "IFLA_MACVLAN_"), "veth": enum("veth.h", "VETH_INFO_"), "vrf": enum("if_link.h", "IFLA_VRF_(?!PORT)"),
}
PORT = enum("if_link.h", "IFLA_BRPORT_")
INET, INET6 = {1: "IFLA_INET_CONF"}, enum("if_link.h", "IFLA_INET6_")
BRIDGE = enum("if_bridge.h", "IFLA_BRIDGE_(?!VLAN_TUNNEL|MRP|CFM|MST)")
TABLES = {
    16: ("ifinfomsg", 16, LINK), 20: ("ifaddrmsg", 8, enum("if_addr.h", "IFA_")),
    24: ("rtmsg", 12, enum("rtnetlink.h", "RTA_")), 28: ("ndmsg", 12, enum("neighbour.h", "NDA_")),
    32: ("fib_rule_hdr", 12, enum("fib_rules.h", "FRA_")), 80: ("netconfmsg", 1, enum("netconf.h", "NETCONFA_")),
    36: ("tcmsg", 20, {1: "TCA_KIND", 2: "TCA_OPTIONS", 3: "TCA_STATS", 7: "TCA_STATS2", 12: "TCA_HW_OFFLOAD"}),
    104: ("nhmsg", 8, enum("nexthop.h", "NHA_")), 108: ("ifinfomsg", 16, LINK),
}
FIELDS = {
    "ifinfomsg": [(1, "ifi_family"), (1, "pad"), (2, "ifi_type"), (4, "ifi_index"), (4, "ifi_flags"), (4, "ifi_change")],
    "ifaddrmsg": [(1, "ifa_family"), (1, "ifa_prefixlen"), (1, "ifa_flags"), (1, "ifa_scope"), (4, "ifa_index")],
    "rtmsg": [(1, "rtm_family"), (1, "rtm_dst_len"), (1, "rtm_src_len"), (1, "rtm_tos"), (1, "rtm_table"),
              (1, "rtm_protocol"), (1, "rtm_scope"), (1, "rtm_type"), (4, "rtm_flags")],
    "ndmsg": [(1, "ndm_family"), (3, "pad"), (4, "ndm_ifindex"), (2, "ndm_state"), (1, "ndm_flags"), (1, "ndm_type")],
    "fib_rule_hdr": [(1, "family"), (1, "dst_len"), (1, "src_len"), (1, "tos"), (1, "table"), (2, "reserved"),
                     (1, "action"), (4, "flags")],
    "tcmsg": [(1, "tcm_family"), (3, "pad"), (4, "tcm_ifindex"), (4, "tcm_handle"), (4, "tcm_parent"), (4, "tcm_info")],
    "netconfmsg": [(1, "ncm_family"), (3, "pad")],
    "nhmsg": [(1, "nh_family"), (1, "nh_scope"), (1, "nh_protocol"), (1, "reserved"), (4, "nh_flags")],
}
# Of nfnetlink_conntrack.h, whose enums share a prefix.
CONNECTION = dict(enumerate(["CTA_" + name for name in (
    "UNSPEC TUPLE_ORIG TUPLE_REPLY STATUS PROTOINFO HELP NAT_SRC TIMEOUT MARK COUNTERS_ORIG COUNTERS_REPLY USE ID NAT_DST "
    "TUPLE_MASTER SEQ_ADJ_ORIG SEQ_ADJ_REPLY SECMARK ZONE SECCTX TIMESTAMP MARK_MASK LABELS LABELS_MASK SYNPROXY FILTER "
    "STATUS_MASK").split()]))
TUPLE = {1: "CTA_TUPLE_IP", 2: "CTA_TUPLE_PROTO", 3: "CTA_TUPLE_ZONE"}
TABLES[256] = ("nfgenmsg", 4, CONNECTION)
FIELDS["nfgenmsg"] = [(1, "nfgen_family"), (1, "version"), (2, "res_id")]
VERBS = {0: "RTM_NEW", 1: "RTM_DEL", 2: "RTM_GET", 3: "RTM_SET"}
OBJECTS = {16: "LINK", 20: "ADDR", 24: "ROUTE", 28: "NEIGH", 32: "RULE", 36: "QDISC", 80: "NETCONF", 104: "NEXTHOP", 108: "LINKPROP"}
CONNECTION_TYPES = {256: "IPCTNL_MSG_CT_NEW", 258: "IPCTNL_MSG_CT_DELETE"}


class Annotator:
    def __init__(self):
        self.lines, self.kind, self.slave, self.family = [], None, None, 0

    def line(self, data, comment, depth=0):
        self.lines.append(("  " * depth + data.hex(" "), comment))

    def message(self, data):
        length, kind, flags, sequence, port = struct.unpack_from("=IHHII", data)
        base = kind & ~3
        name, size, table = TABLES[base]
        self.line(data[0:4], "nlmsg_len %d" % length)
        words = CONNECTION_TYPES.get(kind) or VERBS[kind & 3] + OBJECTS[base]
        self.line(data[4:6], "nlmsg_type %s" % words)
        self.line(data[6:8], "nlmsg_flags %#x" % flags)
        self.line(data[8:12], "nlmsg_seq")
        self.line(data[12:16], "nlmsg_pid")
        offset = 16
        self.family = data[16]
        for width, field in FIELDS[name]:
            self.line(data[offset:offset + width], field)
            offset += width
        self.attributes(data[16 + (size + 3 & ~3):length], table, 0)

    def inner(self, name, payload):
        """The table of what is inside an attribute; None for a value."""
        if name == "IFLA_LINKINFO": return INFO
        if name == "IFLA_INFO_DATA": return KINDS.get(self.kind)
        if name == "IFLA_INFO_SLAVE_DATA": return PORT if "bridge" in (self.slave, (self.kind or "")[:6]) else None
        if name == "IFLA_PROTINFO": return PORT if self.family == 7 else None
        if name == "IFLA_PROP_LIST": return LINK
        if name == "IFLA_AF_SPEC": return BRIDGE if self.family == 7 else {2: "AF_INET", 10: "AF_INET6"}
        if name == "AF_INET": return INET
        if name == "AF_INET6": return INET6
        if name in ("CTA_TUPLE_ORIG", "CTA_TUPLE_REPLY"): return TUPLE
        if name == "CTA_TUPLE_IP": return enum("netfilter/nfnetlink_conntrack.h", "CTA_IP_")
        if name == "CTA_TUPLE_PROTO": return enum("netfilter/nfnetlink_conntrack.h", "CTA_PROTO_(?!MAX)")
        if name == "TCA_OPTIONS": return enum("pkt_sched.h", "TCA_TBF_") if self.kind == "tbf" else None
        if name == "RTA_METRICS": return enum("rtnetlink.h", "RTAX_")
        return None

    def attributes(self, data, table, depth):
        offset = 0
        while offset < len(data):
            length, kind = struct.unpack_from("=HH", data, offset)
            name = table.get(kind & 0x3fff, "attribute %d" % (kind & 0x3fff))
            payload = data[offset + 4:offset + length]
            end = min(len(data), offset + (length + 3 & ~3))
            inner = self.inner(name, payload)
            if name in ("IFLA_INFO_KIND", "TCA_KIND"): self.kind = payload.rstrip(b"\0").decode()
            if name == "IFLA_INFO_SLAVE_KIND": self.slave = payload.rstrip(b"\0").decode()
            if name == "VETH_INFO_PEER":
                self.line(data[offset:offset + 4], name, depth)
                at = offset + 4
                for width, field in FIELDS["ifinfomsg"]:
                    self.line(data[at:at + width], field, depth + 1)
                    at += width
                self.attributes(payload[16:], LINK, depth + 1)
            elif inner is not None:
                self.line(data[offset:offset + 4], name, depth)
                self.attributes(payload, inner, depth + 1)
            else:
                self.line(data[offset:offset + 4], name, depth)
                for at in range(offset + 4, end, 16):
                    self.line(data[at:min(at + 16, end)], text(payload) if at == offset + 4 else "", depth + 1)
            offset = end


def text(payload):
    body = payload.rstrip(b"\0")
    return repr(body.decode())[1:-1] if len(body) > 1 and all(32 < byte < 127 for byte in body) else ""


def write(name, title, data):
    annotator = Annotator()
    annotator.message(data)
    width = max(len(left) for left, _ in annotator.lines)
    with open(os.path.join(HERE, name + ".hex"), "w") as file:
        file.write("# %s\n" % title)
        for left, right in annotator.lines:
            file.write(("%-*s  # %s" % (width, left, right) if right else left).rstrip() + "\n")
    print(name, len(data))


def run(command):
    subprocess.run(command, shell=True, check=True)


def ask(kind, body, flags=0x300):
    """Messages of the kernel's answer to a dump, or to one request if flags is 0."""
    connection = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12 if kind >= 256 else 0)
    connection.setsockopt(270, 12, 1)
    connection.send(struct.pack("=IHHII", 16 + len(body), kind, 1 | flags, 1, 0) + body)
    messages = []
    while True:
        data = connection.recv(1 << 16)
        while data:
            length, answer = struct.unpack_from("=IH", data)
            if answer in (2, 3):
                if answer == 2: raise OSError(-struct.unpack_from("=i", data, 16)[0], "netlink")
                return messages
            messages.append(data[:length])
            data = data[length + 3 & ~3:]
            if not flags: return messages


def answer(name, title, kind, body, pick, flags=0x300):
    found = [message for message in ask(kind, body, flags) if pick(message)]
    assert found, name
    write(name, "The kernel's answer: %s" % title, found[0])


def request(name, command, check=True):
    """The last message that a command of iproute2 sends, whether the kernel knows it or not."""
    trace = subprocess.run(
        ["strace", "-f", "-e", "trace=sendmsg,sendto", "-e", "write=all", "sh", "-c", command],
        check=check, capture_output=True, text=True).stderr
    data = b""
    for line in trace.splitlines():
        if re.search(r"send(msg|to)\(", line): data = b""
        match = re.match(r" \| [0-9a-f]{5}  (.{48})", line)
        if match: data += bytes.fromhex(match[1])
    write(name, "The request of: %s" % command, data)


def named(name):
    return lambda message: (b"\x03\x00" + name.encode() + b"\0") in message


LINKS = struct.pack("=BBHiII", 0, 0, 0, 0, 0, 0) + struct.pack("=HHI", 8, 29, 8)


def unshare():
    if ctypes.CDLL(None, use_errno=True).unshare(0x40000000) != 0:
        raise OSError(ctypes.get_errno(), "unshare")


def record():
    unshare()
    run("ip link set lo up")
    request("request-bridge", "ip link add br0 address 02:00:00:00:00:01 mtu 1400 type bridge forward_delay 200 "
            "stp_state 0 mcast_snooping 0 group_fwd_mask 8 ageing_time 1000")
    request("request-veth", "ip link add v0 address 02:00:00:00:00:02 type veth peer name v1 address 02:00:00:00:00:03")
    request("request-alias", "ip link set dev v0 alias vnet:demo/office")
    request("request-altname", "ip link property add dev v0 altname demo.web.eth0")
    request("request-addrgenmode", "ip link set dev v0 addrgenmode none")
    request("request-master", "ip link set dev v0 master br0 up")
    request("request-port", "ip link set dev v0 type bridge_slave isolated on learning off guard on")
    request("request-group", "ip link set dev v1 group 7")
    request("request-vf", "ip link set dev v0 vf 3 mac 02:00:00:00:00:09 vlan 12 qos 5 spoofchk on trust on "
            "state disable max_tx_rate 200 min_tx_rate 100", check=False)
    run("ip tuntap add tap0 mode tap user 1000 group 100 multi_queue vnet_hdr")
    run("ip link set tap0 address 02:00:00:00:00:04 alias 'vnet:demo/web/eth0' master br0")
    run("ip link set br0 up; ip link set v1 up; ip link property add dev tap0 altname demo.web.eth1 altname second")
    run("ip link add m0 link v1 address 02:00:00:00:00:05 type macvlan mode bridge")
    for name in ("br0", "v0", "tap0", "m0"):
        answer("link-" + name.rstrip("01"), "link %s of a dump without counters" % name, 18, LINKS, named(name))
    answer("bridge-port", "port v0 in a dump of AF_BRIDGE", 18, struct.pack("=BBHiII", 7, 0, 0, 0, 0, 0), named("v0"))

    request("request-address4", "ip address add 192.0.2.10/24 brd + dev br0 label br0:1 metric 50")
    request("request-address6", "ip address add 2001:db8::1/64 dev br0 nodad valid_lft 3600 preferred_lft 1800")
    run("ip address add 192.0.2.20 peer 192.0.2.21/32 dev br0")
    address = struct.pack("=BBBBi", 0, 0, 0, 0, 0)
    for name, octets in (("4", bytes([192, 0, 2, 10])), ("6", bytes.fromhex("20010db8" + "0" * 23 + "1")),
                         ("4-peer", bytes([192, 0, 2, 21]))):
        answer("address" + name, "address " + name, 22, address, lambda m: octets in m)

    request("request-route4", "ip route add 198.51.100.0/24 via 192.0.2.1 dev br0 proto 214 metric 100 mtu 1300 "
            "advmss 1200 congctl cubic src 192.0.2.10 table 1000")
    request("request-route6", "ip -6 route add default via 2001:db8::2 dev br0 proto ra metric 1024 pref high expires 600")
    run("ip route add 203.0.113.0/24 nexthop via 192.0.2.1 dev br0 weight 2 nexthop via inet6 fe80::1 dev v1 weight 1")
    run("ip route add blackhole 198.18.0.0/15")
    run("ip -6 route add 2001:db8:1::/48 nexthop via 2001:db8::2 dev br0 nexthop via 2001:db8::3 dev br0 weight 3")
    run("ip nexthop add id 7 via 192.0.2.1 dev br0 proto static; ip nexthop add id 8 blackhole")
    run("ip nexthop add id 10 group 7,3; ip nexthop add id 9 via 2001:db8::2 dev br0")
    run("ip route add 198.51.101.0/24 nhid 7; ip route add 198.51.102.0/24 encap ip id 5 dst 192.0.2.2 dev br0")
    routes = lambda family: bytes([family]) + bytes(11)
    prefix = lambda *octets: (lambda m: bytes([8, 0, 1, 0]) + bytes(octets) in m)
    answer("route4", "198.51.100.0/24 with metrics", 26, routes(2), prefix(198, 51, 100, 0))
    answer("route4-multipath", "203.0.113.0/24 with two legs", 26, routes(2), prefix(203, 0, 113, 0))
    answer("route4-blackhole", "blackhole 198.18.0.0/15", 26, routes(2), prefix(198, 18, 0, 0))
    answer("route4-nexthop", "198.51.101.0/24 by next hop 7", 26, routes(2), prefix(198, 51, 101, 0))
    answer("route4-encap", "198.51.102.0/24 with a tunnel's header", 26, routes(2), prefix(198, 51, 102, 0))
    answer("route6", "the default route", 26, routes(10), lambda m: m[17] == 0 and m[21] == 9)
    answer("route6-multipath", "2001:db8:1::/48 with two legs", 26, routes(10), lambda m: m[17] == 48)

    request("request-rule4", "ip rule add from 192.0.2.0/24 iif v1 fwmark 0x10/0xf0 ipproto tcp dport 80-90 uidrange 0-99 "
            "table 1000 suppress_prefixlength 0 suppress_ifgroup 7 priority 300 protocol 214")
    run("ip -6 rule add to 2001:db8:2::/48 oif br0 blackhole priority 301")
    run("ip rule add not from 198.51.100.7 goto 32766 priority 302")
    for name, family, priority in (("4", 2, 300), ("6-blackhole", 10, 301), ("4-goto", 2, 302)):
        answer("rule" + name, "rule %d" % priority, 34, routes(family),
               lambda m: struct.pack("=HHI", 8, 6, priority) in m)

    request("request-neighbour", "ip neighbour add 192.0.2.30 lladdr 02:00:00:00:00:30 dev br0 nud permanent protocol static")
    request("request-proxy", "ip neighbour add proxy 2001:db8::30 dev br0")
    request("request-fdb", "bridge fdb add 02:00:00:00:00:31 dev v0 master static")
    ndmsg = lambda family, flags=0: struct.pack("=BBHiHBB", family, 0, 0, 0, 0, flags, 0)
    answer("neighbour4", "192.0.2.30", 30, ndmsg(2), lambda m: bytes([192, 0, 2, 30]) in m)
    answer("neighbour-proxy", "a proxied address", 30, ndmsg(10, 8), lambda m: True)
    answer("fdb", "a static forwarding entry", 30, ndmsg(7), lambda m: bytes.fromhex("020000000031") in m)

    request("request-vlan", "bridge vlan add dev v0 vid 100-110", check=False)
    request("request-vlan-self", "bridge vlan add dev br0 vid 20 pvid untagged self", check=False)
    request("request-nexthop", "ip nexthop add id 20 via 192.0.2.1 dev br0 onlink")
    for name, number in (("", 7), ("-blackhole", 8), ("6", 9), ("-group", 10)):
        answer("nexthop" + name, "next hop %d" % number, 106, bytes(8), lambda m: struct.pack("=HHI", 8, 1, number) in m)
    for family in (2, 10):
        index = struct.unpack_from("=i", [m for m in ask(18, LINKS) if named("br0")(m)][0], 20)[0]
        answer("netconf%d" % (4 if family == 2 else 6), "forwarding settings of br0", 82, bytes([family, 0, 0, 0]),
               lambda m: struct.pack("=HHi", 8, 1, index) in m)


def vlans():
    """What only a kernel with bridge VLAN filtering, 802.1Q and VRFs has: Debian's."""
    unshare()
    run("ip link add br0 type bridge vlan_filtering 1; ip link add v0 master br0 type veth peer name v1")
    run("bridge vlan add dev v0 vid 100-110; bridge vlan add dev v0 vid 20 pvid untagged")
    request("request-vlan-link", "ip link add link v1 name x5 address 02:00:00:00:00:06 type vlan id 5 proto 802.1ad reorder_hdr off")
    request("request-vrf", "ip link add vrf0 address 02:00:00:00:00:07 type vrf table 1000")
    answer("link-vlan", "link x5 of a dump without counters", 18, LINKS, named("x5"))
    answer("link-vrf", "link vrf0 of a dump without counters", 18, LINKS, named("vrf0"))
    answer("vlans", "port v0 with its VLANs", 18,
           struct.pack("=BBHiII", 7, 0, 0, 0, 0, 0) + struct.pack("=HHI", 8, 29, 4), named("v0"))


def connections():
    """Connections whose destination was changed, and what conntrack(8) sends to delete one."""
    unshare()
    run("conntrack -I -p tcp -s 192.0.2.1 -d 192.0.2.10 --sport 40000 --dport 8080 --state ESTABLISHED --timeout 600 "
        "--dst-nat 10.7.0.51:80 2>/dev/null")
    run("conntrack -I -p udp -s 2001:db8::1 -d 2001:db8::10 --sport 40000 --dport 5353 --timeout 600 "
        "--dst-nat [2001:db8:7::51]:53 2>/dev/null")
    for family, version in ((2, "4"), (10, "6")):
        answer("connection" + version, "a connection with another destination", 257, bytes([family, 0, 0, 0]), lambda m: True)
    request("request-connection", "conntrack -D -p tcp -s 192.0.2.1 -d 192.0.2.10 --sport 40000 --dport 8080")


def qdiscs():
    unshare()
    run("ip tuntap add tap0 mode tap; ip tuntap add tap1 mode tap; ip tuntap add tap2 mode tap multi_queue")
    run("ip link set tap0 up; ip link set tap1 up; ip link set tap2 up")
    run("tc qdisc add dev tap0 root handle d6: tbf rate 100mbit burst 125000 limit 625000")
    run("tc qdisc add dev tap1 root handle d6: tbf rate 40gbit burst 100000000 limit 200000000 "
        "overhead 4 mpu 64")
    of = lambda name: (lambda m: struct.unpack_from("=i", m, 20)[0] == socket.if_nametoindex(name))
    for name, title, link in (("tbf", "a token bucket of 100 Mbit/s", "tap0"),
                              ("tbf-fast", "a token bucket of 40 Gbit/s, whose packets count more than their bytes", "tap1"),
                              ("default", "the one that the kernel chose", "tap2")):
        answer("qdisc-" + name, title, 38, bytes(20), of(link))


def macvtaps():
    unshare()
    run("ip link add v0 type veth peer name v1")
    request("request-macvtap", "ip link add link v1 name t0 index 7 address 02:00:00:00:00:08 type macvtap mode private")
    request("request-macvtap-mode", "ip link set dev t0 type macvtap mode vepa")
    answer("link-macvtap", "link t0 of a dump without counters", 18, LINKS, named("t0"))


if __name__ == "__main__":
    {"vlan": vlans, "macvtap": macvtaps, "qdisc": qdiscs, "connections": connections}.get(sys.argv[-1], record)()
