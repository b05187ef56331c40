/* memcpy and memset in 100 bytes. newlib's take 470, unrolled for sizes that a network's rows seldom have. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The core loads and stores words at any address. */
typedef uint32_t word __attribute__((aligned(1), may_alias));

/* Or the compiler would see memcpy in these loops, and call it. */
#define AS_WRITTEN __attribute__((optimize("no-tree-loop-distribute-patterns")))

/* Six instructions for eight bytes; a compiler that is to save memory takes more. */
__attribute__((naked)) void *memcpy(void *restrict to __attribute__((unused)),
                                    const void *restrict from __attribute__((unused)),
                                    size_t size __attribute__((unused))) {
    __asm__(".syntax unified\n"
            "    mov r12, r0\n"
            "    subs r2, #8\n"
            "    blo 2f\n"
            "1:\n"
            "    ldr r3, [r1], #4\n"
            "    str r3, [r12], #4\n"
            "    ldr r3, [r1], #4\n"
            "    str r3, [r12], #4\n"
            "    subs r2, #8\n"
            "    bhs 1b\n"
            "2:\n"
            "    lsls r3, r2, #30\n" /* what is left is less than 8: carry is bit 2 */
            "    itt cs\n"
            "    ldrcs r3, [r1], #4\n"
            "    strcs r3, [r12], #4\n"
            "    ands r2, r2, #3\n"
            "    beq 4f\n"
            "3:\n"
            "    ldrb r3, [r1], #1\n"
            "    strb r3, [r12], #1\n"
            "    subs r2, #1\n"
            "    bne 3b\n"
            "4:\n"
            "    bx lr\n");
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
