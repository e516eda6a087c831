#define _GNU_SOURCE
#include "stand-in.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <string.h>
#include <sys/ioctl.h>

int tap_open(const char *name, bool vnet_header, bool multi_queue, size_t *header) {
  bool node = name[0] == '/';  // of a macvtap, which is attached to by opening it
  int fd = open(node ? name : "/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  struct ifreq request = {0};
  if (node) name = "";
  if (strlen(name) >= sizeof request.ifr_name) return -ENAMETOOLONG;
  strcpy(request.ifr_name, name);
  request.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | (vnet_header ? IFF_VNET_HDR : 0) | (multi_queue ? IFF_MULTI_QUEUE : 0));
  if (fd < 0 || ioctl(fd, TUNSETIFF, &request) < 0) return -errno;
  int size = 0;
  if (vnet_header && ioctl(fd, TUNGETVNETHDRSZ, &size) < 0) return -errno;
  *header = (size_t)size;
  return fd;
}
