#ifndef CNETLINK_H
#define CNETLINK_H
#include <netinet/in.h>
#include <linux/netlink.h>
#include <libmnl/libmnl.h>
#endif
