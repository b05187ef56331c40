#include "nn_fully_connected_dsp.h"

#include <stddef.h>
#include <string.h>

#include "nn_clamp_dsp.h"
#include "nn_dsp.h"
#include "nn_gemm_dsp.h"
#include "nn_requant_dsp.h"

enum { ROWS = NN_DENSE_ROWS, UNIT = NN_GEMM_UNIT };

/* What the inner function needs; the assembly knows the layout. With neither round nor one_sided, outputs are sums as
 * they are, added to those that are there, or in their place where the multiplier is 0. */
struct rows {
    int32_t multiplier, shift, round, one_sided;
    const uint32_t *input; /* [units][2]: o and z of nn_gemm_dsp.h */
    int8_t *output;
    const int8_t *output_end;
    const uint32_t *input_end;
    const uint32_t *stream;
    int32_t units;
};

#if NN_HAS_DSP

_Static_assert(offsetof(struct rows, output) == 20 && offsetof(struct rows, units) == 36,
               "the assembly loads the members in this order");

/* Registers: r0 input, r1 stream, r2 to r5 weights, r6 to r9 outputs, r10 r11 input words, r12 end of the input, lr
 * where to enter the loop, which is unrolled four times. Stack: the first seven members of the struct. */
__attribute__((naked, noinline)) static void compute_rows(const struct rows *rows NN_UNUSED) {
    __asm__ volatile(".syntax unified\n"
                     ".macro nn_unit\n"
                     "    ldm r1!, {r2-r5}\n"
                     "    ldm r0!, {r10, r11}\n"
                     "    smlad r6, r10, r2, r6\n"
                     "    smlad r7, r10, r3, r7\n"
                     "    smlad r8, r10, r4, r8\n"
                     "    smlad r9, r10, r5, r9\n"
                     "    sxtb16 r2, r2\n"
                     "    sxtb16 r3, r3\n"
                     "    sxtb16 r4, r4\n"
                     "    sxtb16 r5, r5\n"
                     "    smlad r6, r11, r2, r6\n"
                     "    smlad r7, r11, r3, r7\n"
                     "    smlad r8, r11, r4, r8\n"
                     "    smlad r9, r11, r5, r9\n"
                     ".endm\n"
                     "    push {r4-r11, lr}\n"
                     "    ldm r0, {r1-r9, r12}\n"
                     "    push {r1-r7}\n"
                     /* -units modulo 4 units into the loop */
                     "    rsb r2, r12, #0\n"
                     "    and r2, r2, #3\n"
                     "    adr r4, 3f\n"
                     "    adr r3, 4f\n"
                     "    subs r3, r3, r4\n"
                     "    muls r2, r3, r2\n"
                     "    add lr, r4, r2, lsr #2\n"
                     "    orr lr, lr, #1\n"
                     "    mov r12, r8\n"
                     "    mov r1, r9\n"
                     "1:\n"
                     "    ldr r0, [sp, #16]\n"
                     "    ldm r1!, {r6-r9}\n"
                     "    bx lr\n"
                     "    .balign 4\n"
                     "3:\n"
                     "    nn_unit\n"
                     "    nn_unit\n"
                     "    nn_unit\n"
                     "    nn_unit\n"
                     "4:\n"
                     "    cmp r0, r12\n"
                     "    bne 3b\n"
                     "    ldm sp, {r2-r5}\n"
                     "    cbz r5, 5f\n"
                     "    .irp a, r6, r7, r8, r9\n"
                     "    smmul \\a, \\a, r2\n"
                     "    asr \\a, \\a, r3\n"
                     "    ssat \\a, #8, \\a\n"
                     "    .endr\n"
                     "2:\n"
                     "    ldrd r2, r3, [sp, #20]\n"
                     "    strb r7, [r2, #1]\n"
                     "    strb r8, [r2, #2]\n"
                     "    strb r9, [r2, #3]\n"
                     "    strb r6, [r2], #4\n"
                     "7:\n"
                     "    str r2, [sp, #20]\n"
                     "    cmp r2, r3\n"
                     "    bne 1b\n"
                     "    add sp, sp, #28\n"
                     "    pop {r4-r11, pc}\n"
                     "5:\n"
                     "    cbz r4, 6f\n"
                     "    .irp a, r6, r7, r8, r9\n"
                     "    asr \\a, \\a, #7\n"
                     "    add r5, r4, \\a, asr #31\n"
                     "    smmlar \\a, \\a, r2, r5\n"
                     "    asr \\a, \\a, r3\n"
                     "    ssat \\a, #8, \\a, asr #1\n"
                     "    .endr\n"
                     "    b 2b\n"
                     "6:\n"
                     "    ldr r0, [sp, #20]\n"
                     "    cbz r2, 8f\n"
                     "    ldm r0, {r2-r5}\n"
                     "    add r2, r2, r6, asr #8\n"
                     "    add r3, r3, r7, asr #8\n"
                     "    add r4, r4, r8, asr #8\n"
                     "    add r5, r5, r9, asr #8\n"
                     "9:\n"
                     "    stm r0!, {r2-r5}\n"
                     "    mov r2, r0\n"
                     "    ldr r3, [sp, #24]\n"
                     "    b 7b\n"
                     "8:\n"
                     "    asr r2, r6, #8\n"
                     "    asr r3, r7, #8\n"
                     "    asr r4, r8, #8\n"
                     "    asr r5, r9, #8\n"
                     "    b 9b\n"
                     ".purgem nn_unit\n");
}

#else

static int32_t rescale(const struct rows *rows, int32_t acc) {
    if (rows->one_sided) {
        return nn_ssat8(nn_smmul(acc, rows->multiplier) >> rows->shift);
    }
    const int32_t doubled = acc >> 7;
    return nn_ssat8(nn_smmlar(doubled, rows->multiplier, rows->round + (doubled >> 31)) >> rows->shift >> 1);
}

static void compute_rows(const struct rows *rows) {
    const uint32_t *stream = rows->stream;
    const int32_t wide = !rows->one_sided && rows->round == 0;
    for (int8_t *output = rows->output; output != rows->output_end; output += wide ? 4 * ROWS : ROWS) {
        for (int32_t row = 0; row < ROWS; ++row) {
            int32_t acc = (int32_t)stream[row];
            for (int32_t unit = 0; unit < rows->units; ++unit) {
                const uint32_t word = stream[ROWS + unit * ROWS + row];
                acc = nn_smlad(rows->input[2 * unit], word, acc);
                acc = nn_smlad(rows->input[2 * unit + 1], nn_sxtb16(word), acc);
            }
            if (wide) {
                int32_t *sum = (int32_t *)(void *)output + row;
                *sum = (rows->multiplier != 0 ? *sum : 0) + (acc >> 8);
            } else {
                output[row] = (int8_t)rescale(rows, acc);
            }
        }
        stream += ROWS + ROWS * rows->units;
    }
}

#endif

static inline void expand_word(struct nn_gemm_expansion e, uint32_t word, uint32_t *operands) {
    const uint32_t odd = nn_sxtab16_odd(e.offset, word);
    operands[0] = odd;
    operands[1] = nn_ssub16(e.mask & (word << 8), odd);
}

/* The input as operands; the last word is filled up with zeros, which meet weights of zero. */
static void expand(const int8_t *input, int32_t size, uint32_t *operands) {
    const struct nn_gemm_expansion e = nn_gemm_expansion();
    const int32_t left = size % UNIT;
    for (const int8_t *end = input + size - left; input != end; input += UNIT, operands += 2) {
        expand_word(e, nn_load_word(input), operands);
    }
    if (left > 0) {
        uint32_t word = 0;
        memcpy(&word, input, (size_t)left);
        expand_word(e, word, operands);
    }
}

void nn_dense_sums_s8_dsp(const uint32_t *stream, const int8_t *input, int32_t input_size, uint32_t *operands,
                          int32_t *sums, int32_t rows) {
    const int32_t units = (input_size + UNIT - 1) / UNIT;
    const struct rows all = {.input = operands,
                             .output = (int8_t *)sums,
                             .output_end = (int8_t *)(sums + rows),
                             .input_end = operands + 2 * units,
                             .stream = stream,
                             .units = units};
    expand(input, input_size, operands);
    compute_rows(&all);
}

void nn_fully_connected_s8_dsp(const struct nn_fully_connected_s8_dsp *op, const int8_t *input, int8_t *output,
                               void *scratch) {
    const int32_t units = (op->input_size + UNIT - 1) / UNIT;
    const int32_t full = op->output_size / ROWS * ROWS;
    const int32_t left = op->output_size - full;
    uint32_t *operands = scratch;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        expand(input, op->input_size, operands);
        struct rows rows = {op->multiplier,       op->shift,  op->round, op->one_sided, operands, output, output + full,
                            operands + 2 * units, op->stream, units};
        if (full > 0) {
            compute_rows(&rows);
        }
        if (left > 0) {
            int8_t last[ROWS];
            rows.stream = op->stream + full * (units + 1);
            rows.output = last;
            rows.output_end = last + ROWS;
            compute_rows(&rows);
            memcpy(output + full, last, (size_t)left);
        }
        nn_clamp_s8_dsp(output, op->output_size, op->activation_min, op->activation_max);
        input += op->input_size;
        output += op->output_size;
    }
}

/* All parts of a batch, added up in `sums`. */
static void sum_parts(const struct nn_fully_connected_wide_s8_dsp *op, const int8_t *input, uint32_t *operands,
                      int32_t units, int32_t *sums) {
    const int32_t size = (op->output_size + ROWS - 1) / ROWS * ROWS;
    struct rows rows = {.multiplier = 1,
                        .input = operands,
                        .output_end = (int8_t *)(sums + size),
                        .input_end = operands + 2 * units,
                        .stream = op->stream + size,
                        .units = units};
    for (int32_t i = 0; i < size; ++i) {
        sums[i] = (int32_t)op->stream[i];
    }
    for (int32_t left = op->input_size; left > 0; left -= UNIT * units) {
        if (left < UNIT * units) {
            rows.units = (left + UNIT - 1) / UNIT;
            rows.input_end = operands + 2 * rows.units;
        }
        expand(input, left < UNIT * units ? left : UNIT * units, operands);
        input += UNIT * units;
        rows.output = (int8_t *)sums;
        compute_rows(&rows);
        rows.stream += size * (rows.units + 1);
    }
}

/* The outputs of one batch but for the activation; what `op` has is read once: the output might alias it. */
static void store_outputs(const struct nn_fully_connected_wide_s8_dsp *op, const int32_t *sums, int8_t *output) {
    const int32_t *multiplier = op->requant.multiplier;
    const int8_t *shift = op->requant.shift;
    const int32_t step = op->requant.per_channel ? 1 : 0;
    const int32_t round = op->round;
    for (const int32_t *end = sums + op->output_size; sums != end; multiplier += step, shift += step) {
        *output++ = nn_rescale_s8_dsp(*sums++, *multiplier, -*shift, round);
    }
}

void nn_fully_connected_wide_s8_dsp(const struct nn_fully_connected_wide_s8_dsp *op, const int8_t *input,
                                    int8_t *output, void *scratch) {
    const int32_t units = ((op->input_size + UNIT - 1) / UNIT + op->parts - 1) / op->parts;
    uint32_t *operands = scratch;
    int32_t *sums = (int32_t *)scratch + 2 * units;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        sum_parts(op, input, operands, units, sums);
        if (op->round != 0) {
            store_outputs(op, sums, output);
            nn_clamp_s8_dsp(output, op->output_size, op->activation_min, op->activation_max);
        } else {
            for (int32_t i = 0; i < op->output_size; ++i) {
                output[i] = nn_output_s8(sums[i], &op->requant, i, op->output_zero_point, op->activation_min,
                                         op->activation_max);
            }
        }
        output += op->output_size;
        input += op->input_size;
    }
}
