/*
 * The floor: the best C we know for the same end state, with libmnl and TUN ioctls only. It reads a list of links,
 * makes them (`floor apply LIST`) or deletes them (`floor remove LIST`), checks every answer, and does nothing else:
 * no plan, no journal, no verification.
 *
 * What makes it fast, in order of weight (kernel 6.18; each was measured against its opposite):
 *  - deletion by link group: one RCU grace period for all instead of one for each;
 *  - bridges without multicast snooping, down until all ports are in: a bridge that is up looks at all its ports again
 *    at each join;
 *  - RTM_GETLINK of each new TAP: rtnl_getlink() settles the operational state (linkwatch_sync_dev), and a port whose
 *    state is still "unknown" counts as up when the bridge comes up;
 *  - altname, alias and address generation mode while the link is down and in no bridge: a change of an up link sends
 *    a notification with all its attributes; then master and up in one message;
 *  - the bridge's MAC and MTU pinned before the first join, else each join recomputes them over all ports. The MTU is
 *    pinned by a change only, not by its value at creation;
 *  - all TAPs first, closed at once, then all messages, some hundred a send.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <libmnl/libmnl.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>

enum { LINK_LIMIT = 20000, ALTNAME_LIMIT = 4, SEND_SIZE = 64 << 10 };

struct link {
	const char *kind, *name, *master, *alias, *altname[ALTNAME_LIMIT];
	int altnames, index, mtu, owner, group, genmode, snooping, stp, up, vnet_hdr, multi_queue;
	unsigned char mac[6];
	int has_mac;
};

static struct link links[LINK_LIMIT];
static int count;

static struct mnl_socket *sock;
static char out[SEND_SIZE], in[64 << 10];
static size_t used;
static unsigned int sequence;
static struct nlmsghdr *message;

/* Reads the answers up to that of the last message sent; a message that failed always answers. */
static void drain(void)
{
	for (;;) {
		int length = mnl_socket_recvfrom(sock, in, sizeof(in));
		if (length < 0)
			err(1, "recv");
		for (struct nlmsghdr *h = (void *)in; mnl_nlmsg_ok(h, length); h = mnl_nlmsg_next(h, &length)) {
			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			const struct nlmsgerr *answer = mnl_nlmsg_get_payload(h);
			if (answer->error) {
				errno = -answer->error;
				err(1, "request %u of type %u", h->nlmsg_seq, answer->msg.nlmsg_type);
			}
			if (h->nlmsg_seq == sequence)
				return;
		}
	}
}

static void flush(void)
{
	if (!used)
		return;
	message->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(sock, out, used) < 0)
		err(1, "send");
	drain();
	used = 0;
}

static struct nlmsghdr *begin(int type, int flags, int index, unsigned int interface_flags)
{
	if (used > sizeof(out) - 1024)
		flush();
	message = mnl_nlmsg_put_header(out + used);
	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = ++sequence;
	struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof(*info));
	info->ifi_index = index;
	info->ifi_flags = info->ifi_change = interface_flags;
	return message;
}

static void end(void)
{
	used += MNL_ALIGN(message->nlmsg_len);
}

static void put_genmode(struct nlmsghdr *h, int mode)
{
	struct nlattr *spec = mnl_attr_nest_start(h, IFLA_AF_SPEC), *inet6 = mnl_attr_nest_start(h, AF_INET6);
	mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE, mode);
	mnl_attr_nest_end(h, inet6);
	mnl_attr_nest_end(h, spec);
}

static void put_altnames(const struct link *l)
{
	if (!l->altnames)
		return;
	struct nlmsghdr *h = begin(RTM_NEWLINKPROP, NLM_F_CREATE | NLM_F_EXCL | NLM_F_APPEND, l->index, 0);
	struct nlattr *list = mnl_attr_nest_start(h, IFLA_PROP_LIST);
	for (int i = 0; i < l->altnames; i++)
		mnl_attr_put_strz(h, IFLA_ALT_IFNAME, l->altname[i]);
	mnl_attr_nest_end(h, list);
	end();
}

static void make_bridge(struct link *l)
{
	struct nlmsghdr *h = begin(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, l->index, 0);
	mnl_attr_put_strz(h, IFLA_IFNAME, l->name);
	mnl_attr_put_u32(h, IFLA_MTU, l->mtu - 1);
	if (l->has_mac)
		mnl_attr_put(h, IFLA_ADDRESS, sizeof(l->mac), l->mac);
	struct nlattr *info = mnl_attr_nest_start(h, IFLA_LINKINFO);
	mnl_attr_put_strz(h, IFLA_INFO_KIND, "bridge");
	struct nlattr *data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
	mnl_attr_put_u8(h, IFLA_BR_MCAST_SNOOPING, l->snooping);
	mnl_attr_put_u32(h, IFLA_BR_STP_STATE, l->stp);
	mnl_attr_nest_end(h, data);
	mnl_attr_nest_end(h, info);
	end();
	flush();

	h = begin(RTM_SETLINK, 0, l->index, 0);
	mnl_attr_put_u32(h, IFLA_MTU, l->mtu);
	if (l->alias)
		mnl_attr_put_strz(h, IFLA_IFALIAS, l->alias);
	put_genmode(h, l->genmode);
	end();
	put_altnames(l);
}

static void make_tap(struct link *l)
{
	int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
	if (fd < 0)
		err(1, "/dev/net/tun");
	struct ifreq request = { .ifr_flags = IFF_TAP | IFF_NO_PI | IFF_TUN_EXCL };
	if (l->vnet_hdr)
		request.ifr_flags |= IFF_VNET_HDR;
	if (l->multi_queue)
		request.ifr_flags |= IFF_MULTI_QUEUE;
	strncpy(request.ifr_name, l->name, IFNAMSIZ - 1);
	if (ioctl(fd, TUNSETIFF, &request) || ioctl(fd, TUNSETPERSIST, 1))
		err(1, "TAP %s", l->name);
	if ((l->owner >= 0 && ioctl(fd, TUNSETOWNER, l->owner)) || (l->group >= 0 && ioctl(fd, TUNSETGROUP, l->group)))
		err(1, "owner of %s", l->name);
	if (ioctl(mnl_socket_get_fd(sock), SIOCGIFINDEX, &request))
		err(1, "index of %s", l->name);
	l->index = request.ifr_ifindex;
	close(fd);
}

static int index_of(const char *name)
{
	for (int i = 0; i < count; i++)
		if (!strcmp(links[i].name, name))
			return links[i].index;
	errx(1, "no link %s", name);
}

static void configure_tap(const struct link *l)
{
	struct nlmsghdr *h = begin(RTM_GETLINK, 0, l->index, 0);
	mnl_attr_put_u32(h, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	end();
	put_altnames(l);

	h = begin(RTM_SETLINK, 0, l->index, 0);
	if (l->alias)
		mnl_attr_put_strz(h, IFLA_IFALIAS, l->alias);
	if (l->has_mac)
		mnl_attr_put(h, IFLA_ADDRESS, sizeof(l->mac), l->mac);
	if (l->mtu != 1500)
		mnl_attr_put_u32(h, IFLA_MTU, l->mtu);
	put_genmode(h, l->genmode);
	end();

	h = begin(RTM_SETLINK, 0, l->index, l->up ? IFF_UP : 0);
	if (l->master)
		mnl_attr_put_u32(h, IFLA_MASTER, index_of(l->master));
	end();
}

static int is_bridge(const struct link *l)
{
	return !strcmp(l->kind, "bridge");
}

static void apply(void)
{
	for (int i = 0; i < count; i++)
		if (is_bridge(&links[i])) {
			links[i].index = (1 << 20) + i;
			make_bridge(&links[i]);
		}
	flush();
	for (int i = 0; i < count; i++)
		if (!is_bridge(&links[i]))
			make_tap(&links[i]);
	for (int i = 0; i < count; i++)
		if (!is_bridge(&links[i]))
			configure_tap(&links[i]);
	for (int i = 0; i < count; i++)
		if (is_bridge(&links[i]) && links[i].up) {
			begin(RTM_SETLINK, 0, links[i].index, IFF_UP);
			end();
		}
	flush();
}

static void remove_all(void)
{
	const unsigned int group = 0x80000000u | (unsigned int)getpid();
	for (int i = 0; i < count; i++) {
		struct nlmsghdr *h = begin(RTM_SETLINK, 0, 0, 0);
		mnl_attr_put_strz(h, IFLA_IFNAME, links[i].name);
		mnl_attr_put_u32(h, IFLA_GROUP, group);
		end();
	}
	flush();
	mnl_attr_put_u32(begin(RTM_DELLINK, 0, 0, 0), IFLA_GROUP, group);
	end();
	flush();
}

/* One link a line, fields key=value between tabs. */
static void read_list(const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t room = 0;
	if (!file)
		err(1, "%s", path);
	while (getline(&line, &room, file) > 0) {
		if (count == LINK_LIMIT)
			errx(1, "more than %d links", LINK_LIMIT);
		struct link *l = &links[count++];
		*l = (struct link){ .mtu = 1500, .owner = -1, .group = -1 };
		line[strcspn(line, "\n")] = 0;
		for (char *rest = strdup(line), *field; (field = strsep(&rest, "\t"));) {
			char *value = strchr(field, '=');
			if (!value)
				errx(1, "%s: no value in %s", path, field);
			*value++ = 0;
			const int number = atoi(value);
			unsigned char *m = l->mac;
#define TEXT(key) if (!strcmp(field, #key)) { l->key = value; continue; }
#define NUMBER(key) if (!strcmp(field, #key)) { l->key = number; continue; }
			TEXT(kind) TEXT(name) TEXT(master) TEXT(alias)
			NUMBER(mtu) NUMBER(owner) NUMBER(group) NUMBER(genmode) NUMBER(snooping) NUMBER(stp) NUMBER(up)
			NUMBER(vnet_hdr) NUMBER(multi_queue)
			if (!strcmp(field, "altname") && l->altnames < ALTNAME_LIMIT)
				l->altname[l->altnames++] = value;
			else if (!strcmp(field, "mac") && sscanf(value, "%hhx:%hhx:%hhx:%hhx:%hhx:%hhx",
					m, m + 1, m + 2, m + 3, m + 4, m + 5) == 6)
				l->has_mac = 1;
			else
				errx(1, "%s: field %s=%s", path, field, value);
		}
	}
	free(line);
	fclose(file);
}

int main(int argc, char **argv)
{
	if (argc != 3 || (strcmp(argv[1], "apply") && strcmp(argv[1], "remove")))
		errx(64, "usage: floor apply|remove LIST");
	read_list(argv[2]);
	sock = mnl_socket_open(NETLINK_ROUTE);
	if (!sock || mnl_socket_bind(sock, 0, MNL_SOCKET_AUTOPID) < 0)
		err(1, "netlink");
	int on = 1;
	mnl_socket_setsockopt(sock, NETLINK_CAP_ACK, &on, sizeof(on));
	const int room = 8 << 20;
	setsockopt(mnl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	if (argv[1][0] == 'a')
		apply();
	else
		remove_all();
	return 0;
}
