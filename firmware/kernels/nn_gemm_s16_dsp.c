#include "nn_gemm_s16_dsp.h"

#include <stddef.h>
#include <string.h>

#include "nn_block_dsp.h"
#include "nn_rescale_s16_dsp.h"

static int16_t rescale(const struct nn_gemm_s16_dsp *op, int32_t sum, uint32_t factor, uint32_t shift) {
    const int32_t x = nn_rescale_s16(sum, factor, shift);
    return (int16_t)(op->positive ? nn_usat15(x) : nn_ssat16(x));
}

/* A single pixel: the last one of an odd number should not cost as much as four. */
static void compute_pixel(const struct nn_gemm_s16_dsp *op, const uint32_t *block, int16_t *output) {
    const uint32_t *stream = op->stream;
    for (int32_t pair = 0; pair < op->pairs; ++pair) {
        int32_t sum0 = (int32_t)stream[0];
        int32_t sum1 = (int32_t)stream[1];
        const uint32_t *x = block;
        stream += 2;
        for (const uint32_t *end = stream + 2 * op->units; stream != end; stream += 2, x += NN_GEMM_S16_UNIT_WORDS) {
            const uint32_t low = x[0];
            const uint32_t high = x[NN_GEMM_S16_PIXELS];
            sum0 = nn_smlad(high, nn_sxtb16_odd(stream[0]), nn_smlad(low, nn_sxtb16(stream[0]), sum0));
            sum1 = nn_smlad(high, nn_sxtb16_odd(stream[1]), nn_smlad(low, nn_sxtb16(stream[1]), sum1));
        }
        output[0] = rescale(op, sum0, stream[0], stream[2]);
        output[1] = rescale(op, sum1, stream[1], stream[3]);
        output += 2;
        stream += 4;
    }
}

void nn_gemm_pixels_s16_dsp(const struct nn_gemm_s16_dsp *op, const uint32_t *block, int32_t count, int32_t channels,
                            int16_t *output, int32_t stride, int16_t *tile) {
    if (channels % 2 == 0 && count == NN_GEMM_S16_PIXELS) {
        nn_gemm4_s16_dsp(op, block, output, stride);
        return;
    }
    if (count == 1) {
        compute_pixel(op, block, tile);
    } else {
        nn_gemm4_s16_dsp(op, block, tile, 2 * op->pairs);
    }
    for (; count > 0; --count, output += stride, tile += 2 * op->pairs) {
        memcpy(output, tile, (size_t)channels * sizeof *output);
    }
}

#if NN_HAS_DSP

_Static_assert(offsetof(struct nn_gemm_s16_dsp, units) == 4 && offsetof(struct nn_gemm_s16_dsp, positive) == 12,
               "the assembly reads the members at these places");

/* Registers: r0 the input block, r1 the stream, r2 r3 weights, r4 r5 inputs, r6 r7 r8 r9 channel 0 of pixels 0 to 3,
 * r10 r11 r12 lr channel 1. Stack: output, stride; block, where to enter the loop; block end, output end; positive.
 *
 * The first unit takes the biases as the accumulators it adds to. The loop is unrolled four times and entered at the
 * unit that makes the rest come out even. */
__attribute__((naked, noinline)) void nn_gemm4_s16_dsp(const struct nn_gemm_s16_dsp *op NN_UNUSED,
                                                       const uint32_t *block NN_UNUSED, int16_t *output NN_UNUSED,
                                                       int32_t stride NN_UNUSED) {
    __asm__ volatile(
        ".syntax unified\n" NN_BLOCK_MACS ".macro nn_next a0, a1, b0, b1, c0, c1, d0, d1\n"
        "    ldmia r0!, {r4, r5}\n"
        "    nn_macs \\a0, \\a1, \\b0, \\b1, \\c0, \\c1, \\d0, \\d1\n"
        ".endm\n"
        ".macro nn_low\n"
        "    ldrd r2, r3, [r1]\n"
        "    sxtb16 r2, r2\n"
        "    sxtb16 r3, r3\n"
        ".endm\n"
        ".macro nn_high\n"
        "    ldrd r2, r3, [r1], #8\n"
        "    sxtb16 r2, r2, ror #8\n"
        "    sxtb16 r3, r3, ror #8\n"
        "    nn_next r6, r7, r10, r11, r6, r7, r10, r11\n"
        "    nn_next r8, r9, r12, lr, r8, r9, r12, lr\n"
        ".endm\n"
        ".macro nn_unit\n"
        "    nn_low\n"
        "    nn_next r6, r7, r10, r11, r6, r7, r10, r11\n"
        "    nn_next r8, r9, r12, lr, r8, r9, r12, lr\n"
        "    nn_high\n"
        ".endm\n"
        ".macro nn_channel factor, shift, a, b, c, d\n"
        "    movs r0, #1\n"
        "    lsls r0, \\shift\n"
        "    lsrs r0, #1\n"
        "    smmla \\a, \\a, \\factor, r0\n"
        "    smmla \\b, \\b, \\factor, r0\n"
        "    smmla \\c, \\c, \\factor, r0\n"
        "    smmla \\d, \\d, \\factor, r0\n"
        "    asr \\a, \\a, \\shift\n"
        "    asr \\b, \\b, \\shift\n"
        "    asr \\c, \\c, \\shift\n"
        "    asr \\d, \\d, \\shift\n"
        ".endm\n"
        ".macro nn_both saturate, bits\n"
        "    \\saturate r6, \\bits, r6\n"
        "    \\saturate r7, \\bits, r7\n"
        "    \\saturate r8, \\bits, r8\n"
        "    \\saturate r9, \\bits, r9\n"
        "    \\saturate r10, \\bits, r10\n"
        "    \\saturate r11, \\bits, r11\n"
        "    \\saturate r12, \\bits, r12\n"
        "    \\saturate lr, \\bits, lr\n"
        ".endm\n"

        "    push {r4-r11, lr}\n"
        "    sub sp, sp, #28\n"
        "    lsls r3, r3, #1\n"
        "    strd r2, r3, [sp]\n"
        "    ldrd r4, r5, [r0, #4]\n"
        "    ldr r7, [r0, #12]\n"
        "    str r7, [sp, #24]\n"
        "    add r2, r2, r5, lsl #2\n"
        "    add r6, r1, r4, lsl #5\n"
        "    strd r6, r2, [sp, #16]\n"
        "    ldr r3, [r0]\n"
        /* Entry: with u units after the first, -u modulo 4 units into the loop; straight to the end if u is 0. */
        NN_BLOCK_ENTRY "    strd r1, r5, [sp, #8]\n"
        "    mov r1, r3\n"

        "0:\n"
        "    ldr r0, [sp, #8]\n"
        "    ldmia.w r1!, {r9, lr}\n"
        "    nn_low\n"
        "    nn_next r6, r7, r10, r11, r9, r9, lr, lr\n"
        "    nn_next r8, r9, r12, lr, r9, r9, lr, lr\n"
        "    nn_high\n"
        "    ldr pc, [sp, #12]\n"

        "    .balign 4\n"
        "1:\n"
        "    nn_unit\n"
        "    nn_unit\n"
        "    nn_unit\n"
        "    nn_unit\n"
        "9:\n"
        "    ldr r4, [sp, #16]\n"
        "    cmp r0, r4\n"
        "    bne 1b\n"

        "    .balign 4\n"
        "2:\n"
        "    ldmia r1!, {r2, r3, r4, r5}\n"
        "    nn_channel r2, r4, r6, r7, r8, r9\n"
        "    nn_channel r3, r5, r10, r11, r12, lr\n"
        "    ldr r4, [sp, #24]\n"
        "    cbnz r4, 3f\n"
        "    nn_both ssat, #16\n"
        "    b 4f\n"
        "3:\n"
        "    nn_both usat, #15\n"
        "4:\n"
        "    ldrd r2, r3, [sp]\n"
        "    ldr r5, [sp, #20]\n"
        "    add r0, r2, r3\n"
        "    pkhbt r6, r6, r10, lsl #16\n"
        "    pkhbt r7, r7, r11, lsl #16\n"
        "    pkhbt r8, r8, r12, lsl #16\n"
        "    pkhbt r9, r9, lr, lsl #16\n"
        "    str r8, [r2, r3, lsl #1]\n"
        "    str r9, [r0, r3, lsl #1]\n"
        "    str r7, [r0]\n"
        "    str r6, [r2], #4\n"
        "    str r2, [sp]\n"
        "    cmp r2, r5\n"
        "    bne 0b\n"
        "    add sp, sp, #28\n"
        "    pop {r4-r11, pc}\n"

        ".purgem nn_macs\n"
        ".purgem nn_next\n"
        ".purgem nn_low\n"
        ".purgem nn_high\n"
        ".purgem nn_unit\n"
        ".purgem nn_channel\n"
        ".purgem nn_both\n");
}

#else

void nn_gemm4_s16_dsp(const struct nn_gemm_s16_dsp *op, const uint32_t *block, int16_t *output, int32_t stride) {
    const uint32_t *stream = op->stream;
    for (int32_t channel = 0; channel < 2 * op->pairs; ++channel) {
        const int32_t half = channel & 1;
        const uint32_t *tail = stream + 2 + 2 * op->units;
        for (int32_t p = 0; p < NN_GEMM_S16_PIXELS; ++p) {
            const uint32_t *x = block + p;
            const uint32_t *weights = stream + 2 + half;
            int32_t sum = (int32_t)stream[half];
            for (int32_t unit = 0; unit < op->units; ++unit, x += NN_GEMM_S16_UNIT_WORDS, weights += 2) {
                sum = nn_smlad(x[0], nn_sxtb16(*weights), sum);
                sum = nn_smlad(x[NN_GEMM_S16_PIXELS], nn_sxtb16_odd(*weights), sum);
            }
            output[p * stride + channel] = rescale(op, sum, tail[half], tail[2 + half]);
        }
        stream += half ? 6 + 2 * op->units : 0;
    }
}

#endif
