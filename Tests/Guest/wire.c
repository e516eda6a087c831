#define _GNU_SOURCE
#include "frame.h"

#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { KEPT = 4096, LONGEST = 512 };

/// The end of a wire: a TAP that is held, or a device that is listened to. What was heard last is kept.
static struct {
  int fd;
  bool tap;
  size_t header;
  struct cast cast;
  struct frame heard[KEPT];
  size_t count;
} end;

/// Hears what the device receives, all of it or, where `protocol` is not 0, what has that EtherType once bridges and
/// filters are done with it: ETH_P_ALL hears before them.
static int listen_to(const char *device, int protocol) {
  uint16_t type = htons((uint16_t)(protocol != 0 ? protocol : ETH_P_ALL));
  int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = type, .sll_ifindex = (int)if_nametoindex(device)};
  if (fd < 0 || address.sll_ifindex == 0) return -errno;
  setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &on, sizeof on);
  setsockopt(fd, SOL_PACKET, PACKET_AUXDATA, &on, sizeof on);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) return -errno;
  return fd;
}

/// One frame; a tag that the kernel took off is put back.
static ssize_t receive(uint8_t *bytes, size_t size) {
  if (end.tap) return read(end.fd, bytes, size);
  union {
    struct cmsghdr head;
    char room[CMSG_SPACE(sizeof(struct tpacket_auxdata))];
  } control;
  struct iovec part = {bytes, size};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
  ssize_t length = recvmsg(end.fd, &message, 0);
  struct cmsghdr *c = length > 12 ? CMSG_FIRSTHDR(&message) : NULL;
  if (c == NULL || c->cmsg_type != PACKET_AUXDATA) return length;
  struct tpacket_auxdata aux;
  memcpy(&aux, CMSG_DATA(c), sizeof aux);
  if (!(aux.tp_status & TP_STATUS_VLAN_VALID) || (size_t)length + 4 > size) return length;
  memmove(bytes + 16, bytes + 12, (size_t)length - 12);
  uint16_t type = htons(aux.tp_status & TP_STATUS_VLAN_TPID_VALID ? aux.tp_vlan_tpid : ETH_P_8021Q);
  uint16_t tag = htons(aux.tp_vlan_tci);
  memcpy(bytes + 12, &type, 2);
  memcpy(bytes + 14, &tag, 2);
  return length + 4;
}

static void hear(void) {
  uint8_t bytes[65536];
  ssize_t length;
  while ((length = receive(bytes, sizeof bytes)) > 0) {
    size_t skipped = end.tap ? end.header : 0;
    if ((size_t)length <= skipped || (size_t)length - skipped > LONGEST) continue;
    struct frame *f = &end.heard[end.count++ % KEPT];
    f->length = (size_t)length - skipped;
    memcpy(f->bytes, bytes + skipped, f->length);
  }
}

static void print(const struct frame *f) {
  for (size_t i = 0; i < f->length; i++) printf("%02x", f->bytes[i]);
  putchar('\n');
}

/// Makes the frame of that name, sends it where asked, and prints it.
static void frame_named(const char *name, bool sent) {
  struct frame f;
  uint8_t out[64 + LONGEST] = {0};
  if (!frame_make(name, &end.cast, &f)) {
    puts("no such frame");
    return;
  }
  memcpy(out + end.header, f.bytes, f.length);
  if (sent && write(end.fd, out, end.header + f.length) < 0) printf("not sent: %s\n", strerror(errno));
  else print(&f);
}

/// Prints how many frames came that are equal to this one.
static void count_heard(const char *hex) {
  struct frame f = {.length = strlen(hex) / 2};
  if (f.length > LONGEST) f.length = LONGEST;
  for (size_t i = 0; i < f.length; i++) sscanf(hex + 2 * i, "%2hhx", &f.bytes[i]);
  hear();
  int equal = 0;
  for (size_t i = 0; i < end.count && i < KEPT; i++)
    equal += end.heard[i].length == f.length && memcmp(end.heard[i].bytes, f.bytes, f.length) == 0;
  printf("%d\n", equal);
}

static void serve_line(char *line) {
  char *save = NULL, *verb = strtok_r(line, " \n", &save), *what = strtok_r(NULL, " \n", &save);
  if (verb == NULL || what == NULL) puts("not understood");
  else if (strcmp(verb, "make") == 0 || strcmp(verb, "send") == 0) frame_named(what, *verb == 's');
  else if (strcmp(verb, "heard") == 0) count_heard(what);
  else puts("not understood");
}

static int serve(void) {
  static char line[2 * LONGEST + 64];
  size_t filled = 0;
  for (;;) {
    struct pollfd ready[2] = {{.fd = end.fd, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
    if (poll(ready, 2, -1) < 0 && errno != EINTR) return 1;
    if (ready[0].revents & POLLIN) hear();
    if (ready[0].revents & POLLNVAL) return 1;
    if (ready[1].revents == 0) continue;
    ssize_t got = read(0, line + filled, sizeof line - filled - 1);
    if (got <= 0) return 0;
    filled += (size_t)got;
    for (char *stop; (stop = memchr(line, '\n', filled)) != NULL;) {
      *stop = '\0';
      serve_line(line);
      filled -= (size_t)(stop + 1 - line);
      memmove(line, stop + 1, filled);
    }
  }
}

int wire(int argc, char **argv) {
  static const struct option options[] = {
      {"tap", required_argument, NULL, 't'},   {"device", required_argument, NULL, 'd'}, {"protocol", required_argument, NULL, 'p'},
      {"own", required_argument, NULL, 'o'},   {"other", required_argument, NULL, 'x'},  {"to", required_argument, NULL, 'T'},
      {"vnet-hdr", no_argument, NULL, 'v'},    {"multi-queue", no_argument, NULL, 'q'},  {NULL, 0, NULL, 0}};
  const char *tap = NULL, *device = NULL;
  bool vnet_header = false, multi_queue = false, good = true;
  int protocol = 0;
  for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
    switch (option) {
    case 't': tap = optarg; break;
    case 'd': device = optarg; break;
    case 'p': protocol = (int)strtol(optarg, NULL, 0); break;
    case 'o': good = good && identity_parse(optarg, &end.cast.own); break;
    case 'x': good = good && identity_parse(optarg, &end.cast.other); break;
    case 'T': good = good && identity_parse(optarg, &end.cast.to); break;
    case 'v': vnet_header = true; break;
    case 'q': multi_queue = true; break;
    default: return 64;
    }
  }
  if (!good || (tap == NULL) == (device == NULL) || optind != argc) {
    fprintf(stderr, "stand-in wire: --tap NAME or --device NAME, and identities as MAC,IPV4,IPV6\n");
    return 64;
  }
  end.tap = tap != NULL;
  end.fd = end.tap ? tap_open(tap, vnet_header, multi_queue, &end.header) : listen_to(device, protocol);
  if (end.fd < 0) {
    fprintf(stderr, "stand-in wire: %s: %s\n", end.tap ? tap : device, strerror(-end.fd));
    return 1;
  }
  puts("ready");
  return serve();
}
