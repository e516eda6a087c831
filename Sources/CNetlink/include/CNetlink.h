// Kernel headers, libmnl, and the few calls that Swift cannot express.
#ifndef CNETLINK_H
#define CNETLINK_H

// The C library's definitions come first: the kernel's headers then leave out what both define.
#include <netinet/in.h>
#include <sys/types.h>

#include <linux/fib_rules.h>
#include <linux/genetlink.h>
#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/inet_diag.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/neighbour.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netconf.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/nl80211.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/veth.h>

#include <libmnl/libmnl.h>

// Every function returns −errno on failure; what it returns otherwise is said with it.

/// How often this process has turned to the kernel, and to programs, by the functions below.
struct cnl_calls {
  unsigned long sends, receives, controls, programs;
};
struct cnl_calls cnl_calls_made(void);

/// Opens and binds a netlink socket of `protocol`, close-on-exec. `timeout_ms` bounds every receive; 0 makes the
/// socket non-blocking. Extended acks, capped acks and strict checking of dumps are on; each of them is required.
int cnl_open(int protocol, unsigned timeout_ms, struct mnl_socket **out);
/// The receive buffer the kernel granted, in bytes of its own accounting (twice what was asked).
int cnl_receive_buffer(struct mnl_socket *socket, int bytes);
int cnl_join(struct mnl_socket *socket, unsigned group);
/// Bytes sent.
ssize_t cnl_send(struct mnl_socket *socket, const void *bytes, size_t length);
/// Bytes received; −ENOSPC when the datagram did not fit, −EAGAIN after the timeout or at once if `wait` is 0.
ssize_t cnl_receive(struct mnl_socket *socket, void *bytes, size_t length, int wait);

/// Moves the calling thread into the network namespace at `path`.
int cnl_setns_path(const char *path);
int cnl_setns(int fd);
/// Moves the calling thread into a network namespace of its own.
int cnl_unshare_net(void);
/// A descriptor of the calling thread's network namespace.
int cnl_thread_netns(void);
int cnl_netns_cookie(uint64_t *cookie);
/// Gives the calling thread's network namespace a name, as ip-netns(8) does: a mount on a new, empty file at `path` in
/// `folder`, which others see (mount_namespaces(7)).
int cnl_netns_name(const char *folder, const char *path);
/// Takes the name away; the file stays.
int cnl_netns_unname(const char *path);
/// 1 where a network namespace is mounted at `path`, 0 where there is a file alone.
int cnl_netns_is_named(const char *path);
/// A descriptor of the root of a sysfs that shows the calling thread's network namespace, mounted nowhere. Linux 5.2,
/// CAP_SYS_ADMIN.
int cnl_sysfs(void);

/// A descriptor of /dev/net/tun, close-on-exec, attached to nothing.
int cnl_tun_open(void);
/// Creates or attaches to the interface `name`, which is at most 15 bytes; `flags` as in TUNSETIFF.
int cnl_tun_set(int fd, const char *name, unsigned flags);
int cnl_tun_owner(int fd, uid_t owner);
int cnl_tun_group(int fd, gid_t group);
int cnl_tun_persist(int fd, int persist);

/// A descriptor of a switch of two parts for what follows, the receiving of IPv4 and all other; both are off at first.
int cnl_detour_switch(void);
int cnl_detour_turn(int toggle, int receiving_ipv4, int other);
/// A descriptor while which lasts, and with the switch on, the host receives by the interface `bridge` what comes in at
/// `link`, before any bridge sees it. Linux 6.6, CAP_BPF and CAP_NET_ADMIN.
int cnl_detour_receive(int toggle, unsigned link, unsigned bridge);
/// The same for what the host sends by `bridge`: it leaves by `link`.
int cnl_detour_send(int toggle, unsigned bridge, unsigned link);
/// Waits until what has come in is received.
void cnl_detour_settle(void);

void cnl_close(int fd);

/// Starts `arguments[0]`, a path, in the calling thread's network namespace: nothing else of the caller's reaches it,
/// and it is killed if the caller ends before it. The child's pid. A standard descriptor of −1 is /dev/null.
int cnl_spawn(char *const arguments[], int in, int out, int errors);
/// Starts one that outlives its caller, its terminal and its session (setsid(2)). The child's pid.
int cnl_spawn_apart(char *const arguments[], int errors);
/// Waits for a child and reaps it. Its exit code, or 128 + its signal.
int cnl_reap(pid_t child);
/// Both ends close-on-exec.
int cnl_pipe(int ends[2]);
/// Has a pipe hold so many bytes, if this process may have that much (pipe(7)).
void cnl_pipe_room(int fd, int bytes);

/// A stream to the local socket at `path`, or of that abstract name, close-on-exec; the timeout bounds each call.
int cnl_local_connect(const char *path, size_t length, int abstract, unsigned timeout_ms);
/// Bytes sent, which may be fewer.
ssize_t cnl_local_send(int fd, const void *bytes, size_t length);
/// Bytes received; 0 where the other side has closed.
ssize_t cnl_local_receive(int fd, void *bytes, size_t length);

/// Sends a frame of that EtherType to everybody on the interface; 0, or a negative errno.
int cnl_broadcast(unsigned index, unsigned short ethertype, const void *payload, size_t length);

/// A descriptor of a process, close-on-exec (pidfd_open(2)).
int cnl_pidfd(pid_t pid);
int cnl_pidfd_signal(int fd, int number);
/// Has the process send without checksums (SO_NO_CHECK) what leaves by its descriptor `socket`, where that is a UDP
/// socket over IPv4 at `port`: 1. Else 0.
int cnl_pidfd_omit_checksums(int fd, int socket, unsigned short port);
/// 1 where the process has ended, at the latest after the timeout; else 0.
int cnl_pidfd_ended(int fd, int timeout_ms);
#endif
