// A guest that is a network namespace: what one TAP of the host sends comes in by an interface over there, and back.

#define _GNU_SOURCE
#include "stand-in.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <net/if_arp.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/// With `offload` as a VMM attaches for a guest whose driver finishes checksums (VIRTIO_NET_F_GUEST_CSUM).
static int attach(const char *name, bool offload) {
  int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  struct ifreq request = {.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (offload ? IFF_VNET_HDR : 0))};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) return -1;
  if (offload && ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM) < 0) return -1;
  return fd;
}

static int set_mac(const char *name, const char *text) {
  struct ifreq request = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};
  strncpy(request.ifr_name, name, IFNAMSIZ - 1);
  unsigned octets[6];
  if (sscanf(text, "%x:%x:%x:%x:%x:%x", octets, octets + 1, octets + 2, octets + 3, octets + 4, octets + 5) != 6)
    return -1;
  for (int i = 0; i < 6; i++) request.ifr_hwaddr.sa_data[i] = (char)octets[i];
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  int result = fd < 0 ? -1 : ioctl(fd, SIOCSIFHWADDR, &request);
  if (fd >= 0) close(fd);
  return result;
}

static void copy(int from, int to) {
  static char frame[65536 + 64];
  ssize_t length;
  while ((length = read(from, frame, sizeof frame)) > 0)
    if (write(to, frame, (size_t)length) < 0 && errno != EIO && errno != EAGAIN) exit(1);
}

int lead(int argc, char **argv) {
  bool offload = argc == 6 && strcmp(argv[5], "offload") == 0;
  if (argc != 5 && !offload) {
    fprintf(stderr, "usage: stand-in lead TAP NAMESPACE NAME MAC [offload]\n");
    return 64;
  }
  int host = attach(argv[1], offload);
  int space = open(argv[2], O_RDONLY | O_CLOEXEC);
  if (host < 0 || space < 0 || setns(space, CLONE_NEWNET) < 0) return perror("lead"), 1;
  int guest = attach(argv[3], offload);
  if (guest < 0 || set_mac(argv[3], argv[4]) < 0) return perror("lead"), 1;
  puts("ready");
  struct pollfd polled[] = {
      {.fd = host, .events = POLLIN}, {.fd = guest, .events = POLLIN}, {.fd = STDIN_FILENO, .events = POLLIN}};
  while (poll(polled, 3, -1) > 0 || errno == EINTR) {
    if (polled[2].revents != 0) return 0;
    copy(host, guest);
    copy(guest, host);
  }
  return 1;
}
