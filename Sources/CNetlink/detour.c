#define _GNU_SOURCE
#include "CNetlink.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/if_packet.h>
#include <linux/membarrier.h>
#include <net/ethernet.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// enum bpf_attach_type of Linux 6.6, which headers before it lack.
enum { TCX_INGRESS = 46, TCX_EGRESS = 47 };
// enum tcx_action_base of linux/bpf.h: as if the program were not there.
enum { TCX_NEXT = -1 };

/// `known` is the size of the part of the union that was filled in; the kernel refuses what it does not know.
static int bpf(int command, union bpf_attr *attributes, size_t known) {
  long result = syscall(SYS_bpf, command, attributes, known);
  return result < 0 ? -errno : (int)result;
}

#define END_OF(member) (offsetof(union bpf_attr, member) + sizeof((union bpf_attr *)0)->member)

/// What the programs look at for each packet: whether they are to do anything. IPv4 is received at the interface again
/// before the rest ends.
struct state {
  uint32_t receiving_ipv4, other;
};

int cnl_detour_switch(void) {
  union bpf_attr attributes = {0};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = sizeof(uint32_t);
  attributes.value_size = sizeof(struct state);
  attributes.max_entries = 1;
  return bpf(BPF_MAP_CREATE, &attributes, END_OF(map_flags));
}

int cnl_detour_turn(int toggle, int receiving_ipv4, int other) {
  uint32_t key = 0;
  struct state value = {receiving_ipv4 != 0, other != 0};
  union bpf_attr attributes = {0};
  attributes.map_fd = (uint32_t)toggle;
  attributes.key = (uint64_t)(uintptr_t)&key;
  attributes.value = (uint64_t)(uintptr_t)&value;
  return bpf(BPF_MAP_UPDATE_ELEM, &attributes, END_OF(flags));
}

/// A program that passes IP and ARP on to `index` while `toggle` is on; for IPv4, its part at `ipv4`.
///
/// Not what is tagged, which a VLAN interface of the link takes before any bridge does; nor what is for another host,
/// which on a bridge is a guest's; nor other protocols, which may be meant for the link itself (LLDP, 802.1X).
static int load(int toggle, size_t ipv4, unsigned index, uint64_t flags) {
#define INSN(operation, to, from, distance, immediate) \
  {.code = (operation), .dst_reg = (to), .src_reg = (from), .off = (distance), .imm = (immediate)}
#define WORD(from, offset) INSN(BPF_LDX | BPF_MEM | BPF_W, 2, from, offset, 0)
#define FIELD(member) WORD(1, offsetof(struct __sk_buff, member))
#define JUMP(condition, value, over) INSN(BPF_JMP | (condition), (condition) == BPF_JA ? 0 : 2, 0, over, value)
#define SET(to, value) INSN(BPF_ALU64 | BPF_MOV | BPF_K, to, 0, 0, value)
  struct bpf_insn program[] = {
      INSN(BPF_LD | BPF_IMM | BPF_DW, 3, BPF_PSEUDO_MAP_VALUE, 0, toggle), INSN(0, 0, 0, 0, 0),
      FIELD(pkt_type),
      JUMP(BPF_JEQ, PACKET_OTHERHOST, 15),  // to "next"
      FIELD(vlan_present),
      JUMP(BPF_JNE, 0, 13),  // to "next"
      FIELD(protocol),
      JUMP(BPF_JEQ, htons(ETHERTYPE_IP), 3),  // to "IPv4"
      JUMP(BPF_JEQ, htons(ETHERTYPE_IPV6), 4),  // to "other"
      JUMP(BPF_JEQ, htons(ETHERTYPE_ARP), 3),  // to "other"
      JUMP(BPF_JA, 0, 8),  // to "next"
      WORD(3, (short)ipv4),  // IPv4
      JUMP(BPF_JA, 0, 1),
      WORD(3, offsetof(struct state, other)),  // other
      JUMP(BPF_JEQ, 0, 4),  // to "next"
      SET(1, (int)index),
      SET(2, (int)flags),
      INSN(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_redirect),
      INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
      SET(0, TCX_NEXT),  // next
      INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
  };
  union bpf_attr attributes = {0};
  attributes.prog_type = BPF_PROG_TYPE_SCHED_CLS;
  attributes.insns = (uint64_t)(uintptr_t)program;
  attributes.insn_cnt = sizeof program / sizeof *program;
  attributes.license = (uint64_t)(uintptr_t)"";
  strcpy(attributes.prog_name, "vnet_detour");
  return bpf(BPF_PROG_LOAD, &attributes, END_OF(prog_name));
}

static int attach(int toggle, size_t ipv4, unsigned at, uint32_t where, unsigned to, uint64_t flags) {
  int program = load(toggle, ipv4, to, flags);
  if (program < 0) return program;
  union bpf_attr attributes = {0};
  attributes.link_create.prog_fd = (uint32_t)program;
  attributes.link_create.target_fd = at;  // of tcx it is an interface index
  attributes.link_create.attach_type = where;
  int link = bpf(BPF_LINK_CREATE, &attributes, END_OF(link_create.flags));
  close(program);
  return link;
}

int cnl_detour_receive(int toggle, unsigned link, unsigned bridge) {
  return attach(toggle, offsetof(struct state, receiving_ipv4), link, TCX_INGRESS, bridge, BPF_F_INGRESS);
}

int cnl_detour_send(int toggle, unsigned bridge, unsigned link) {
  return attach(toggle, offsetof(struct state, other), bridge, TCX_EGRESS, link, 0);
}

void cnl_detour_settle(void) {
  // `membarrier` is `synchronize_rcu` by this command (kernel/sched/membarrier.c), and receivers run under its read lock
  // (`netif_receive_skb`). Where the kernel has no such command nothing is waited for.
  syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0);
}
