/* Assembly that the matrix products of 4 pixels (or rows) by 2 channels (or columns) have in common.
 *
 * r0 and r1 read both operands, r2 r3 are of the two channels, r4 r5 of two pixels, r6 r7 r8 r9 are channel 0 of pixels
 * 0 to 3, r10 r11 r12 lr channel 1. Labels: 0 begins two channels, 1 the loop of four units, 9 is behind its units, 2
 * behind the loop.
 */
#ifndef NN_BLOCK_DSP_H
#define NN_BLOCK_DSP_H

/* nn_macs: two pixels, both channels, to a and b from c and d. To be purged. */
#define NN_BLOCK_MACS                                                                                                  \
    ".macro nn_macs a0, a1, b0, b1, c0, c1, d0, d1\n"                                                                  \
    "    smlad \\a0, r4, r2, \\c0\n"                                                                                   \
    "    smlad \\a1, r5, r2, \\c1\n"                                                                                   \
    "    smlad \\b0, r4, r3, \\d0\n"                                                                                   \
    "    smlad \\b1, r5, r3, \\d1\n"                                                                                   \
    ".endm\n"

/* To r5, where to go on after the first of r4 units: -r4 + 1 modulo 4 units into the loop, or behind it. */
#define NN_BLOCK_ENTRY                                                                                                 \
    "    rsb r5, r4, #1\n"                                                                                             \
    "    and r5, r5, #3\n"                                                                                             \
    "    adr r7, 1f\n"                                                                                                 \
    "    adr r6, 9f\n"                                                                                                 \
    "    subs r6, r6, r7\n"                                                                                            \
    "    muls r5, r6, r5\n"                                                                                            \
    "    add r5, r7, r5, lsr #2\n"                                                                                     \
    "    adr r7, 2f\n"                                                                                                 \
    "    cmp r4, #1\n"                                                                                                 \
    "    it eq\n"                                                                                                      \
    "    moveq r5, r7\n"                                                                                               \
    "    orr r5, r5, #1\n"

/* Eight bytes to an output at [sp], of pixels [sp, 4] apart, that ends at [sp, `end`]; then the next two channels. */
#define NN_BLOCK_STORE_S8(end)                                                                                         \
    "    ldrd r2, r3, [sp]\n"                                                                                          \
    "    ldr r5, [sp, #" end "]\n"                                                                                     \
    "    add r0, r2, r3\n"                                                                                             \
    "    strb r8, [r2, r3, lsl #1]\n"                                                                                  \
    "    strb r9, [r0, r3, lsl #1]\n"                                                                                  \
    "    strb r6, [r2], #1\n"                                                                                          \
    "    strb r7, [r0], #1\n"                                                                                          \
    "    strb r12, [r2, r3, lsl #1]\n"                                                                                 \
    "    strb lr, [r0, r3, lsl #1]\n"                                                                                  \
    "    strb r10, [r2], #1\n"                                                                                         \
    "    strb r11, [r0]\n"                                                                                             \
    "    str r2, [sp]\n"                                                                                               \
    "    cmp r2, r5\n"                                                                                                 \
    "    bne 0b\n"

#endif
