#include "frame.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

bool identity_parse(const char *text, struct identity *out) {
  unsigned m[6];
  char v4[16], v6[40];
  if (sscanf(text, "%x:%x:%x:%x:%x:%x,%15[0-9.],%39[0-9a-f:]", m, m + 1, m + 2, m + 3, m + 4, m + 5, v4, v6) != 8) return false;
  for (int i = 0; i < 6; i++) out->mac[i] = (uint8_t)m[i];
  return inet_pton(AF_INET, v4, out->ipv4) == 1 && inet_pton(AF_INET6, v6, out->ipv6) == 1;
}

void link_local(const uint8_t *m, uint8_t *address) {
  const uint8_t made[16] = {0xfe, 0x80, [8] = m[0] ^ 2, m[1], m[2], 0xff, 0xfe, m[3], m[4], m[5]};
  memcpy(address, made, 16);
}

void add(struct frame *f, const void *bytes, size_t length) {
  memcpy(f->bytes + f->length, bytes, length);
  f->length += length;
}

void ethernet(struct frame *f, const uint8_t *to, const uint8_t *from, uint16_t type) {
  add(f, to, 6);
  add(f, from, 6);
  add(f, (const uint8_t[]){(uint8_t)(type >> 8), (uint8_t)type}, 2);
}

void arp(struct frame *f, const uint8_t *to, const uint8_t *from, uint8_t operation, const uint8_t *sender_mac,
         const uint8_t *sender, const uint8_t *target_mac, const uint8_t *target) {
  ethernet(f, to, from, 0x0806);
  add(f, (const uint8_t[]){0, 1, 8, 0, 6, 4, 0, operation}, 8);
  add(f, sender_mac, 6);
  add(f, sender, 4);
  add(f, target_mac, 6);
  add(f, target, 4);
}

void ipv4(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, uint8_t protocol, const uint8_t *from,
          const uint8_t *to, const void *payload, size_t length) {
  uint8_t header[20] = {0x45, [2] = (uint8_t)((20 + length) >> 8), (uint8_t)(20 + length), [8] = 64, protocol};
  memcpy(header + 12, from, 4);
  memcpy(header + 16, to, 4);
  uint16_t c = checksum(header, sizeof header, 0);
  memcpy(header + 10, &c, 2);
  ethernet(f, mac, from_mac, 0x0800);
  add(f, header, sizeof header);
  add(f, payload, length);
}

void ipv6(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, uint8_t next, const uint8_t *from,
          const uint8_t *to, const void *payload, size_t length) {
  uint8_t header[40] = {0x60, [4] = (uint8_t)(length >> 8), (uint8_t)length, next, 255};
  memcpy(header + 8, from, 16);
  memcpy(header + 24, to, 16);
  ethernet(f, mac, from_mac, 0x86dd);
  add(f, header, sizeof header);
  add(f, payload, length);
}

/// A datagram without checksum.
static size_t datagram(uint8_t *out, uint16_t source, uint16_t destination, const void *payload, size_t length) {
  size_t total = 8 + length;
  const uint8_t header[8] = {(uint8_t)(source >> 8), (uint8_t)source, (uint8_t)(destination >> 8), (uint8_t)destination,
                             (uint8_t)(total >> 8), (uint8_t)total};
  memcpy(out, header, 8);
  memcpy(out + 8, payload, length);
  return total;
}

void udp4(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, const uint8_t *from, const uint8_t *to,
          uint16_t source, uint16_t destination, const void *payload, size_t length) {
  uint8_t message[400];
  size_t total = datagram(message, source, destination, payload, length);  // IPv4 may do without (RFC 768)
  ipv4(f, mac, from_mac, 17, from, to, message, total);
}

void udp6(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, const uint8_t *from, const uint8_t *to,
          uint16_t source, uint16_t destination, const void *payload, size_t length) {
  uint8_t message[400];
  size_t total = datagram(message, source, destination, payload, length);
  uint16_t c = checksum_ipv6(from, to, 17, message, total);
  memcpy(message + 6, &c, 2);
  ipv6(f, mac, from_mac, 17, from, to, message, total);
}

void icmp6(struct frame *f, const uint8_t *mac, const uint8_t *from_mac, const uint8_t *from, const uint8_t *to,
           uint8_t first, const void *before, size_t before_length, const void *message, size_t length) {
  uint8_t packet[400];
  memcpy(packet, before, before_length);
  uint8_t *icmp = packet + before_length;
  memcpy(icmp, message, length);
  uint16_t c = checksum_ipv6(from, to, 58, icmp, length);
  memcpy(icmp + 2, &c, 2);
  ipv6(f, mac, from_mac, first, from, to, packet, before_length + length);
}
