#define _GNU_SOURCE
#include "CNetlink.h"
#include "calls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// In the child, between fork and exec: nothing of the caller's may reach the program but the network namespace.
static _Noreturn void become(char *const arguments[], const int standard[3]) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  signal(SIGPIPE, SIG_DFL);
  int null = open("/dev/null", O_RDWR);
  for (int fd = 0; fd < 3; fd++) {
    int source = standard[fd] >= 0 ? standard[fd] : null;
    if (source >= 0) dup2(source, fd);
  }
  syscall(SYS_close_range, 3U, ~0U, 0U);
  umask(022);
  if (chdir("/") == 0) {
    char *environment[] = {"PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin", "LC_ALL=C", NULL};
    execve(arguments[0], arguments, environment);
  }
  dprintf(STDERR_FILENO, "%s: %s\n", arguments[0], strerror(errno));
  _exit(127);
}

int cnl_spawn(char *const arguments[], int in, int out, int errors) {
  const int standard[3] = {in, out, errors};
  pid_t parent = getpid();
  cnl_calls.programs++;
  pid_t child = fork();
  if (child == 0) {
    // A starter whose caller was killed does not go on alone. The program itself forks again, which clears this.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    become(arguments, standard);
  }
  return child < 0 ? -errno : child;
}

int cnl_spawn_apart(char *const arguments[], int errors) {
  const int standard[3] = {-1, -1, errors};
  cnl_calls.programs++;
  pid_t child = fork();
  if (child == 0) {
    // Without a terminal there is none that could hang up.
    setsid();
    become(arguments, standard);
  }
  return child < 0 ? -errno : child;
}

int cnl_pidfd(pid_t pid) {
  int fd = (int)syscall(SYS_pidfd_open, pid, 0);
  return fd < 0 ? -errno : fd;
}

int cnl_pidfd_signal(int fd, int number) {
  return syscall(SYS_pidfd_send_signal, fd, number, NULL, 0) < 0 ? -errno : 0;
}

int cnl_pidfd_omit_checksums(int fd, int socket, unsigned short port) {
  // The socket is one, whoever holds it (pidfd_getfd(2)).
  int own = (int)syscall(SYS_pidfd_getfd, fd, socket, 0);
  if (own < 0) return -errno;
  struct sockaddr_in name = {0};
  socklen_t length = sizeof name, size = sizeof(int);
  int type = 0, yes = 1;
  int is = getsockopt(own, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_DGRAM &&
           getsockname(own, (struct sockaddr *)&name, &length) == 0 && name.sin_family == AF_INET &&
           ntohs(name.sin_port) == port && setsockopt(own, SOL_SOCKET, SO_NO_CHECK, &yes, sizeof yes) == 0;
  close(own);
  return is;
}

int cnl_pidfd_ended(int fd, int timeout_ms) {
  struct pollfd ended = {.fd = fd, .events = POLLIN};
  int count;
  do count = poll(&ended, 1, timeout_ms);
  while (count < 0 && errno == EINTR);
  return count < 0 ? -errno : count;
}

int cnl_reap(pid_t child) {
  int status;
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return -errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int cnl_pipe(int ends[2]) { return pipe2(ends, O_CLOEXEC) < 0 ? -errno : 0; }

void cnl_pipe_room(int fd, int bytes) { fcntl(fd, F_SETPIPE_SZ, bytes); }
