#define _GNU_SOURCE
#include "stand-in.h"

#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MILLISECOND = 1000000, SECOND = 1000000000, MOST = 65536 };

static union target {
  struct sockaddr any;
  struct sockaddr_in v4;
  struct sockaddr_in6 v6;
} target;

/// The sequence number of an echo reply that answers this process, or -1.
static int reply_sequence(const struct address *to, const uint8_t *bytes, ssize_t length, uint16_t id) {
  if (to->family == AF_INET) {
    if (length < (ssize_t)sizeof(struct iphdr)) return -1;
    ssize_t header = (bytes[0] & 15) * 4;
    bytes += header, length -= header;
  }
  bool v6 = to->family == AF_INET6;
  if (length < 8 || bytes[0] != (v6 ? ICMP6_ECHO_REPLY : ICMP_ECHOREPLY)) return -1;
  if ((bytes[4] << 8 | bytes[5]) != id) return -1;
  return bytes[6] << 8 | bytes[7];
}

static void send_request(int fd, const struct address *to, uint16_t id, uint16_t sequence) {
  bool v6 = to->family == AF_INET6;
  uint8_t echo[16] = {v6 ? ICMP6_ECHO_REQUEST : ICMP_ECHO, 0,
                      0, 0, (uint8_t)(id >> 8), (uint8_t)id, (uint8_t)(sequence >> 8), (uint8_t)sequence};
  if (!v6) {  // The kernel fills in the checksum of a raw ICMPv6 socket only (RFC 3542, section 3.1).
    uint16_t c = checksum(echo, sizeof echo, 0);
    memcpy(echo + 2, &c, 2);
  }
  // A failed send is a lost probe: it is counted as sent and never answered.
  (void)sendto(fd, echo, sizeof echo, MSG_DONTWAIT, &target.any, v6 ? sizeof target.v6 : sizeof target.v4);
}

int probe(int argc, char **argv) {
  struct address to;
  if (argc < 2 || argc > 4 || !address_parse(argv[1], &to)) {
    fprintf(stderr, "usage: stand-in probe ADDRESS [COUNT [INTERVAL_US]]\n");
    return 64;
  }
  long count = argc > 2 ? strtol(argv[2], NULL, 10) : 0;  // 0: until standard input closes
  int64_t interval = argc > 3 ? strtol(argv[3], NULL, 10) * 1000 : MILLISECOND;
  if (to.family == AF_INET) {
    target.v4.sin_family = AF_INET;
    memcpy(&target.v4.sin_addr, to.bytes, 4);
  } else {
    target.v6.sin6_family = AF_INET6;
    memcpy(&target.v6.sin6_addr, to.bytes, 16);
  }
  int fd = socket(to.family, SOCK_RAW | SOCK_CLOEXEC, to.family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6);
  if (fd < 0) {
    perror("raw socket");
    return 1;
  }
  int room = 8 << 20;  // bytes; a reply that the receive buffer cannot hold would look like a lost one
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room) < 0)
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);

  static bool seen[MOST];
  uint16_t id = (uint16_t)getpid();
  long sent = 0, received = 0, first = 0;  // what went out before the first answered request does not count
  int64_t next = now(), last = 0, worst = 0, end = INT64_MAX;
  while (now() < end && (end == INT64_MAX || received < sent - first)) {
    int64_t wait = (end == INT64_MAX ? next : end) - now();
    if (wait < 0) wait = 0;
    struct timespec timeout = {wait / SECOND, wait % SECOND};
    struct pollfd ready[2] = {{.fd = fd, .events = POLLIN}, {.fd = count == 0 && end == INT64_MAX ? 0 : -1, .events = POLLIN}};
    ppoll(ready, 2, &timeout, NULL);
    if (ready[0].revents != 0) {
      uint8_t bytes[256];
      ssize_t length;
      while ((length = recv(fd, bytes, sizeof bytes, MSG_DONTWAIT)) > 0) {
        int sequence = reply_sequence(&to, bytes, length, id);
        if (sequence < 0 || sequence >= sent || seen[sequence]) continue;
        seen[sequence] = true;
        int64_t at = now();
        if (received++ == 0) {
          puts("ready");
          first = sequence;
        } else if (at - last > worst) {
          worst = at - last;
        }
        last = at;
      }
    }
    if (end != INT64_MAX) continue;
    char ignored[64];
    bool closed = ready[1].revents != 0 && read(0, ignored, sizeof ignored) <= 0;
    if (closed || sent == MOST || (count != 0 && sent == count)) {
      end = now() + SECOND;
    } else if (now() >= next) {
      send_request(fd, &to, id, (uint16_t)sent++);
      next += interval;
    }
  }
  printf("probe %s: %ld sent, %ld lost, worst gap %.1f ms\n", argv[1], sent - first, sent - first - received, (double)worst / MILLISECOND);
  close(fd);
  return 0;
}
