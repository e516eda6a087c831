#define _GNU_SOURCE
#include "CNetlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int cnl_broadcast(unsigned index, unsigned short ethertype, const void *payload, size_t length) {
  // Protocol 0 receives nothing.
  int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  struct sockaddr_ll everybody = {
      .sll_family = AF_PACKET, .sll_protocol = htons(ethertype), .sll_ifindex = (int)index, .sll_halen = ETH_ALEN};
  memset(everybody.sll_addr, 0xff, ETH_ALEN);
  ssize_t sent = sendto(fd, payload, length, MSG_DONTWAIT, (struct sockaddr *)&everybody, sizeof everybody);
  int result = sent < 0 ? -errno : 0;
  close(fd);
  return result;
}
