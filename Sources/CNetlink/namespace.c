#define _GNU_SOURCE
#include "CNetlink.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <linux/magic.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

int cnl_setns(int fd) { return setns(fd, CLONE_NEWNET) < 0 ? -errno : 0; }

int cnl_setns_path(const char *path) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int result = cnl_setns(fd);
  close(fd);
  return result;
}

int cnl_unshare_net(void) { return unshare(CLONE_NEWNET) < 0 ? -errno : 0; }

int cnl_thread_netns(void) {
  int fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
  return fd < 0 ? -errno : fd;
}

// fsopen(2): glibc has it from 2.36 on.
int cnl_sysfs(void) {
  int context = fsopen("sysfs", FSOPEN_CLOEXEC);
  if (context < 0) return -errno;
  int root = fsconfig(context, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0
                 ? -1
                 : fsmount(context, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  int result = root < 0 ? -errno : root;
  close(context);
  return result;
}

int cnl_netns_cookie(uint64_t *cookie) {
  int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  socklen_t length = sizeof *cookie;
  int result = getsockopt(fd, SOL_SOCKET, SO_NETNS_COOKIE, cookie, &length) < 0 ? -errno : 0;
  close(fd);
  return result;
}

/// Mounts below `folder` reach those mount namespaces that share it.
static int share(const char *folder) {
  if (mkdir(folder, 0755) < 0 && errno != EEXIST) return -errno;
  if (mount("", folder, "none", MS_SHARED | MS_REC, NULL) == 0) return 0;
  // It is no mount of its own yet.
  if (errno != EINVAL || mount(folder, folder, "none", MS_BIND | MS_REC, NULL) < 0) return -errno;
  return mount("", folder, "none", MS_SHARED | MS_REC, NULL) < 0 ? -errno : 0;
}

int cnl_netns_name(const char *folder, const char *path) {
  int result = share(folder);
  if (result < 0) return result;
  int fd = open(path, O_RDONLY | O_CREAT | O_CLOEXEC, 0);
  if (fd < 0) return -errno;
  close(fd);
  return mount("/proc/thread-self/ns/net", path, "none", MS_BIND, NULL) < 0 ? -errno : 0;
}

int cnl_netns_unname(const char *path) { return umount2(path, MNT_DETACH) < 0 ? -errno : 0; }

int cnl_netns_is_named(const char *path) {
  struct statfs status;
  return statfs(path, &status) < 0 ? -errno : status.f_type == NSFS_MAGIC;
}
