#include "nn_gemm_dsp.h"

#include <stddef.h>
#include <string.h>

#include "nn_block_dsp.h"

uint32_t *nn_gemm_expand_dsp(const int8_t *input, int32_t units, uint32_t *lane) {
    const struct nn_gemm_expansion e = nn_gemm_expansion();
    for (; units >= 2; units -= 2) {
        nn_gemm_expand_word(e, nn_load_word(input), lane);
        nn_gemm_expand_word(e, nn_load_word(input + NN_GEMM_UNIT), lane + NN_GEMM_UNIT_WORDS);
        input += 2 * NN_GEMM_UNIT;
        lane += 2 * NN_GEMM_UNIT_WORDS;
        NN_KEEP_IN_REGISTER(input); /* the compiler would work out where they end */
        NN_KEEP_IN_REGISTER(lane);
    }
    if (units > 0) {
        nn_gemm_expand_word(e, nn_load_word(input), lane);
        lane += NN_GEMM_UNIT_WORDS;
    }
    return lane;
}

NN_APART uint32_t *nn_gemm_fill_dsp(int32_t value, int32_t units, uint32_t *lane) {
    const uint32_t ones = 0x00010001U;
    const uint32_t odd = (uint32_t)(uint16_t)(value - NN_GEMM_ODD_OFFSET) * ones;
    const uint32_t even = (uint32_t)(uint16_t)(255 * value + NN_GEMM_ODD_OFFSET) * ones;
    for (const uint32_t *end = lane + units * NN_GEMM_UNIT_WORDS; lane != end; lane += NN_GEMM_UNIT_WORDS) {
        lane[0] = odd;
        lane[NN_GEMM_PIXELS] = even;
    }
    return lane;
}

static int8_t rescale(const struct nn_gemm_dsp *op, int32_t acc, int32_t multiplier) {
    if (op->shift > 0) {
        return (int8_t)nn_ssat8(nn_smmul(acc, multiplier) >> op->shift);
    }
    const int32_t exponent = acc & 0x1F; /* of lanes that hold no pixel it is anything */
    const int32_t doubled = acc >> 7;
    const int32_t offset = (int32_t)(((uint32_t)op->round << exponent) + (uint32_t)(doubled >> 31));
    return (int8_t)nn_ssat8(nn_smmlar(doubled, multiplier, offset) >> exponent >> 1);
}

/* A single pixel: the last one of an odd number should not cost as much as four. */
static void compute_pixel(const struct nn_gemm_dsp *op, const uint32_t *block, int8_t *output) {
    const uint32_t *stream = op->stream;
    for (int32_t pair = 0; pair < op->pairs; ++pair) {
        int32_t acc0 = (int32_t)stream[0];
        int32_t acc1 = (int32_t)stream[1];
        const uint32_t *x = block;
        stream += 2;
        for (const uint32_t *end = stream + 2 * op->units; stream != end; stream += 2, x += NN_GEMM_UNIT_WORDS) {
            const uint32_t odd = x[0];
            const uint32_t even = x[NN_GEMM_PIXELS];
            acc0 = nn_smlad(even, nn_sxtb16(stream[0]), nn_smlad(odd, stream[0], acc0));
            acc1 = nn_smlad(even, nn_sxtb16(stream[1]), nn_smlad(odd, stream[1], acc1));
        }
        output[0] = rescale(op, acc0, (int32_t)stream[0]);
        output[1] = rescale(op, acc1, (int32_t)stream[1]);
        output += 2;
        stream += 2;
    }
}

void nn_gemm_pixels_dsp(const struct nn_gemm_dsp *op, const uint32_t *block, const struct nn_gemm_sink_dsp *sink,
                        int32_t offset, int32_t count) {
    const int32_t direct = sink->channels % 2 == 0 && sink->residual == NULL && sink->wide == NULL;
    if (direct && count == NN_GEMM_PIXELS) {
        nn_gemm4_dsp(op, block, sink->output + offset, sink->stride);
        return;
    }
    if (direct && count == 1) {
        compute_pixel(op, block, sink->output + offset);
        return;
    }
    const int8_t *from = sink->tile;
    if (sink->wide != NULL) {
        sink->compute(op, block, sink);
    } else if (count == 1) {
        compute_pixel(op, block, sink->tile);
    } else {
        nn_gemm4_dsp(op, block, sink->tile, 2 * op->pairs);
    }
    for (; count > 0; --count, offset += sink->stride, from += 2 * op->pairs) {
        if (sink->residual == NULL) {
            memcpy(sink->output + offset, from, (size_t)sink->channels);
        } else {
            sink->add(sink->operands, from, sink->residual + offset, sink->output + offset);
        }
    }
}

#if NN_HAS_DSP

_Static_assert(offsetof(struct nn_gemm_dsp, units) == 4 && offsetof(struct nn_gemm_dsp, shift) == 16,
               "the assembly reads the members at these places");

/* Registers: r0 the input block, r1 the stream, r2 r3 weights, r4 r5 inputs, r6 r7 r8 r9 channel 0 of pixels 0 to 3,
 * r10 r11 r12 lr channel 1. Stack: output, stride; round, shift; block, where to enter the loop; block end, output end;
 * where rescaling is.
 *
 * The first unit takes the biases as the accumulators it adds to, so they need no copying. The loop is unrolled four
 * times and entered at the unit that makes the rest come out even. The compiler cannot keep 14 values in registers
 * here: the same in C with intrinsics takes 1.5 times the instructions. */
__attribute__((naked, noinline)) void nn_gemm4_dsp(const struct nn_gemm_dsp *op NN_UNUSED,
                                                   const uint32_t *block NN_UNUSED, int8_t *output NN_UNUSED,
                                                   int32_t stride NN_UNUSED) {
    __asm__ volatile(
        ".syntax unified\n" NN_BLOCK_MACS
        /* The second half of a unit: the even weights, extended. */
        ".macro nn_even\n"
        "    sxtb16 r2, r2\n"
        "    sxtb16 r3, r3\n"
        "    ldmia r0!, {r4, r5}\n"
        "    nn_macs r6, r7, r10, r11, r6, r7, r10, r11\n"
        "    ldmia r0!, {r4, r5}\n"
        "    nn_macs r8, r9, r12, lr, r8, r9, r12, lr\n"
        ".endm\n"
        ".macro nn_unit\n"
        "    ldmia r1!, {r2, r3}\n"
        "    ldmia r0!, {r4, r5}\n"
        "    nn_macs r6, r7, r10, r11, r6, r7, r10, r11\n"
        "    ldmia r0!, {r4, r5}\n"
        "    nn_macs r8, r9, r12, lr, r8, r9, r12, lr\n"
        "    nn_even\n"
        ".endm\n"
        /* Two-sided rescaling of one channel: r0 offset, r2 multiplier, r3 scratch, r4 `round`, r5 exponent - 1. */
        ".macro nn_round a\n"
        "    asr \\a, \\a, #7\n"
        "    add r3, r0, \\a, asr #31\n"
        "    smmlar \\a, \\a, r2, r3\n"
        "    asr \\a, \\a, r5\n"
        "    ssat \\a, #8, \\a, asr #1\n"
        ".endm\n"
        ".macro nn_channel a0, a1, a2, a3\n"
        "    ldr r2, [r1], #4\n"
        "    uxtb r5, \\a0\n"
        "    lsl r0, r4, r5\n"
        "    nn_round \\a0\n"
        "    nn_round \\a1\n"
        "    nn_round \\a2\n"
        "    nn_round \\a3\n"
        ".endm\n"

        "    push {r4-r11, lr}\n"
        "    sub sp, sp, #36\n"
        "    strd r2, r3, [sp]\n"      /* output, stride */
        "    ldrd r4, r5, [r0, #12]\n" /* round, shift */
        "    strd r4, r5, [sp, #8]\n"
        "    adr r6, 3f\n"
        "    adr r7, 5f\n"
        "    cmp r4, #0\n"
        "    it eq\n"
        "    moveq r6, r7\n"
        "    adr r7, 7f\n"
        "    cmp r5, #0\n"
        "    it ne\n"
        "    movne r6, r7\n"
        "    adr r7, 8f\n"
        "    cmp r5, #12\n"
        "    it eq\n"
        "    moveq r6, r7\n"
        "    orr r6, r6, #1\n"
        "    str r6, [sp, #32]\n" /* which rescaling */
        "    orrs r6, r4, r5\n"
        "    ldrd r4, r5, [r0, #4]\n" /* units, pairs */
        "    ite eq\n"
        "    addeq r2, r2, r5, lsl #5\n"
        "    addne r2, r2, r5, lsl #1\n"
        "    add r6, r1, r4, lsl #5\n"
        "    strd r6, r2, [sp, #24]\n" /* block end, output end */
        "    ldr r3, [r0]\n"           /* stream */
        /* Entry: with u units after the first, -u modulo 4 units into the loop; straight to the end if u is 0. */
        NN_BLOCK_ENTRY "    strd r1, r5, [sp, #16]\n" /* block, entry */
        "    mov r1, r3\n"

        "0:\n"
        "    ldr r0, [sp, #16]\n"
        "    ldmia.w r1!, {r9, lr}\n"
        "    ldmia r1!, {r2, r3}\n"
        "    ldmia r0!, {r4, r5}\n"
        "    nn_macs r6, r7, r10, r11, r9, r9, lr, lr\n"
        "    ldmia r0!, {r4, r5}\n"
        "    nn_macs r8, r9, r12, lr, r9, r9, lr, lr\n"
        "    nn_even\n"
        "    ldr pc, [sp, #20]\n"

        "    .balign 4\n"
        "1:\n"
        "    nn_unit\n"
        "    nn_unit\n"
        "    nn_unit\n"
        "    nn_unit\n"
        "9:\n"
        "    ldr r4, [sp, #24]\n"
        "    cmp r0, r4\n"
        "    bne 1b\n"

        "    .balign 4\n"
        "2:\n"
        "    ldrd r4, r5, [sp, #8]\n"
        "    ldr pc, [sp, #32]\n"

        /* One-sided. */
        "    .balign 4\n"
        "7:\n"
        "    ldmia r1!, {r2, r3}\n"
        "    .irp a, r6, r7, r8, r9\n"
        "    smmul \\a, \\a, r2\n"
        "    .endr\n"
        "    .irp a, r10, r11, r12, lr\n"
        "    smmul \\a, \\a, r3\n"
        "    .endr\n"
        "    .irp a, r6, r7, r8, r9, r10, r11, r12, lr\n"
        "    asr \\a, \\a, r5\n"
        "    ssat \\a, #8, \\a\n"
        "    .endr\n"
        "    b 4f\n"

        /* One-sided with the shift that saturation can do by itself. */
        "    .balign 4\n"
        "8:\n"
        "    ldmia r1!, {r2, r3}\n"
        "    .irp a, r6, r7, r8, r9\n"
        "    smmul \\a, \\a, r2\n"
        "    ssat \\a, #8, \\a, asr #12\n"
        "    .endr\n"
        "    .irp a, r10, r11, r12, lr\n"
        "    smmul \\a, \\a, r3\n"
        "    ssat \\a, #8, \\a, asr #12\n"
        "    .endr\n"

        "4:\n" NN_BLOCK_STORE_S8("28") "6:\n"
                                       "    add sp, sp, #36\n"
                                       "    pop {r4-r11, pc}\n"

                                       /* Two-sided. */
                                       "    .balign 4\n"
                                       "3:\n"
                                       "    nn_channel r6, r7, r8, r9\n"
                                       "    nn_channel r10, r11, r12, lr\n"
                                       "    b 4b\n"

                                       /* Wide: the eight sums are added to the ones in memory. */
                                       "    .balign 4\n"
                                       "5:\n"
                                       "    ldr r0, [sp]\n"
                                       "    adds r1, #8\n"
                                       "    ldm r0, {r2-r5}\n"
                                       "    add r2, r2, r6, asr #8\n"
                                       "    add r3, r3, r7, asr #8\n"
                                       "    add r4, r4, r8, asr #8\n"
                                       "    add r5, r5, r9, asr #8\n"
                                       "    stm r0!, {r2-r5}\n"
                                       "    ldm r0, {r2-r5}\n"
                                       "    add r2, r2, r10, asr #8\n"
                                       "    add r3, r3, r11, asr #8\n"
                                       "    add r4, r4, r12, asr #8\n"
                                       "    add r5, r5, lr, asr #8\n"
                                       "    stm r0!, {r2-r5}\n"
                                       "    ldr r5, [sp, #28]\n"
                                       "    str r0, [sp]\n"
                                       "    cmp r0, r5\n"
                                       "    bne 0b\n"
                                       "    b 6b\n"

                                       ".purgem nn_macs\n"
                                       ".purgem nn_even\n"
                                       ".purgem nn_unit\n"
                                       ".purgem nn_round\n"
                                       ".purgem nn_channel\n");
}

#else

/* 256 times the accumulators of one channel for four pixels, in `acc`. */
static void accumulate(const uint32_t *block, const uint32_t *weights, int32_t units, int32_t acc[NN_GEMM_PIXELS]) {
    for (int32_t unit = 0; unit < units; ++unit) {
        const uint32_t *x = block + unit * NN_GEMM_UNIT_WORDS;
        const uint32_t raw = weights[2 * unit];
        const uint32_t even = nn_sxtb16(raw);
        for (int32_t p = 0; p < NN_GEMM_PIXELS; ++p) {
            acc[p] = nn_smlad(x[p], raw, acc[p]);
            acc[p] = nn_smlad(x[NN_GEMM_PIXELS + p], even, acc[p]);
        }
    }
}

void nn_gemm4_dsp(const struct nn_gemm_dsp *op, const uint32_t *block, int8_t *output, int32_t stride) {
    const uint32_t *stream = op->stream;
    for (int32_t channel = 0; channel < 2 * op->pairs; ++channel) {
        const int32_t half = channel & 1;
        const int32_t bias = (int32_t)stream[half];
        int32_t acc[NN_GEMM_PIXELS] = {bias, bias, bias, bias};
        accumulate(block, stream + 2 + half, op->units, acc);
        for (int32_t p = 0; p < NN_GEMM_PIXELS; ++p) {
            if (op->shift == 0 && op->round == 0) {
                ((int32_t *)(void *)output)[channel * NN_GEMM_PIXELS + p] += acc[p] >> 8;
                continue;
            }
            output[p * stride + channel] = rescale(op, acc[p], (int32_t)stream[2 + 2 * op->units + half]);
        }
        stream += half ? 4 + 2 * op->units : 0;
    }
}

#endif
