#include "stand-in.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

size_t address_length(const struct address *a) { return a->family == AF_INET ? 4 : 16; }

bool address_parse(const char *text, struct address *out) {
  char copy[64];
  if (strlen(text) >= sizeof copy) return false;
  strcpy(copy, text);
  char *slash = strchr(copy, '/');
  if (slash != NULL) *slash++ = '\0';
  memset(out, 0, sizeof *out);
  out->family = strchr(copy, ':') != NULL ? AF_INET6 : AF_INET;
  if (inet_pton(out->family, copy, out->bytes) != 1) return false;
  int bits = 8 * (int)address_length(out);
  char *end = NULL;
  out->prefix = slash == NULL ? bits : (int)strtol(slash, &end, 10);
  return slash == NULL || (*slash != '\0' && *end == '\0' && out->prefix >= 0 && out->prefix <= bits);
}

bool address_equal(const struct address *a, const struct address *b) {
  return a->family == b->family && memcmp(a->bytes, b->bytes, address_length(a)) == 0;
}

bool address_on_link(const struct address *a, const struct address *b) {
  if (a->family != b->family) return false;
  int whole = a->prefix / 8, rest = a->prefix % 8;
  if (memcmp(a->bytes, b->bytes, (size_t)whole) != 0) return false;
  return rest == 0 || ((a->bytes[whole] ^ b->bytes[whole]) >> (8 - rest)) == 0;
}

static uint32_t sum(const void *bytes, size_t length, uint32_t total) {
  const uint8_t *p = bytes;
  for (; length > 1; length -= 2, p += 2) total += (uint32_t)p[0] << 8 | p[1];
  if (length == 1) total += (uint32_t)p[0] << 8;
  return total;
}

uint16_t checksum(const void *bytes, size_t length, uint32_t seed) {
  uint32_t total = sum(bytes, length, seed);
  while (total >> 16) total = (total & 0xffff) + (total >> 16);
  return htons((uint16_t)~total);
}

uint16_t checksum_ipv6(const uint8_t *source, const uint8_t *destination, uint8_t next, const void *message, size_t length) {
  uint32_t seed = sum(source, 16, 0);
  seed = sum(destination, 16, seed);
  return checksum(message, length, seed + (uint32_t)length + next);
}

int64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}
