#define _GNU_SOURCE
#include "stand-in.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <net/ethernet.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_ADDRESSES = 16, MILLISECOND = 1000000, FRAME = 65536 + 64 };

/// The station: one TAP, one MAC, some addresses.
static struct {
  int fd;
  size_t header;  // bytes of virtio-net header before each frame
  uint8_t mac[6];
  int vlan;  // of its frames, which then carry a tag (802.1Q); 0 for none
  struct address own[MOST_ADDRESSES];
  int owned;
  struct address gateways[2];
  int gateway_count;
} station;

/// The echo requests of the line being served.
static struct {
  bool active, resolved;
  char text[64];
  struct address to, hop;
  const struct address *from;
  uint8_t hop_mac[6];
  int count, sent, received;
  int64_t interval, wait, next, deadline;
  bool seen[65536];
} ping;

static const uint8_t broadcast[6] = {255, 255, 255, 255, 255, 255};

static void send_frame(const uint8_t *destination, uint16_t type, const uint8_t *payload, size_t length) {
  static uint8_t out[FRAME];
  memset(out, 0, station.header);
  uint8_t *frame = out + station.header;
  memcpy(frame, destination, 6);
  memcpy(frame + 6, station.mac, 6);
  uint8_t *at = frame + 12;
  if (station.vlan != 0) {
    *at++ = ETHERTYPE_VLAN >> 8, *at++ = ETHERTYPE_VLAN & 255;
    *at++ = (uint8_t)(station.vlan >> 8), *at++ = (uint8_t)station.vlan;
  }
  *at++ = (uint8_t)(type >> 8), *at++ = (uint8_t)type;
  memcpy(at, payload, length);
  if (write(station.fd, out, (size_t)(at - out) + length) < 0 && errno != EIO) perror("write");
}

static void send_ipv4(const uint8_t *mac, const uint8_t *from, const uint8_t *to, const uint8_t *icmp, size_t length) {
  uint8_t packet[FRAME] = {0x45};
  size_t total = 20 + length;
  packet[2] = (uint8_t)(total >> 8), packet[3] = (uint8_t)total;
  packet[8] = 64, packet[9] = IPPROTO_ICMP;
  memcpy(packet + 12, from, 4);
  memcpy(packet + 16, to, 4);
  uint16_t c = checksum(packet, 20, 0);
  memcpy(packet + 10, &c, 2);
  memcpy(packet + 20, icmp, length);
  memset(packet + 22, 0, 2);
  c = checksum(packet + 20, length, 0);
  memcpy(packet + 22, &c, 2);
  send_frame(mac, ETHERTYPE_IP, packet, total);
}

static void send_ipv6(const uint8_t *mac, const uint8_t *from, const uint8_t *to, const uint8_t *icmp, size_t length) {
  uint8_t packet[FRAME] = {0x60};
  packet[4] = (uint8_t)(length >> 8), packet[5] = (uint8_t)length;
  packet[6] = IPPROTO_ICMPV6, packet[7] = 255;  // RFC 4861 takes neighbour messages with hop limit 255 only
  memcpy(packet + 8, from, 16);
  memcpy(packet + 24, to, 16);
  memcpy(packet + 40, icmp, length);
  memset(packet + 42, 0, 2);
  uint16_t c = checksum_ipv6(from, to, IPPROTO_ICMPV6, packet + 40, length);
  memcpy(packet + 42, &c, 2);
  send_frame(mac, ETHERTYPE_IPV6, packet, 40 + length);
}

static void send_arp(uint16_t operation, const uint8_t *from, const uint8_t *mac, const uint8_t *to) {
  uint8_t arp[28] = {0, 1, 8, 0, 6, 4, 0, (uint8_t)operation};
  memcpy(arp + 8, station.mac, 6);
  memcpy(arp + 14, from, 4);
  memcpy(arp + 18, operation == 1 ? (const uint8_t[6]){0} : mac, 6);
  memcpy(arp + 24, to, 4);
  send_frame(mac, ETHERTYPE_ARP, arp, sizeof arp);
}

/// A neighbour solicitation (135) or advertisement (136) for `target` with the station's link-layer address.
static void send_neighbour(uint8_t type, uint8_t flags, const uint8_t *mac, const uint8_t *from, const uint8_t *to,
                           const uint8_t *target) {
  uint8_t message[32] = {type, 0, 0, 0, flags};
  memcpy(message + 8, target, 16);
  message[24] = type == 135 ? 1 : 2, message[25] = 1;
  memcpy(message + 26, station.mac, 6);
  send_ipv6(mac, from, to, message, sizeof message);
}

static bool is_own(int family, const uint8_t *bytes) {
  struct address a = {.family = family};
  memcpy(a.bytes, bytes, address_length(&a));
  for (int i = 0; i < station.owned; i++)
    if (address_equal(&station.own[i], &a)) return true;
  return false;
}

/// The own address a packet to `to` leaves with: one that shares its prefix, else the first of the family that is
/// not link-local.
static const struct address *source_for(const struct address *to) {
  const struct address *best = NULL;
  for (int i = 0; i < station.owned; i++) {
    const struct address *own = &station.own[i];
    if (address_on_link(own, to)) return own;
    bool link_local = own->family == AF_INET6 && own->bytes[0] == 0xfe && (own->bytes[1] & 0xc0) == 0x80;
    if (own->family == to->family && !link_local && best == NULL) best = own;
  }
  return best;
}

static void resolve(void) {
  if (ping.hop.family == AF_INET) {
    send_arp(1, ping.from->bytes, broadcast, ping.hop.bytes);
    return;
  }
  uint8_t group[16] = {0xff, 2, [11] = 1, [12] = 0xff};  // solicited-node multicast, RFC 4291 section 2.7.1
  memcpy(group + 13, ping.hop.bytes + 13, 3);
  uint8_t mac[6] = {0x33, 0x33, 0xff, group[13], group[14], group[15]};
  const struct address *from = source_for(&ping.hop);
  send_neighbour(135, 0, mac, (from != NULL ? from : ping.from)->bytes, group, ping.hop.bytes);
}

static void resolved(int family, const uint8_t *address, const uint8_t *mac) {
  if (!ping.active || ping.resolved || family != ping.hop.family) return;
  if (memcmp(address, ping.hop.bytes, address_length(&ping.hop)) != 0) return;
  memcpy(ping.hop_mac, mac, 6);
  ping.resolved = true;
  ping.next = now();
}

static void echo_reply(const uint8_t *icmp) {
  uint16_t id = (uint16_t)(icmp[4] << 8 | icmp[5]), sequence = (uint16_t)(icmp[6] << 8 | icmp[7]);
  if (!ping.active || id != (uint16_t)getpid() || sequence >= ping.sent || ping.seen[sequence]) return;
  ping.seen[sequence] = true;
  ping.received++;
}

static void receive_arp(const uint8_t *arp, size_t length) {
  if (length < 28) return;
  resolved(AF_INET, arp + 14, arp + 8);
  if (arp[7] == 1 && is_own(AF_INET, arp + 24)) send_arp(2, arp + 24, arp + 8, arp + 14);
}

static void receive_ipv4(const uint8_t *mac, uint8_t *packet, size_t length) {
  size_t header = (packet[0] & 15u) * 4u, total = (size_t)packet[2] << 8 | packet[3];
  bool fragment = (packet[6] & 0x3f) != 0 || packet[7] != 0;
  if (header < 20 || total > length || total < header + 8 || fragment) return;
  uint8_t *icmp = packet + header;
  if (packet[9] != IPPROTO_ICMP || !is_own(AF_INET, packet + 16)) return;
  if (icmp[0] == ICMP_ECHOREPLY) echo_reply(icmp);
  if (icmp[0] != ICMP_ECHO) return;
  icmp[0] = ICMP_ECHOREPLY;
  send_ipv4(mac, packet + 16, packet + 12, icmp, total - header);
}

static void receive_ipv6(const uint8_t *mac, uint8_t *packet, size_t length) {
  size_t payload = (size_t)packet[4] << 8 | packet[5];
  if (40 + payload > length || payload < 8 || packet[6] != IPPROTO_ICMPV6) return;
  uint8_t *icmp = packet + 40, *from = packet + 8;
  switch (icmp[0]) {
  case ICMP6_ECHO_REPLY:
    if (is_own(AF_INET6, packet + 24)) echo_reply(icmp);
    break;
  case ICMP6_ECHO_REQUEST:
    if (!is_own(AF_INET6, packet + 24)) break;
    icmp[0] = ICMP6_ECHO_REPLY;
    send_ipv6(mac, packet + 24, from, icmp, payload);
    break;
  case ND_NEIGHBOR_ADVERT:
    for (size_t at = 24; payload >= 24 && at + 8 <= payload && icmp[at + 1] != 0; at += icmp[at + 1] * 8u)
      if (icmp[at] == 2) resolved(AF_INET6, icmp + 8, icmp + at + 2);
    break;
  case ND_NEIGHBOR_SOLICIT: {
    static const uint8_t none[16], all_nodes[16] = {0xff, 2, [15] = 1}, all_nodes_mac[6] = {0x33, 0x33, [5] = 1};
    if (payload < 24 || !is_own(AF_INET6, icmp + 8)) break;
    bool probe = memcmp(from, none, 16) == 0;  // duplicate address detection has no source (RFC 4862)
    if (probe) send_neighbour(136, 0x20, all_nodes_mac, icmp + 8, all_nodes, icmp + 8);
    else send_neighbour(136, 0x60, mac, icmp + 8, from, icmp + 8);
    break;
  }
  default: break;
  }
}

static void receive(void) {
  static uint8_t in[FRAME];
  ssize_t length;
  while ((length = read(station.fd, in, sizeof in)) > 0) {
    if ((size_t)length < station.header + 14 + 20) continue;
    uint8_t *frame = in + station.header, *payload = frame + 14, mac[6];
    size_t rest = (size_t)length - station.header - 14;
    int type = frame[12] << 8 | frame[13];
    memcpy(mac, frame + 6, 6);
    if (station.vlan != 0) {
      if (type != ETHERTYPE_VLAN || ((payload[0] & 15) << 8 | payload[1]) != station.vlan || rest < 24) continue;
      type = payload[2] << 8 | payload[3];
      payload += 4, rest -= 4;
    }
    switch (type) {
    case ETHERTYPE_ARP: receive_arp(payload, rest); break;
    case ETHERTYPE_IP: receive_ipv4(mac, payload, rest); break;
    case ETHERTYPE_IPV6: if (rest >= 40) receive_ipv6(mac, payload, rest); break;
    default: break;
    }
  }
}

static void start_ping(char *line) {
  char *save = NULL, *verb = strtok_r(line, " \n", &save), *to = strtok_r(NULL, " \n", &save);
  char *count = strtok_r(NULL, " \n", &save), *interval = strtok_r(NULL, " \n", &save);
  char *wait = strtok_r(NULL, " \n", &save);
  memset(&ping, 0, sizeof ping);
  if (verb == NULL) return;
  if (strcmp(verb, "ping") != 0 || to == NULL || strlen(to) >= sizeof ping.text || !address_parse(to, &ping.to)) {
    fprintf(stderr, "not understood: %s\n", verb);
    return;
  }
  strcpy(ping.text, to);
  ping.count = count != NULL ? atoi(count) : 3;
  ping.interval = (interval != NULL ? atoi(interval) : 200) * (int64_t)MILLISECOND;
  ping.wait = (wait != NULL ? atoi(wait) : 1000) * (int64_t)MILLISECOND;
  ping.from = source_for(&ping.to);
  ping.hop = ping.to;
  bool on_link = ping.from != NULL && address_on_link(ping.from, &ping.to);
  for (int i = 0; i < station.gateway_count; i++)
    if (!on_link && station.gateways[i].family == ping.to.family) ping.hop = station.gateways[i];
  ping.active = true;
  ping.next = now();
  ping.deadline = now() + 2000ll * MILLISECOND;  // for the neighbour to answer
}

static void send_echo(void) {
  uint16_t id = (uint16_t)getpid(), sequence = (uint16_t)ping.sent++;
  uint8_t echo[40] = {ping.to.family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST, 0, 0, 0, (uint8_t)(id >> 8),
                      (uint8_t)id, (uint8_t)(sequence >> 8), (uint8_t)sequence};
  if (ping.to.family == AF_INET) send_ipv4(ping.hop_mac, ping.from->bytes, ping.to.bytes, echo, sizeof echo);
  else send_ipv6(ping.hop_mac, ping.from->bytes, ping.to.bytes, echo, sizeof echo);
}

/// Does what is due; the nanoseconds until something is due again, 0 when the line is served.
static int64_t step(void) {
  int64_t at = now();
  if (ping.from == NULL || (!ping.resolved && at >= ping.deadline)) ping.sent = ping.count;  // none of them can leave
  bool over = ping.sent == ping.count && (ping.received == ping.count || !ping.resolved || at >= ping.deadline);
  if (over) {
    printf("ping %s: %d sent, %d lost\n", ping.text, ping.sent, ping.sent - ping.received);
    ping.active = false;
    return 0;
  }
  if (ping.sent < ping.count && at >= ping.next) {
    if (ping.resolved) {
      send_echo();
      ping.next += ping.interval;
      ping.deadline = at + ping.wait;
    } else {
      resolve();
      ping.next += 200ll * MILLISECOND;
    }
  }
  int64_t due = ping.sent < ping.count && (ping.next < ping.deadline || ping.resolved) ? ping.next : ping.deadline;
  return due > at ? due - at : 1;
}

/// Adds the EUI-64 link-local address (RFC 4291, appendix A) where any IPv6 address is present.
static void add_link_local(void) {
  bool any = false;
  for (int i = 0; i < station.owned; i++) any = any || station.own[i].family == AF_INET6;
  if (!any || station.owned == MOST_ADDRESSES) return;
  const uint8_t *m = station.mac;
  station.own[station.owned++] = (struct address){
      AF_INET6, 64, {0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]}};
}

static int usage(const char *what) {
  fprintf(stderr, "stand-in guest: %s\n", what);
  return 64;
}

static int serve(void) {
  static char line[4096];
  size_t filled = 0;
  bool closed = false;
  for (;;) {
    int64_t wait = -1;
    while (!ping.active || (wait = step()) == 0) {
      char *end = memchr(line, '\n', filled);
      wait = -1;
      if (end == NULL) break;
      *end = '\0';
      start_ping(line);
      filled -= (size_t)(end + 1 - line);
      memmove(line, end + 1, filled);
    }
    if (!ping.active && closed) return 0;
    struct pollfd ready[2] = {{.fd = station.fd, .events = POLLIN}, {.fd = closed ? -1 : 0, .events = POLLIN}};
    struct timespec timeout = {wait / 1000000000, wait % 1000000000};
    if (ppoll(ready, 2, wait < 0 ? NULL : &timeout, NULL) < 0 && errno != EINTR) return 1;
    if (ready[0].revents & POLLIN) receive();
    if (ready[0].revents & (POLLERR | POLLNVAL)) return fprintf(stderr, "the TAP is gone\n"), 1;
    if (ready[1].revents != 0) {
      ssize_t got = read(0, line + filled, sizeof line - filled - 1);
      if (got > 0) {
        filled += (size_t)got;
      } else {
        closed = true;
        line[filled++] = '\n';  // the last line may lack its end
      }
    }
  }
}

int guest(int argc, char **argv) {
  static const struct option options[] = {
      {"tap", required_argument, NULL, 't'},     {"mac", required_argument, NULL, 'm'},
      {"address", required_argument, NULL, 'a'}, {"gateway", required_argument, NULL, 'g'},
      {"vlan", required_argument, NULL, 'V'},    {"vnet-hdr", no_argument, NULL, 'v'},
      {"multi-queue", no_argument, NULL, 'q'},   {NULL, 0, NULL, 0}};
  const char *tap = NULL;
  bool vnet_header = false, multi_queue = false;
  memcpy(station.mac, (const uint8_t[6]){0x02, 0, 0, 0, 0, 1}, 6);
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    unsigned m[6];
    switch (option) {
    case 't': tap = optarg; break;
    case 'm':
      if (sscanf(optarg, "%x:%x:%x:%x:%x:%x", m, m + 1, m + 2, m + 3, m + 4, m + 5) != 6) return usage("not a MAC");
      for (int i = 0; i < 6; i++) station.mac[i] = (uint8_t)m[i];
      break;
    case 'a':
      if (station.owned == MOST_ADDRESSES || !address_parse(optarg, &station.own[station.owned++])) return usage("not an address");
      break;
    case 'g':
      if (station.gateway_count == 2 || !address_parse(optarg, &station.gateways[station.gateway_count++])) return usage("not a gateway");
      break;
    case 'V':
      station.vlan = atoi(optarg);
      if (station.vlan < 1 || station.vlan > 4094) return usage("not a VLAN");
      break;
    case 'v': vnet_header = true; break;
    case 'q': multi_queue = true; break;
    default: return 64;
    }
  }
  if (tap == NULL || optind != argc) return usage("--tap NAME is needed");
  add_link_local();
  station.fd = tap_open(tap, vnet_header, multi_queue, &station.header);
  if (station.fd < 0) {
    fprintf(stderr, "stand-in guest: %s: %s\n", tap, strerror(-station.fd));
    return 1;
  }
  puts("ready");
  return serve();
}
