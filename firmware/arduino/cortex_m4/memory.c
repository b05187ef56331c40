/* memcpy and memset in 80 bytes. newlib's take 470, unrolled for sizes that a network's rows seldom have. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The core loads and stores words at any address. */
typedef uint32_t word __attribute__((aligned(1), may_alias));

/* Or the compiler would see memcpy in these loops, and call it. */
#define AS_WRITTEN __attribute__((optimize("no-tree-loop-distribute-patterns")))

AS_WRITTEN void *memcpy(void *restrict to, const void *restrict from, size_t size) {
    uint8_t *out = to;
    const uint8_t *in = from;
    size_t at = 0;
    for (; size - at >= sizeof(word); at += sizeof(word)) {
        *(word *)(out + at) = *(const word *)(in + at);
    }
    for (; at < size; ++at) {
        out[at] = in[at];
    }
    return to;
}

AS_WRITTEN void *memset(void *to, int value, size_t size) {
    uint8_t *out = to;
    const word all = (uint8_t)value * 0x01010101u;
    size_t at = 0;
    for (; size - at >= sizeof(word); at += sizeof(word)) {
        *(word *)(out + at) = all;
    }
    for (; at < size; ++at) {
        out[at] = (uint8_t)value;
    }
    return to;
}
