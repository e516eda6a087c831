#define _GNU_SOURCE
#include "CNetlink.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

int cnl_local_connect(const char *path, size_t length, int abstract, unsigned timeout_ms) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t start = abstract ? 1 : 0;
  if (length == 0 || start + length >= sizeof address.sun_path) return -ENAMETOOLONG;
  memcpy(address.sun_path + start, path, length);
  // An abstract name ends where its length says, a path by its NUL.
  socklen_t size = offsetof(struct sockaddr_un, sun_path) + start + length + (abstract ? 0 : 1);
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
  if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0 ||
      setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) < 0 ||
      connect(fd, (struct sockaddr *)&address, size) < 0) {
    int error = errno;
    close(fd);
    return -error;
  }
  return fd;
}

ssize_t cnl_local_send(int fd, const void *bytes, size_t length) {
  ssize_t count;
  do count = send(fd, bytes, length, MSG_NOSIGNAL);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

ssize_t cnl_local_receive(int fd, void *bytes, size_t length) {
  ssize_t count;
  do count = recv(fd, bytes, length, 0);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}
