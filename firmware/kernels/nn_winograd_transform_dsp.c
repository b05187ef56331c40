#include "nn_winograd_block_dsp.h"

#include "nn_dsp.h"

#if NN_HAS_DSP

/* Registers: r0 columns, r1 v, r2 bytes of a point, r3 to r12 the columns of a row, then r3 and lr results. Stack:
 * where the step's rows end, and the last step's; bytes of all points. */
__attribute__((naked, noinline)) void nn_winograd_transform_dsp(uint32_t *columns NN_UNUSED, uint32_t *v NN_UNUSED,
                                                                int32_t steps NN_UNUSED) {
    __asm__ volatile(".syntax unified\n"
                     ".macro nn_pairs op, a, b, c, d, e, f, g, h\n"
                     "    \\op lr, \\a, \\b\n"
                     "    \\op r3, \\c, \\d\n"
                     "    strd lr, r3, [r1]\n"
                     "    \\op lr, \\e, \\f\n"
                     "    \\op r3, \\g, \\h\n"
                     "    strd lr, r3, [r1, #8]\n"
                     "    add r1, r1, r2\n"
                     ".endm\n"

                     "    push {r4-r11, lr}\n"
                     "    sub sp, sp, #12\n"
                     "    lsls r2, r2, #4\n"
                     "    add r3, r1, r2, lsl #4\n"
                     "    add r4, r3, r2\n"
                     "    lsl r5, r2, #4\n"
                     "    strd r3, r4, [sp]\n"
                     "    str r5, [sp, #8]\n"
                     "1:\n"
                     "    ldm r0, {r3-r12}\n"
                     "    nn_pairs shsub16, r3, r5, r5, r7, r7, r9, r9, r11\n"
                     "    nn_pairs shadd16, r4, r5, r6, r7, r8, r9, r10, r11\n"
                     "    nn_pairs shsub16, r5, r4, r7, r6, r9, r8, r11, r10\n"
                     "    nn_pairs shsub16, r4, r6, r6, r8, r8, r10, r10, r12\n"
                     "    ldr r3, [sp]\n"
                     "    strd r11, r12, [r0], #40\n"
                     "    cmp r1, r3\n"
                     "    bne 1b\n"
                     "    ldrd r4, r5, [sp, #4]\n"
                     "    adds r3, #16\n"
                     "    str r3, [sp]\n"
                     "    sub r1, r3, r5\n"
                     "    cmp r3, r4\n"
                     "    bne 1b\n"
                     "    add sp, sp, #12\n"
                     "    pop {r4-r11, pc}\n"
                     ".purgem nn_pairs\n");
}

/* Registers: r0 weights, r1 u, r2 bytes of a point, r3 to r8 a row of three pairs of channels, r9 to r12 and lr what
 * goes into it and comes out of it. Stack: three pairs; where u's first point ends. Rows are made in the order 0, 3,
 * 1, 2. */
__attribute__((naked, noinline)) void nn_winograd_expand_dsp(const uint32_t *weights NN_UNUSED, uint32_t *u NN_UNUSED,
                                                             int32_t steps NN_UNUSED) {
    __asm__ volatile(".syntax unified\n"
                     ".macro nn_unpack\n"
                     "    sxtb16 r3, r9\n"
                     "    sxtb16 r4, r9, ror #8\n"
                     "    sxtb16 r5, r10\n"
                     "    sxtb16 r6, r10, ror #8\n"
                     "    sxtb16 r7, r11\n"
                     "    sxtb16 r8, r11, ror #8\n"
                     ".endm\n"
                     ".macro nn_add\n"
                     "    sxtab16 r3, r3, r9\n"
                     "    sxtab16 r4, r4, r9, ror #8\n"
                     "    sxtab16 r5, r5, r10\n"
                     "    sxtab16 r6, r6, r10, ror #8\n"
                     "    sxtab16 r7, r7, r11\n"
                     "    sxtab16 r8, r8, r11, ror #8\n"
                     ".endm\n"
                     ".macro nn_subtract a, b, raw\n"
                     "    sxtb16 r12, \\raw\n"
                     "    sxtb16 lr, \\raw, ror #8\n"
                     "    ssub16 \\a, \\a, r12\n"
                     "    ssub16 \\b, \\b, lr\n"
                     ".endm\n"
                     ".macro nn_row\n"
                     "    strd r3, r4, [r1]\n"
                     "    sadd16 r9, r3, r7\n"
                     "    sadd16 r10, r4, r8\n"
                     "    add r1, r1, r2\n"
                     "    sadd16 r11, r9, r5\n"
                     "    sadd16 r12, r10, r6\n"
                     "    strd r11, r12, [r1]\n"
                     "    add r1, r1, r2\n"
                     "    ssub16 r9, r9, r5\n"
                     "    ssub16 r10, r10, r6\n"
                     "    strd r9, r10, [r1]\n"
                     "    add r1, r1, r2\n"
                     "    strd r7, r8, [r1]\n"
                     "    add r1, r1, r2\n"
                     ".endm\n"

                     "    push {r4-r11, lr}\n"
                     "    sub sp, sp, #28\n"
                     "    lsls r2, r2, #3\n"
                     "    add r3, r1, r2\n"
                     "    str r3, [sp, #24]\n"
                     "1:\n"
                     "    ldm r0!, {r9-r11}\n"
                     "    nn_unpack\n"
                     "    nn_row\n"
                     "    ldm r0, {r9-r11}\n"
                     "    nn_add\n"
                     "    stm sp, {r3-r8}\n"
                     "    ldm r0!, {r9-r11}\n"
                     "    nn_unpack\n"
                     "    add r1, r1, r2, lsl #3\n"
                     "    nn_row\n"
                     "    ldm sp, {r3-r8}\n"
                     "    ldm r0, {r9-r11}\n"
                     "    nn_add\n"
                     "    sub r1, r1, r2, lsl #3\n"
                     "    sub r1, r1, r2, lsl #2\n"
                     "    nn_row\n"
                     "    ldm sp, {r3-r8}\n"
                     "    ldm r0!, {r9-r11}\n"
                     "    nn_subtract r3, r4, r9\n"
                     "    nn_subtract r5, r6, r10\n"
                     "    nn_subtract r7, r8, r11\n"
                     "    nn_row\n"
                     "    sub r1, r1, r2, lsl #3\n"
                     "    sub r1, r1, r2, lsl #2\n"
                     "    ldr r3, [sp, #24]\n"
                     "    adds r1, #8\n"
                     "    cmp r1, r3\n"
                     "    bne 1b\n"
                     "    add sp, sp, #28\n"
                     "    pop {r4-r11, pc}\n"
                     ".purgem nn_unpack\n"
                     ".purgem nn_add\n"
                     ".purgem nn_subtract\n"
                     ".purgem nn_row\n");
}

#else

void nn_winograd_transform_dsp(uint32_t *columns, uint32_t *v, int32_t steps) {
    const int32_t point = steps * NN_WINOGRAD_TILES;
    for (int32_t i = 0; i < 4 * steps; ++i, columns += NN_WINOGRAD_COLUMNS) {
        uint32_t *to = v + i % 4 * 4 * point + i / 4 * NN_WINOGRAD_TILES;
        for (int32_t tile = 0; tile < NN_WINOGRAD_TILES; ++tile) {
            const uint32_t *x = columns + 2 * tile;
            to[tile] = nn_shsub16(x[0], x[2]);
            to[tile + point] = nn_shadd16(x[1], x[2]);
            to[tile + 2 * point] = nn_shsub16(x[2], x[1]);
            to[tile + 3 * point] = nn_shsub16(x[1], x[3]);
        }
        columns[0] = columns[8];
        columns[1] = columns[9];
    }
}

/* (1 0 0; 1 1 1; 1 -1 1; 0 0 1) of three pairs of lanes, to four places `step` apart. */
static void weights_transform(const uint32_t w[3], int32_t step, uint32_t *to) {
    const uint32_t outer = nn_sadd16(w[0], w[2]);
    to[0] = w[0];
    to[step] = nn_sadd16(outer, w[1]);
    to[2 * step] = nn_ssub16(outer, w[1]);
    to[3 * step] = w[2];
}

void nn_winograd_expand_dsp(const uint32_t *weights, uint32_t *u, int32_t steps) {
    static const int rows[3] = {0, 2, 1}; /* the order in `weights` */
    for (int32_t i = 0; i < 2 * steps; ++i) {
        uint32_t half_way[4][3];
        for (int32_t x = 0; x < 3; ++x) {
            uint32_t w[3];
            for (int32_t y = 0; y < 3; ++y) {
                const uint32_t word = weights[9 * (i / 2) + 3 * y + x];
                w[rows[y]] = i % 2 ? nn_sxtb16_odd(word) : nn_sxtb16(word);
            }
            weights_transform(w, 3, &half_way[0][x]);
        }
        for (int32_t y = 0; y < 4; ++y) {
            weights_transform(half_way[y], 2 * steps, u + 8 * y * steps + i);
        }
    }
}

#endif
