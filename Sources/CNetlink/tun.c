#define _GNU_SOURCE
#include "CNetlink.h"
#include "calls.h"

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
  cnl_calls.controls++;
  return ioctl(fd, TUNSETIFF, &request) < 0 ? -errno : 0;
}

static int control(int fd, unsigned long request, unsigned long value) {
  cnl_calls.controls++;
  return ioctl(fd, request, value) < 0 ? -errno : 0;
}

int cnl_tun_owner(int fd, uid_t owner) { return control(fd, TUNSETOWNER, owner); }

int cnl_tun_group(int fd, gid_t group) { return control(fd, TUNSETGROUP, group); }

int cnl_tun_persist(int fd, int persist) { return control(fd, TUNSETPERSIST, (unsigned long)persist); }

void cnl_close(int fd) { close(fd); }
