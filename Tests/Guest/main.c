// stand-in: a guest without a hypervisor, a prober and an IPv6 router. The acceptance tests and the demo use them.
//
//   stand-in guest --tap NAME [--mac MAC] [--address ADDRESS/LENGTH]... [--gateway ADDRESS]...
//                  [--vlan ID] [--vnet-hdr] [--multi-queue]
//   stand-in probe ADDRESS [COUNT [INTERVAL_US]]
//   stand-in wire --tap NAME | --device NAME [--protocol ETHERTYPE]
//                 [--own MAC,IPV4,IPV6] [--other MAC,IPV4,IPV6] [--to MAC,IPV4,IPV6] [--vnet-hdr] [--multi-queue]
//   stand-in frames
//   stand-in lead TAP NAMESPACE NAME MAC
//   stand-in router LINK --source ADDRESS [--lifetime SECONDS] [--preference high|low] [--silent]
//                   [--prefix PREFIX,VALID[,PREFERRED]]... [--on-link PREFIX,VALID]... [--route PREFIX,LIFETIME]...
//   stand-in cookie
//
// `guest` attaches to a TAP (TUNSETIFF), or opens the device node of a macvtap where NAME is a path, prints "ready" and is a station there: it answers ARP, neighbour
// solicitations and echo requests. Each line `ping ADDRESS [COUNT [INTERVAL_MS [WAIT_MS]]]` on its standard input sends
// echo requests and prints `ping ADDRESS: 3 sent, 0 lost`. The TAP is held until standard input closes. With
// `--vlan` it tags its frames and hears those of that VLAN alone.
//
// `probe` sends an echo request each millisecond, prints "ready" at the first reply and at the end (COUNT
// reached, or standard input closed) `probe ADDRESS: 3000 sent, 0 lost, worst gap 1.4 ms`.
//
// `wire` holds a TAP, or listens to a device, and is silent there unless told: the line `send NAME` on its standard
// input sends the frame of that name, as `own` to `to`, pretending to be `other` where the frame pretends, and prints
// it in hexadecimal digits (`make NAME` prints alone); `heard DIGITS` prints how many such frames came. `frames` lists the names.
//
// `lead` makes an interface NAME in the namespace at the path NAMESPACE and joins it to a TAP, for guests that are
// programs of that namespace (DHCP clients, resolvers). It lasts until standard input closes.
//
// `router` advertises itself on LINK from a link-local address, prints "ready", and does so again (RFC 4861) when it is
// solicited, but with `--silent`, and at each line on its standard input; `lifetime SECONDS` there changes how long it
// offers to be a default router. It forwards nothing, and ends when standard input closes.
//
// `cookie` prints the network namespace cookie (SO_NETNS_COOKIE), the name of its state folder.

#include "frame.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int cookie(void) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  uint64_t value = 0;
  socklen_t length = sizeof value;
  if (fd < 0 || getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, &value, &length) < 0) {
    perror("SO_NETNS_COOKIE");
    return 1;
  }
  close(fd);
  printf("%llu\n", (unsigned long long)value);
  return 0;
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc >= 2 && strcmp(argv[1], "guest") == 0) return guest(argc - 1, argv + 1);
  if (argc >= 2 && strcmp(argv[1], "probe") == 0) return probe(argc - 1, argv + 1);
  if (argc >= 2 && strcmp(argv[1], "wire") == 0) return wire(argc - 1, argv + 1);
  if (argc >= 2 && strcmp(argv[1], "lead") == 0) return lead(argc - 1, argv + 1);
  if (argc >= 2 && strcmp(argv[1], "router") == 0) return router(argc - 1, argv + 1);
  if (argc == 2 && strcmp(argv[1], "frames") == 0) return frame_names(), 0;
  if (argc == 2 && strcmp(argv[1], "cookie") == 0) return cookie();
  fprintf(stderr, "usage: stand-in guest --tap NAME [OPTION]... | probe ADDRESS [COUNT [INTERVAL_US]] | wire OPTION... | frames | lead … | router LINK [OPTION]... | cookie\n");
  return 64;
}
