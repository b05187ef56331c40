#include "nn_winograd_block_dsp.h"

#include "nn_dsp.h"
#include "nn_gemm_dsp.h"

#if NN_HAS_DSP

_Static_assert(offsetof(struct nn_winograd_places, row) == 4 && offsetof(struct nn_winograd_places, round) == 8,
               "the assembly reads the members at these places");

/* Registers: r0 v, r1 u, r2 r3 u of two channels, r4 r5 v of two tiles, r6 r7 r8 r9 channel 0 of tiles 0 to 3,
 * r10 r11 r12 lr channel 1. Stack: sums, the end of the point's v; bytes of a point's v, end of the sums; where to
 * enter the loop.
 *
 * The first step multiplies without adding. The loop is unrolled eight times and entered where the rest comes out even.
 */
__attribute__((naked, noinline)) void nn_winograd_products_dsp(const uint32_t *v NN_UNUSED, const uint32_t *u NN_UNUSED,
                                                               int32_t *sums NN_UNUSED, int32_t steps NN_UNUSED) {
    __asm__ volatile(".syntax unified\n"
                     ".macro nn_step\n"
                     "    ldmia r1!, {r2, r3}\n"
                     "    ldmia r0!, {r4, r5}\n"
                     "    smlad r6, r4, r2, r6\n"
                     "    smlad r7, r5, r2, r7\n"
                     "    smlad r10, r4, r3, r10\n"
                     "    smlad r11, r5, r3, r11\n"
                     "    ldmia r0!, {r4, r5}\n"
                     "    smlad r8, r4, r2, r8\n"
                     "    smlad r9, r5, r2, r9\n"
                     "    smlad r12, r4, r3, r12\n"
                     "    smlad lr, r5, r3, lr\n"
                     ".endm\n"

                     "    push {r4-r11, lr}\n"
                     "    sub sp, sp, #20\n"
                     "    add r4, r2, #512\n"
                     /* With n steps after the first, -n modulo 8 steps into the loop; past it if n is 0. */
                     "    rsb r5, r3, #1\n"
                     "    and r5, r5, #7\n"
                     "    adr r7, 1f\n"
                     "    adr r6, 9f\n"
                     "    subs r6, r6, r7\n"
                     "    muls r5, r6, r5\n"
                     "    add r5, r7, r5, lsr #3\n"
                     "    adr r7, 9f\n"
                     "    cmp r3, #1\n"
                     "    it eq\n"
                     "    moveq r5, r7\n"
                     "    orr r5, r5, #1\n"
                     "    str r5, [sp, #16]\n"
                     "    lsls r3, r3, #4\n"
                     "    add r5, r0, r3\n"
                     "    strd r2, r5, [sp]\n"
                     "    strd r3, r4, [sp, #8]\n"

                     "0:\n"
                     "    ldmia r1!, {r2, r3}\n"
                     "    ldmia r0!, {r4, r5}\n"
                     "    smuad r6, r4, r2\n"
                     "    smuad r7, r5, r2\n"
                     "    smuad r10, r4, r3\n"
                     "    smuad r11, r5, r3\n"
                     "    ldmia r0!, {r4, r5}\n"
                     "    smuad r8, r4, r2\n"
                     "    smuad r9, r5, r2\n"
                     "    smuad r12, r4, r3\n"
                     "    smuad lr, r5, r3\n"
                     "    ldr pc, [sp, #16]\n"

                     "    .balign 4\n"
                     "1:\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    .balign 4\n"
                     "9:\n"
                     "    ldrd r2, r3, [sp]\n"
                     "    cmp r0, r3\n"
                     "    bne 1b\n"
                     "    ldrd r4, r5, [sp, #8]\n"
                     "    stmia r2!, {r6-r12, lr}\n"
                     "    add r3, r3, r4\n"
                     "    strd r2, r3, [sp]\n"
                     "    cmp r2, r5\n"
                     "    bne 0b\n"
                     "    add sp, sp, #20\n"
                     "    pop {r4-r11, pc}\n"
                     ".purgem nn_step\n");
}

/* Registers: r0 sums, r1 output, r2 r3 r4 r5 points, then whatever rescaling needs, r6 r7 r8 r9 the four outputs, r10
 * multiplier, r11 bias, r12 bytes of a row, lr bytes of a pixel. Stack: factors of the channel at hand; where the
 * second channel's outputs go, then 0; the channel's end of the sums; round; e and round << (e - 1). */
__attribute__((naked, noinline)) void nn_winograd_outputs_dsp(const int32_t *sums NN_UNUSED,
                                                              const int32_t *factors NN_UNUSED,
                                                              int8_t *output NN_UNUSED,
                                                              const struct nn_winograd_places *places NN_UNUSED) {
    __asm__ volatile(".syntax unified\n"
                     ".macro nn_points at\n"
                     "    ldr r2, [r0, #\\at]\n"
                     "    ldr r3, [r0, #\\at + 32]\n"
                     "    ldr r4, [r0, #\\at + 64]\n"
                     "    ldr r5, [r0, #\\at + 96]\n"
                     ".endm\n"
                     /* 2, 1, 1, 0 and 0, 1, -1, -2 of a row of points. */
                     ".macro nn_row a, b\n"
                     "    add \\a, r3, r2, lsl #1\n"
                     "    sub \\b, r3, r4\n"
                     "    add \\a, \\a, r4\n"
                     "    sub \\b, \\b, r5, lsl #1\n"
                     ".endm\n"
                     ".macro nn_tile\n"
                     "    nn_points 0\n"
                     "    nn_row r6, r7\n"
                     "    nn_points 128\n"
                     "    add r3, r3, r11\n"
                     "    nn_row r8, r9\n"
                     "    add r6, r8, r6, lsl #1\n"
                     "    add r7, r9, r7, lsl #1\n"
                     "    nn_points 256\n"
                     "    nn_row r2, r3\n"
                     "    add r6, r6, r2\n"
                     "    add r7, r7, r3\n"
                     "    sub r8, r8, r2\n"
                     "    sub r9, r9, r3\n"
                     "    nn_points 384\n"
                     "    nn_row r2, r3\n"
                     "    sub r8, r8, r2, lsl #1\n"
                     "    sub r9, r9, r3, lsl #1\n"
                     ".endm\n"
                     ".macro nn_store\n"
                     "    add r2, r1, r12\n"
                     "    strb r6, [r1]\n"
                     "    strb r7, [r1, lr]\n"
                     "    strb r8, [r2]\n"
                     "    strb r9, [r2, lr]\n"
                     "    adds r0, #4\n"
                     "    add r1, r1, lr, lsl #1\n"
                     ".endm\n"

                     "    push {r4-r11, lr}\n"
                     "    sub sp, sp, #28\n"
                     "    ldm r3, {r4, r5, r6}\n"
                     "    mov lr, r4\n"
                     "    mov r12, r5\n"
                     "    adds r7, r2, #1\n"
                     "    strd r1, r7, [sp]\n"
                     "    add r7, r0, #16\n"
                     "    strd r7, r6, [sp, #8]\n"
                     "0:\n"
                     "    ldrd r11, r10, [r1]\n"
                     "    mov r1, r2\n"
                     "    ldr r5, [sp, #12]\n"
                     "    uxtb r4, r11\n"
                     "    lsl r5, r5, r4\n"
                     "    adds r4, #1\n"
                     "    strd r4, r5, [sp, #16]\n"
                     "    cmp r5, #0\n"
                     "    bne 2f\n"

                     "1:\n"
                     "    nn_tile\n"
                     "    .irp y, r6, r7, r8, r9\n"
                     "    smmul \\y, \\y, r10\n"
                     "    ssat \\y, #8, \\y, asr #12\n"
                     "    .endr\n"
                     "    nn_store\n"
                     "    ldr r2, [sp, #8]\n"
                     "    cmp r0, r2\n"
                     "    bne 1b\n"
                     "    b 3f\n"

                     "2:\n"
                     "    nn_tile\n"
                     "    ldrd r4, r5, [sp, #16]\n"
                     "    .irp y, r6, r7, r8, r9\n"
                     "    add r2, r5, \\y, asr #31\n"
                     "    asr \\y, \\y, #7\n"
                     "    smmlar \\y, \\y, r10, r2\n"
                     "    asr \\y, \\y, r4\n"
                     "    ssat \\y, #8, \\y\n"
                     "    .endr\n"
                     "    nn_store\n"
                     "    ldr r2, [sp, #8]\n"
                     "    cmp r0, r2\n"
                     "    bne 2b\n"

                     /* The next channel, if this was the first. */
                     "3:\n"
                     "    ldrd r1, r2, [sp]\n"
                     "    cbz r2, 4f\n"
                     "    adds r1, #8\n"
                     "    movs r3, #0\n"
                     "    add r4, r0, #16\n"
                     "    strd r1, r3, [sp]\n"
                     "    str r4, [sp, #8]\n"
                     "    b 0b\n"

                     "4:\n"
                     "    add sp, sp, #28\n"
                     "    pop {r4-r11, pc}\n"

                     ".purgem nn_points\n"
                     ".purgem nn_row\n"
                     ".purgem nn_tile\n"
                     ".purgem nn_store\n");
}

#else

void nn_winograd_products_dsp(const uint32_t *v, const uint32_t *u, int32_t *sums, int32_t steps) {
    for (int32_t point = 0; point < NN_WINOGRAD_POINTS; ++point) {
        for (int32_t i = 0; i < 2 * NN_WINOGRAD_TILES; ++i) {
            const int32_t channel = i / NN_WINOGRAD_TILES;
            const int32_t tile = i % NN_WINOGRAD_TILES;
            int32_t sum = 0;
            for (int32_t step = 0; step < steps; ++step) {
                sum = nn_smlad(v[step * NN_WINOGRAD_TILES + tile], u[2 * step + channel], sum);
            }
            *sums++ = sum;
        }
        v += steps * NN_WINOGRAD_TILES;
        u += 2 * steps;
    }
}

/* (2 1 1 0; 0 1 -1 -2) of four numbers `step` apart. */
static void half_transform(const uint32_t *points, int32_t step, uint32_t out[2]) {
    out[0] = 2 * points[0] + points[step] + points[2 * step];
    out[1] = points[step] - points[2 * step] - 2 * points[3 * step];
}

static int8_t rescale(int32_t acc, const int32_t *factors, int32_t round) {
    if (round == 0) {
        return (int8_t)nn_ssat8(nn_smmul(acc, factors[1]) >> NN_GEMM_FAST_SHIFT);
    }
    const int32_t exponent = factors[0] & 0xFF;
    const int32_t offset = (int32_t)(((uint32_t)round << exponent) + (uint32_t)(acc >> 31));
    return (int8_t)nn_ssat8(nn_smmlar(acc >> 7, factors[1], offset) >> exponent >> 1);
}

void nn_winograd_outputs_dsp(const int32_t *sums, const int32_t *factors, int8_t *output,
                             const struct nn_winograd_places *places) {
    for (int32_t i = 0; i < 2 * NN_WINOGRAD_TILES; ++i) {
        const int32_t channel = i / NN_WINOGRAD_TILES;
        const int32_t tile = i % NN_WINOGRAD_TILES;
        const int32_t *constants = factors + 2 * channel;
        uint32_t points[NN_WINOGRAD_POINTS];
        uint32_t rows[4][2];
        for (int32_t p = 0; p < NN_WINOGRAD_POINTS; ++p) {
            points[p] = (uint32_t)sums[p * 2 * NN_WINOGRAD_TILES + i];
        }
        for (int32_t row = 0; row < 4; ++row) {
            half_transform(points + 4 * row, 1, rows[row]);
        }
        for (int32_t x = 0; x < 2; ++x) {
            uint32_t y[2];
            half_transform(&rows[0][x], 2, y);
            for (int32_t row = 0; row < 2; ++row) {
                output[(2 * tile + x) * places->pixel + row * places->row + channel] =
                    rescale((int32_t)(y[row] + (uint32_t)constants[0]), constants, places->round);
            }
        }
    }
}

#endif
