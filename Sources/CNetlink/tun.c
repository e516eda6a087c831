#define _GNU_SOURCE
#include "CNetlink.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

int cnl_tun_open(void) {
  int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  return fd < 0 ? -errno : fd;
}

int cnl_tun_set(int fd, const char *name, unsigned flags) {
  struct ifreq request = {.ifr_flags = (short)flags};
  if (strlen(name) >= sizeof request.ifr_name) return -ENAMETOOLONG;
  strcpy(request.ifr_name, name);
  return ioctl(fd, TUNSETIFF, &request) < 0 ? -errno : 0;
}

int cnl_tun_owner(int fd, uid_t owner) { return ioctl(fd, TUNSETOWNER, (unsigned long)owner) < 0 ? -errno : 0; }

int cnl_tun_group(int fd, gid_t group) { return ioctl(fd, TUNSETGROUP, (unsigned long)group) < 0 ? -errno : 0; }

int cnl_tun_persist(int fd, int persist) { return ioctl(fd, TUNSETPERSIST, (unsigned long)persist) < 0 ? -errno : 0; }

void cnl_close(int fd) { close(fd); }
