#pragma once

#include "stand-in.h"

/// A frame as it is on the wire, from the destination MAC to the end of what it carries.
struct frame {
  size_t length;
  uint8_t bytes[512];
};

struct identity {
  uint8_t mac[6], ipv4[4], ipv6[16];
};

/// Who sends, whose identity it may pretend to have, and whom it is for.
struct cast {
  struct identity own, other, to;
};

/// Reads `MAC,IPV4,IPV6`.
bool identity_parse(const char *text, struct identity *out);
/// The link-local address that follows from a MAC (RFC 4291, appendix A).
void link_local(const uint8_t *mac, uint8_t *address);

/// Makes the frame of that name; false where there is none.
bool frame_make(const char *name, const struct cast *cast, struct frame *out);
/// The names, a line each.
void frame_names(void);

void add(struct frame *f, const void *bytes, size_t length);
void ethernet(struct frame *f, const uint8_t *to, const uint8_t *from, uint16_t type);
void arp(struct frame *f, const uint8_t *to, const uint8_t *from, uint8_t operation, const uint8_t *sender_mac,
         const uint8_t *sender, const uint8_t *target_mac, const uint8_t *target);
void ipv4(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, uint8_t protocol, const uint8_t *from,
          const uint8_t *to, const void *payload, size_t length);
void ipv6(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, uint8_t next, const uint8_t *from,
          const uint8_t *to, const void *payload, size_t length);
/// UDP over either family, by the length of the addresses.
void udp4(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, const uint8_t *from, const uint8_t *to,
          uint16_t source, uint16_t destination, const void *payload, size_t length);
void udp6(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, const uint8_t *from, const uint8_t *to,
          uint16_t source, uint16_t destination, const void *payload, size_t length);
/// An ICMPv6 message with its checksum, behind the extension headers in `before`, the first of which is of type `first`.
void icmp6(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, const uint8_t *from, const uint8_t *to,
           uint8_t first, const void *before, size_t before_length, const void *message, size_t length);
