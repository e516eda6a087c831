#define _GNU_SOURCE
#include "stand-in.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST_OPTIONS = 8, HIGH = 0x08, LOW = 0x18, ROUTE_INFORMATION = 24 /* RFC 4191 */ };

/// What it advertises (RFC 4861, section 4.2).
static struct {
  int index, lifetime, preference, prefixes, routes;
  uint8_t mac[6];
  struct nd_opt_prefix_info prefix[MOST_OPTIONS];
  struct {
    uint8_t type, length, bits, preference;
    uint32_t lifetime;
    uint8_t prefix[16];
  } route[MOST_OPTIONS];
} offer;

static bool advertise(int fd) {
  uint8_t message[512] = {ND_ROUTER_ADVERT, 0, 0, 0, 64, (uint8_t)offer.preference};
  message[6] = (uint8_t)(offer.lifetime >> 8), message[7] = (uint8_t)offer.lifetime;
  size_t length = sizeof(struct nd_router_advert);
  message[length] = ND_OPT_SOURCE_LINKADDR, message[length + 1] = 1;
  memcpy(message + length + 2, offer.mac, 6);
  length += 8;
  size_t prefixes = (size_t)offer.prefixes * sizeof offer.prefix[0], routes = (size_t)offer.routes * sizeof offer.route[0];
  memcpy(message + length, offer.prefix, prefixes);
  memcpy(message + length + prefixes, offer.route, routes);
  length += prefixes + routes;
  struct sockaddr_in6 all = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)offer.index};
  inet_pton(AF_INET6, "ff02::1", &all.sin6_addr);
  return sendto(fd, message, length, 0, (struct sockaddr *)&all, sizeof all) == (ssize_t)length;
}

/// `PREFIX/LENGTH,SECONDS[,SECONDS]`: how long it is valid, and preferred.
static bool parse(char *text, struct address *prefix, uint32_t lifetimes[2]) {
  char *comma = strchr(text, ',');
  if (comma == NULL) return false;
  *comma = '\0';
  lifetimes[0] = (uint32_t)strtoul(comma + 1, &comma, 10);
  lifetimes[1] = *comma == ',' ? (uint32_t)strtoul(comma + 1, &comma, 10) : lifetimes[0];
  return *comma == '\0' && address_parse(text, prefix) && prefix->family == AF_INET6;
}

static bool offer_prefix(char *text, uint8_t flags) {
  struct address prefix;
  uint32_t lifetimes[2];
  if (offer.prefixes == MOST_OPTIONS || !parse(text, &prefix, lifetimes)) return false;
  struct nd_opt_prefix_info *p = &offer.prefix[offer.prefixes++];
  p->nd_opt_pi_type = ND_OPT_PREFIX_INFORMATION, p->nd_opt_pi_len = 4;
  p->nd_opt_pi_prefix_len = (uint8_t)prefix.prefix;
  p->nd_opt_pi_flags_reserved = flags;
  p->nd_opt_pi_valid_time = htonl(lifetimes[0]), p->nd_opt_pi_preferred_time = htonl(lifetimes[1]);
  memcpy(&p->nd_opt_pi_prefix, prefix.bytes, 16);
  return true;
}

static bool offer_route(char *text) {
  struct address prefix;
  uint32_t lifetimes[2];
  if (offer.routes == MOST_OPTIONS || !parse(text, &prefix, lifetimes)) return false;
  int n = offer.routes++;
  offer.route[n].type = ROUTE_INFORMATION, offer.route[n].length = 3;
  offer.route[n].bits = (uint8_t)prefix.prefix;
  offer.route[n].lifetime = htonl(lifetimes[0]);
  memcpy(offer.route[n].prefix, prefix.bytes, 16);
  return true;
}

/// A socket that sends from `source`, as routers must, and one that hears solicitations.
static int open_socket(const char *link, const struct address *source, int *ears) {
  int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6), hops = 255;
  struct ifreq request = {0};
  snprintf(request.ifr_name, sizeof request.ifr_name, "%s", link);
  if (fd < 0 || ioctl(fd, SIOCGIFHWADDR, &request) < 0) return -1;
  memcpy(offer.mac, request.ifr_hwaddr.sa_data, 6);
  offer.index = (int)if_nametoindex(link);
  struct sockaddr_in6 from = {.sin6_family = AF_INET6, .sin6_scope_id = (uint32_t)offer.index};
  memcpy(&from.sin6_addr, source->bytes, 16);
  struct ipv6_mreq routers = {.ipv6mr_interface = (unsigned)offer.index};
  inet_pton(AF_INET6, "ff02::2", &routers.ipv6mr_multiaddr);
  struct icmp6_filter filter;
  ICMP6_FILTER_SETBLOCKALL(&filter);
  ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
  bool done = bind(fd, (struct sockaddr *)&from, sizeof from) == 0 &&
              setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_IF, &offer.index, sizeof offer.index) == 0 &&
              setsockopt(fd, IPPROTO_IPV6, IPV6_MULTICAST_HOPS, &hops, sizeof hops) == 0 &&
              setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) == 0;
  // A socket that is bound to an address of its own hears no multicast: another one listens.
  *ears = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMPV6);
  done = done && *ears >= 0 && setsockopt(*ears, SOL_SOCKET, SO_BINDTODEVICE, link, (socklen_t)strlen(link) + 1) == 0 &&
         setsockopt(*ears, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) == 0 &&
         setsockopt(*ears, IPPROTO_IPV6, IPV6_JOIN_GROUP, &routers, sizeof routers) == 0;
  return done ? fd : -1;
}

static bool read_options(int argc, char **argv, struct address *source, bool *answers) {
  for (int i = 2; i < argc; i++) {
    char *value = i + 1 < argc ? argv[i + 1] : NULL;
    if (strcmp(argv[i], "--silent") == 0) {
      *answers = false;
      continue;
    }
    if (value == NULL) return false;
    i++;
    bool good = true;
    if (strcmp(argv[i - 1], "--source") == 0) good = address_parse(value, source);
    else if (strcmp(argv[i - 1], "--lifetime") == 0) offer.lifetime = atoi(value);
    else if (strcmp(argv[i - 1], "--preference") == 0) offer.preference = strcmp(value, "high") == 0 ? HIGH : LOW;
    else if (strcmp(argv[i - 1], "--prefix") == 0) good = offer_prefix(value, ND_OPT_PI_FLAG_ONLINK | ND_OPT_PI_FLAG_AUTO);
    else if (strcmp(argv[i - 1], "--on-link") == 0) good = offer_prefix(value, ND_OPT_PI_FLAG_ONLINK);
    else if (strcmp(argv[i - 1], "--route") == 0) good = offer_route(value);
    else return false;
    if (!good) return false;
  }
  return source->family == AF_INET6;
}

int router(int argc, char **argv) {
  struct address source = {0};
  bool answers = true;
  offer.lifetime = 1800;
  if (argc < 2 || !read_options(argc, argv, &source, &answers)) {
    fprintf(stderr, "usage: stand-in router LINK --source ADDRESS [--lifetime SECONDS] [--preference high|low] [--silent]\n"
                    "         [--prefix PREFIX,VALID[,PREFERRED]]... [--on-link PREFIX,VALID]... [--route PREFIX,LIFETIME]...\n");
    return 64;
  }
  int ears = -1, fd = open_socket(argv[1], &source, &ears);
  if (fd < 0 || !advertise(fd)) {
    perror("advertise");
    return 1;
  }
  puts("ready");
  for (;;) {
    struct pollfd ready[2] = {{.fd = ears, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    poll(ready, 2, -1);
    char bytes[1500];
    if (ready[0].revents != 0 && recv(ears, bytes, sizeof bytes, MSG_DONTWAIT) > 0) {
      puts("solicited");
      if (answers) advertise(fd);
    }
    if (ready[1].revents == 0) continue;
    ssize_t length = read(0, bytes, sizeof bytes - 1);
    if (length <= 0) return 0;
    bytes[length] = '\0';
    (void)sscanf(bytes, "lifetime %d", &offer.lifetime);
    puts(advertise(fd) ? "advertised" : "failed");
  }
}
