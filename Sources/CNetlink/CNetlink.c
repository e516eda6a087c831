#define _GNU_SOURCE
#include "CNetlink.h"
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

struct cnl_calls cnl_calls;

struct cnl_calls cnl_calls_made(void) { return cnl_calls; }

int cnl_open(int protocol, unsigned timeout_ms, struct mnl_socket **out) {
  struct mnl_socket *socket =
      mnl_socket_open2(protocol, SOCK_CLOEXEC | (timeout_ms == 0 ? SOCK_NONBLOCK : 0));
  if (socket == NULL) return -errno;
  int on = 1;
  struct timeval timeout = {.tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000};
  if (mnl_socket_setsockopt(socket, NETLINK_EXT_ACK, &on, sizeof on) < 0 ||
      mnl_socket_setsockopt(socket, NETLINK_CAP_ACK, &on, sizeof on) < 0 ||
      mnl_socket_setsockopt(socket, NETLINK_GET_STRICT_CHK, &on, sizeof on) < 0 ||
      setsockopt(mnl_socket_get_fd(socket), SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) < 0 ||
      mnl_socket_bind(socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    int error = -errno;
    mnl_socket_close(socket);
    return error;
  }
  *out = socket;
  return 0;
}

int cnl_receive_buffer(struct mnl_socket *socket, int bytes) {
  int fd = mnl_socket_get_fd(socket);
  // SO_RCVBUFFORCE needs CAP_NET_ADMIN; SO_RCVBUF stops at net.core.rmem_max.
  if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) < 0 &&
      setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) < 0)
    return -errno;
  int granted = 0;
  socklen_t length = sizeof granted;
  return getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &granted, &length) < 0 ? -errno : granted;
}

int cnl_join(struct mnl_socket *socket, unsigned group) {
  return mnl_socket_setsockopt(socket, NETLINK_ADD_MEMBERSHIP, &group, sizeof group) < 0 ? -errno : 0;
}

ssize_t cnl_send(struct mnl_socket *socket, const void *bytes, size_t length) {
  ssize_t sent;
  cnl_calls.sends++;
  do sent = mnl_socket_sendto(socket, bytes, length);
  while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : sent;
}

ssize_t cnl_receive(struct mnl_socket *socket, void *bytes, size_t length, int wait) {
  ssize_t received;
  cnl_calls.receives++;
  if (!wait) {
    struct pollfd ready = {.fd = mnl_socket_get_fd(socket), .events = POLLIN};
    int count;
    do count = poll(&ready, 1, 0);
    while (count < 0 && errno == EINTR);
    if (count <= 0) return count < 0 ? -errno : -EAGAIN;
  }
  do received = mnl_socket_recvfrom(socket, bytes, length);
  while (received < 0 && errno == EINTR);
  return received < 0 ? -errno : received;
}
