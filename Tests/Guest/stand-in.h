#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// An IPv4 (4 bytes used) or IPv6 address; `prefix` is the length in bits, 32 or 128 where none was written.
struct address {
  int family;
  int prefix;
  uint8_t bytes[16];
};

int guest(int argc, char **argv);
int probe(int argc, char **argv);
int wire(int argc, char **argv);
int lead(int argc, char **argv);
int router(int argc, char **argv);

/// Opens a TAP that is there (TUNSETIFF); `header` is how many bytes of virtio-net stand before each frame. -errno
/// where it cannot.
int tap_open(const char *name, bool vnet_header, bool multi_queue, size_t *header);

/// Reads `ADDRESS` or `ADDRESS/LENGTH`; false where it is neither.
bool address_parse(const char *text, struct address *out);
size_t address_length(const struct address *a);
bool address_equal(const struct address *a, const struct address *b);
/// Whether `b` is inside the prefix that `a` stands in.
bool address_on_link(const struct address *a, const struct address *b);

/// The Internet checksum (RFC 1071) of `length` bytes, on top of the partial sum `seed`.
uint16_t checksum(const void *bytes, size_t length, uint32_t seed);
/// The checksum of what IPv6 carries, of the protocol `next`, with its pseudo header (RFC 8200, section 8.1).
uint16_t checksum_ipv6(const uint8_t *source, const uint8_t *destination, uint8_t next, const void *message, size_t length);

/// CLOCK_MONOTONIC in nanoseconds.
int64_t now(void);
