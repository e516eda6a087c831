// The frames that a guest may send, by name: what every honest guest sends, and what one sends that is not.

#include "frame.h"

#include <stdio.h>
#include <string.h>

static struct cast cast;
#define OWN cast.own.mac

static const uint8_t everybody[6] = {255, 255, 255, 255, 255, 255}, nobody[16], broadcast4[4] = {255, 255, 255, 255};
static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1}, all_nodes_mac[6] = {0x33, 0x33, [5] = 1};
static const uint8_t text[] = "vnet-apply: a frame of its tests";

static const uint8_t *own_link_local(void) {
  static uint8_t address[16];
  link_local(OWN, address);
  return address;
}

// ARP

static void arp_request(struct frame *f) { arp(f, everybody, OWN, 1, OWN, cast.own.ipv4, nobody, cast.to.ipv4); }
static void arp_reply(struct frame *f) { arp(f, cast.to.mac, OWN, 2, OWN, cast.own.ipv4, cast.to.mac, cast.to.ipv4); }
static void arp_probe(struct frame *f) { arp(f, everybody, OWN, 1, OWN, nobody, nobody, cast.own.ipv4); }
static void arp_announcement(struct frame *f) { arp(f, everybody, OWN, 1, OWN, cast.own.ipv4, nobody, cast.own.ipv4); }
static void arp_other_address(struct frame *f) { arp(f, cast.to.mac, OWN, 2, OWN, cast.other.ipv4, cast.to.mac, cast.to.ipv4); }
static void arp_other_request(struct frame *f) { arp(f, everybody, OWN, 1, OWN, cast.other.ipv4, nobody, cast.to.ipv4); }
static void arp_other_announcement(struct frame *f) { arp(f, everybody, OWN, 1, OWN, cast.other.ipv4, nobody, cast.other.ipv4); }
static void arp_other_mac(struct frame *f) { arp(f, cast.to.mac, OWN, 2, cast.other.mac, cast.own.ipv4, cast.to.mac, cast.to.ipv4); }

// IPv4

static void udp_from(struct frame *f, const uint8_t *mac, const uint8_t *from) {
  udp4(f, cast.to.mac, mac, from, cast.to.ipv4, 4000, 4001, text, sizeof text);
}
static void plain4(struct frame *f) { udp_from(f, OWN, cast.own.ipv4); }
static void source_mac(struct frame *f) { udp_from(f, cast.other.mac, cast.own.ipv4); }
static void other_source4(struct frame *f) { udp_from(f, OWN, cast.other.ipv4); }

static void mdns(struct frame *f) {
  udp4(f, (const uint8_t[6]){1, 0, 0x5e, 0, 0, 0xfb}, OWN, cast.own.ipv4, (const uint8_t[4]){224, 0, 0, 251}, 5353, 5353, text,
       sizeof text);
}
/// A membership report (IGMPv2), with the router alert left out.
static void igmp(struct frame *f) {
  ipv4(f, (const uint8_t[6]){1, 0, 0x5e, 0, 0, 0xfb}, OWN, 2, cast.own.ipv4, (const uint8_t[4]){224, 0, 0, 251},
       (const uint8_t[8]){0x16, 0, 0x09, 0x04, 224, 0, 0, 251}, 8);
}
/// An advertisement (VRRPv2) of virtual router 5, from its MAC.
static void vrrp(struct frame *f) {
  uint8_t message[20] = {0x21, 5, 100, 1, [5] = 1};
  memcpy(message + 8, cast.other.ipv4, 4);
  uint16_t c = checksum(message, sizeof message, 0);
  memcpy(message + 6, &c, 2);
  ipv4(f, (const uint8_t[6]){1, 0, 0x5e, 0, 0, 0x12}, (const uint8_t[6]){0, 0, 0x5e, 0, 1, 5}, 112, cast.own.ipv4,
       (const uint8_t[4]){224, 0, 0, 18}, message, sizeof message);
}

/// A message of BOOTP's layout with the DHCP magic cookie and its type (RFC 2131).
static void dhcp_from(struct frame *f, uint16_t port, uint8_t type, const uint8_t *mac, const uint8_t *from, const uint8_t *to) {
  bool server = type == 2;
  uint8_t message[244] = {server ? 2 : 1, 1, 6, 0, 0x12, 0x34, 0x56, 0x78};
  memcpy(message + 12, from, 4);
  memcpy(message + 28, server ? cast.to.mac : OWN, 6);
  memcpy(message + 236, (const uint8_t[8]){0x63, 0x82, 0x53, 0x63, 53, 1, type, 255}, 8);
  udp4(f, mac, OWN, from, to, port, server ? 68 : 67, message, sizeof message);
}
static void dhcp(struct frame *f, uint8_t type, const uint8_t *mac, const uint8_t *from, const uint8_t *to) {
  dhcp_from(f, type == 2 ? 67 : 68, type, mac, from, to);
}
static void dhcp_discover(struct frame *f) { dhcp(f, 1, everybody, nobody, broadcast4); }
static void dhcp_renew(struct frame *f) { dhcp(f, 3, cast.to.mac, cast.own.ipv4, cast.to.ipv4); }
static void dhcp_offer(struct frame *f) { dhcp(f, 2, everybody, cast.own.ipv4, broadcast4); }
/// Clients ask for the port that it is for alone.
static void dhcp_offer_port(struct frame *f) { dhcp_from(f, 1067, 2, everybody, cast.own.ipv4, broadcast4); }

// IPv6

static void group_of(const uint8_t *address, uint8_t *group, uint8_t *mac) {
  const uint8_t made[16] = {0xff, 2, [11] = 1, 0xff, address[13], address[14], address[15]};
  memcpy(group, made, 16);
  memcpy(mac, (const uint8_t[6]){0x33, 0x33, 0xff, address[13], address[14], address[15]}, 6);
}

static void plain6(struct frame *f) { udp6(f, cast.to.mac, OWN, cast.own.ipv6, cast.to.ipv6, 4000, 4001, text, sizeof text); }
static void plain_link_local(struct frame *f) { udp6(f, all_nodes_mac, OWN, own_link_local(), all_nodes, 4000, 4001, text, sizeof text); }
static void other_source6(struct frame *f) { udp6(f, cast.to.mac, OWN, cast.other.ipv6, cast.to.ipv6, 4000, 4001, text, sizeof text); }
static void other_link_local(struct frame *f) {
  uint8_t other[16];
  link_local(cast.other.mac, other);
  udp6(f, all_nodes_mac, OWN, other, all_nodes, 4000, 4001, text, sizeof text);
}

/// A solicitation of `target`, with the sender's MAC unless it has no source yet (RFC 4861, section 4.3).
static void solicit(struct frame *f, const uint8_t *from, const uint8_t *target) {
  uint8_t group[16], mac[6], message[32] = {135, [24] = 1, 1};
  group_of(target, group, mac);
  memcpy(message + 8, target, 16);
  memcpy(message + 26, OWN, 6);
  icmp6(f, mac, OWN, from, group, 58, "", 0, message, from == nobody ? 24 : 32);
}
/// Duplicate detection that tells its own solicitation from another's by a nonce (RFC 7527).
static void dad_nonce(struct frame *f) {
  uint8_t group[16], mac[6], message[32] = {135, [24] = 14, 1, 1, 2, 3, 4, 5, 6};
  group_of(cast.own.ipv6, group, mac);
  memcpy(message + 8, cast.own.ipv6, 16);
  icmp6(f, mac, OWN, nobody, group, 58, "", 0, message, sizeof message);
}
static void dad(struct frame *f) { solicit(f, nobody, cast.own.ipv6); }
static void dad_link_local(struct frame *f) { solicit(f, nobody, own_link_local()); }
static void solicitation(struct frame *f) { solicit(f, cast.own.ipv6, cast.to.ipv6); }
static void other_solicitation(struct frame *f) { solicit(f, cast.other.ipv6, cast.to.ipv6); }
static void other_solicited_mac(struct frame *f) {
  uint8_t group[16], mac[6], message[32] = {135, [24] = 1, 1};
  group_of(cast.to.ipv6, group, mac);
  memcpy(message + 8, cast.to.ipv6, 16);
  memcpy(message + 26, cast.other.mac, 6);
  icmp6(f, mac, OWN, cast.own.ipv6, group, 58, "", 0, message, sizeof message);
}

static void advertise(struct frame *f, const uint8_t *from, const uint8_t *target, const uint8_t *mac) {
  uint8_t message[32] = {136, [4] = 0x20, [24] = 2, 1};
  memcpy(message + 8, target, 16);
  memcpy(message + 26, mac, 6);
  icmp6(f, all_nodes_mac, OWN, from, all_nodes, 58, "", 0, message, sizeof message);
}
static void advertisement(struct frame *f) { advertise(f, cast.own.ipv6, cast.own.ipv6, OWN); }
static void other_target(struct frame *f) { advertise(f, own_link_local(), cast.other.ipv6, OWN); }
static void other_advertisement(struct frame *f) { advertise(f, cast.other.ipv6, cast.other.ipv6, OWN); }
static void other_advertised_mac(struct frame *f) { advertise(f, cast.own.ipv6, cast.own.ipv6, cast.other.mac); }
/// The sender's MAC is that of the frame where none is said (RFC 4861, section 4.4).
static void advertisement_without(struct frame *f) {
  uint8_t message[24] = {136, [4] = 0x60};
  memcpy(message + 8, cast.own.ipv6, 16);
  icmp6(f, cast.to.mac, OWN, cast.own.ipv6, cast.to.ipv6, 58, "", 0, message, sizeof message);
}
/// Another's MAC, behind an option that nobody knows.
static void hidden_mac(struct frame *f, uint8_t type, uint8_t option) {
  uint8_t message[40] = {type, [4] = 0x20, [24] = 253, 1, [32] = option, 1};
  memcpy(message + 8, cast.own.ipv6, 16);
  memcpy(message + 34, cast.other.mac, 6);
  icmp6(f, all_nodes_mac, OWN, cast.own.ipv6, all_nodes, 58, "", 0, message, sizeof message);
}
static void hidden_advertised_mac(struct frame *f) { hidden_mac(f, 136, 2); }
static void hidden_solicited_mac(struct frame *f) { hidden_mac(f, 135, 1); }

static void router_solicit(struct frame *f, const uint8_t *from, const uint8_t *mac) {
  uint8_t message[16] = {133, [8] = 1, 1};
  memcpy(message + 10, mac, 6);
  icmp6(f, (const uint8_t[6]){0x33, 0x33, [5] = 2}, OWN, from, (const uint8_t[16]){0xff, 2, [15] = 2}, 58, "", 0, message,
        from == nobody ? 8 : 16);
}
static void router_solicitation(struct frame *f) { router_solicit(f, own_link_local(), OWN); }
static void router_solicitation_without(struct frame *f) { router_solicit(f, nobody, OWN); }
static void router_solicitation_mac(struct frame *f) { router_solicit(f, own_link_local(), cast.other.mac); }

/// A report (MLDv2) of one group, behind the router alert that it must have (RFC 3810, section 5).
static void report(struct frame *f, const uint8_t *from) {
  uint8_t message[28] = {143, [7] = 1, 4}, mac[6];
  group_of(cast.own.ipv6, message + 12, mac);
  icmp6(f, (const uint8_t[6]){0x33, 0x33, [5] = 0x16}, OWN, from, (const uint8_t[16]){0xff, 2, [15] = 0x16}, 0,
        (const uint8_t[8]){58, 0, 5, 2, 0, 0, 1, 0}, 8, message, sizeof message);
}
static void mld(struct frame *f) { report(f, own_link_local()); }
static void mld_without(struct frame *f) { report(f, nobody); }

/// A router's advertisement of a prefix, behind extension headers that a filter has to look behind.
static void route_advertise(struct frame *f, uint8_t first, const void *before, size_t length) {
  uint8_t message[48] = {134, [4] = 64, 0, 7, 8, [16] = 3, 4, 64, 0xc0, 0, 1, 0x51, 0x80, 0, 0, 0x38, 0x40};
  memcpy(message + 32, (const uint8_t[16]){0x20, 1, 0x0d, 0xb8, 0xba, 0xad}, 16);
  icmp6(f, all_nodes_mac, OWN, own_link_local(), all_nodes, first, before, length, message, sizeof message);
}
static void ra(struct frame *f) { route_advertise(f, 58, "", 0); }
static void ra_options(struct frame *f) { route_advertise(f, 60, (const uint8_t[8]){58, 0, 1, 4}, 8); }
static void ra_fragment(struct frame *f) { route_advertise(f, 44, (const uint8_t[8]){58, 0, 0, 0, 1, 2, 3, 4}, 8); }
static void redirect(struct frame *f) {
  uint8_t message[40] = {137};
  memcpy(message + 8, own_link_local(), 16);
  memcpy(message + 24, cast.other.ipv6, 16);
  icmp6(f, cast.to.mac, OWN, own_link_local(), cast.to.ipv6, 58, "", 0, message, sizeof message);
}

static void dhcp6(struct frame *f, uint8_t type, const uint8_t *mac, const uint8_t *to, uint16_t source, uint16_t destination) {
  udp6(f, mac, OWN, own_link_local(), to, source, destination, (const uint8_t[4]){type, 1, 2, 3}, 4);
}
static void dhcp6_solicit(struct frame *f) {
  dhcp6(f, 1, (const uint8_t[6]){0x33, 0x33, 0, 1, 0, 2}, (const uint8_t[16]){0xff, 2, [13] = 1, [15] = 2}, 546, 547);
}
static void dhcp6_advertise_from(struct frame *f, uint16_t port) {
  uint8_t to[16];
  link_local(cast.to.mac, to);
  dhcp6(f, 2, cast.to.mac, to, port, 546);
}
static void dhcp6_advertise(struct frame *f) { dhcp6_advertise_from(f, 547); }
static void dhcp6_advertise_port(struct frame *f) { dhcp6_advertise_from(f, 1547); }

// What is neither ARP nor IP

static void other(struct frame *f, const uint8_t *to, uint16_t type, const void *payload, size_t length) {
  ethernet(f, to, OWN, type);
  add(f, payload, length);
}
/// To one of the groups that a bridge keeps to itself (IEEE 802.1D, table 7-10).
static void reserved(struct frame *f, uint8_t last, uint16_t type) {
  other(f, (const uint8_t[6]){1, 0x80, 0xc2, 0, 0, last}, type, text, sizeof text);
}
/// A configuration message that wants to be the root, with priority 0 and the usual times, in 256ths of a second (IEEE
/// 802.1D, section 9.3.1).
static void bpdu(struct frame *f) {
  uint8_t payload[38] = {0x42, 0x42, 3, [28] = 0x80, 1, 0, 0, 20, 0, 2, 0, 15};
  memcpy(payload + 10, OWN, 6);
  memcpy(payload + 22, OWN, 6);
  other(f, (const uint8_t[6]){1, 0x80, 0xc2}, sizeof payload, payload, sizeof payload);
}
static void lacp(struct frame *f) { reserved(f, 2, 0x8809); }
static void eapol(struct frame *f) { reserved(f, 3, 0x888e); }
static void lldp(struct frame *f) { reserved(f, 0x0e, 0x88cc); }
static void lldp_broadcast(struct frame *f) { other(f, everybody, 0x88cc, text, sizeof text); }
static void cdp(struct frame *f) {
  const uint8_t snap[16] = {0xaa, 0xaa, 3, 0, 0, 0x0c, 0x20, 0, 2, 180};
  other(f, (const uint8_t[6]){1, 0, 0x0c, 0xcc, 0xcc, 0xcc}, sizeof snap, snap, sizeof snap);
}
static void ipx(struct frame *f) { other(f, everybody, 0x8137, text, sizeof text); }
static void pppoe(struct frame *f) { other(f, everybody, 0x8863, (const uint8_t[6]){0x11, 9}, 6); }
static void loop(struct frame *f) { other(f, everybody, 0x9000, text, sizeof text); }

/// An honest ARP request, with a tag in front of its type.
static void tagged(struct frame *f, uint16_t type, uint16_t tag) {
  struct frame inner = {0};
  arp_request(&inner);
  add(f, inner.bytes, 12);
  add(f, (const uint8_t[]){(uint8_t)(type >> 8), (uint8_t)type, (uint8_t)(tag >> 8), (uint8_t)tag}, 4);
  add(f, inner.bytes + 12, inner.length - 12);
}
static void vlan(struct frame *f) { tagged(f, 0x8100, 10); }
static void vlan_priority(struct frame *f) { tagged(f, 0x8100, 5 << 13); }
static void vlan_service(struct frame *f) { tagged(f, 0x88a8, 10); }

static const struct {
  const char *name;
  void (*make)(struct frame *);
} frames[] = {
    {"arp-request", arp_request},
    {"arp-reply", arp_reply},
    {"arp-probe", arp_probe},
    {"arp-announcement", arp_announcement},
    {"ipv4", plain4},
    {"mdns", mdns},
    {"igmp-report", igmp},
    {"dhcp-discover", dhcp_discover},
    {"dhcp-renew", dhcp_renew},
    {"ipv6", plain6},
    {"ipv6-link-local", plain_link_local},
    {"dad", dad},
    {"dad-link-local", dad_link_local},
    {"dad-nonce", dad_nonce},
    {"neighbour-solicitation", solicitation},
    {"neighbour-advertisement", advertisement},
    {"neighbour-advertisement-without-mac", advertisement_without},
    {"router-solicitation", router_solicitation},
    {"router-solicitation-unspecified", router_solicitation_without},
    {"mld-report", mld},
    {"mld-report-unspecified", mld_without},
    {"dhcp6-solicit", dhcp6_solicit},
    {"source-mac", source_mac},
    {"arp-reply-other-address", arp_other_address},
    {"arp-request-other-address", arp_other_request},
    {"arp-announcement-other-address", arp_other_announcement},
    {"arp-reply-other-mac", arp_other_mac},
    {"ipv4-other-source", other_source4},
    {"dhcp-offer", dhcp_offer},
    {"dhcp-offer-other-port", dhcp_offer_port},
    {"vrrp", vrrp},
    {"ipv6-other-source", other_source6},
    {"ipv6-other-link-local", other_link_local},
    {"neighbour-solicitation-other-source", other_solicitation},
    {"neighbour-advertisement-other-target", other_target},
    {"neighbour-advertisement-other-source", other_advertisement},
    {"neighbour-solicitation-other-mac", other_solicited_mac},
    {"neighbour-solicitation-hidden-mac", hidden_solicited_mac},
    {"neighbour-advertisement-other-mac", other_advertised_mac},
    {"neighbour-advertisement-hidden-mac", hidden_advertised_mac},
    {"router-solicitation-other-mac", router_solicitation_mac},
    {"router-advertisement", ra},
    {"router-advertisement-options", ra_options},
    {"router-advertisement-fragment", ra_fragment},
    {"redirect", redirect},
    {"dhcp6-advertise", dhcp6_advertise},
    {"dhcp6-advertise-other-port", dhcp6_advertise_port},
    {"bpdu", bpdu},
    {"lacp", lacp},
    {"eapol", eapol},
    {"lldp", lldp},
    {"lldp-broadcast", lldp_broadcast},
    {"cdp", cdp},
    {"ipx", ipx},
    {"pppoe", pppoe},
    {"loopback", loop},
    {"vlan", vlan},
    {"vlan-priority", vlan_priority},
    {"vlan-service", vlan_service},
};

bool frame_make(const char *name, const struct cast *who, struct frame *out) {
  cast = *who;
  *out = (struct frame){0};
  for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
    if (strcmp(frames[i].name, name) != 0) continue;
    frames[i].make(out);
    return true;
  }
  return false;
}

void frame_names(void) {
  for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) puts(frames[i].name);
}
