#include "nn_f32.h"

#include <stddef.h>

#include "nn_conv_f32_fpu.h"
#include "nn_fpu.h"
#include "nn_window.h"

enum { GROUP = NN_DEPTHWISE_F32_GROUP };

/* Four outputs of a pixel, or what is left, whose inputs are anywhere in it: output o is of channel o / multiplier. */
NN_APART static void scattered(const struct nn_depthwise_conv2d_f32_fpu *op, const struct nn_depthwise_taps *taps,
                               const float *input, int32_t o, const float *weights, float *output) {
    const int32_t last = op->input_channels * op->multiplier - 1, bytes = (int32_t)sizeof(float);
    const int32_t step = taps->step / bytes, next_row = taps->next_row / bytes, left_out = taps->left_out / bytes;
    const float *in0 = input + o / op->multiplier;
    const float *in1 = input + (o + 1 < last ? o + 1 : last) / op->multiplier;
    const float *in2 = input + (o + 2 < last ? o + 2 : last) / op->multiplier;
    const float *in3 = input + (o + 3 < last ? o + 3 : last) / op->multiplier;
    float s0 = 0.0F, s1 = 0.0F, s2 = 0.0F, s3 = 0.0F;
    int32_t at = 0;
    weights += taps->to_first / bytes;
    for (int32_t row = taps->rows; row > 0; --row, at += next_row, weights += left_out) {
        for (int32_t left = taps->columns; left > 0; --left, at += step, weights += GROUP) {
            s0 += in0[at] * weights[0];
            s1 += in1[at] * weights[1];
            s2 += in2[at] * weights[2];
            s3 += in3[at] * weights[3];
        }
    }
    const float *bias = weights + taps->to_tail / bytes;
    const float sums[GROUP] = {s0 + bias[0], s1 + bias[1], s2 + bias[2], s3 + bias[3]};
    for (int32_t i = 0; i < GROUP && o + i <= last; ++i) {
        output[i] = sums[i];
    }
}

/* Outputs that are neighbours, as their inputs are: of one pixel, or of several whose windows are inside alike. `first`
 * is where the window begins inside the image. */
NN_APART static void neighbours(const struct nn_depthwise_conv2d_f32_fpu *op, const struct nn_depthwise_taps *taps,
                                const float *first, int32_t outputs, const float *weights, float *output) {
    const int32_t next = GROUP * (op->window.kernel_height * op->window.kernel_width + 1);
    int32_t not_finite = 0;
    for (int32_t o = 0; o < outputs; o += GROUP, weights += next) {
        const int32_t from = o + GROUP <= outputs ? o : outputs - GROUP; /* with some of those before */
        not_finite |= nn_depthwise4_f32_fpu(taps, first + from, weights, output + from);
    }
    nn_limit_f32_fpu(output, outputs, op->activation_min, op->activation_max, !not_finite);
}

/* All outputs of one pixel. */
static void one_pixel(const struct nn_depthwise_conv2d_f32_fpu *op, const struct nn_depthwise_taps *taps,
                      const float *first, const float *weights, float *output) {
    const int32_t outputs = op->input_channels * op->multiplier;
    if (op->multiplier == 1 && outputs >= GROUP) {
        neighbours(op, taps, first, outputs, weights, output);
        return;
    }
    const int32_t next = GROUP * (op->window.kernel_height * op->window.kernel_width + 1);
    for (int32_t o = 0; o < outputs; o += GROUP, weights += next) {
        scattered(op, taps, first, o, weights, output + o);
    }
    nn_limit_f32_fpu(output, outputs, op->activation_min, op->activation_max, 0);
}

void nn_depthwise_conv2d_f32_fpu(const struct nn_depthwise_conv2d_f32_fpu *op, const float *input, float *output) {
    const struct nn_window *window = &op->window;
    const int32_t channels = op->input_channels, pixel_bytes = channels * (int32_t)sizeof(float);
    const int32_t span = op->together - 1 + (window->kernel_width - 1) * window->dilation_width;
    struct nn_depthwise_taps taps = {.positive = op->activation_min == 0.0F};
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            const struct nn_span rows = nn_window_rows(window, y);
            const int32_t top = rows.origin + rows.begin * window->dilation_height;
            struct nn_span fitted = {0, -1, -1};
            for (int32_t x = 0, count; x < window->output_width;
                 x += count, output += count * channels * op->multiplier) {
                const struct nn_span columns = nn_window_columns(window, x);
                if (columns.begin != fitted.begin || columns.end != fitted.end) {
                    nn_depthwise_fit(window, pixel_bytes, GROUP * (int32_t)sizeof(float), 0, rows, columns, &taps);
                    fitted = columns;
                }
                const int32_t left = columns.origin + columns.begin * window->dilation_width;
                const float *first = input + (top * window->input_width + left) * channels;
                count = 1;
                if (op->together > 1 && columns.origin >= 0 && columns.origin + span < window->input_width &&
                    x + op->together <= window->output_width) {
                    count = op->together;
                    neighbours(op, &taps, first, count * channels, op->stream_together, output);
                } else {
                    one_pixel(op, &taps, first, op->stream, output);
                }
            }
        }
        input += window->input_height * window->input_width * channels;
    }
}

#if NN_HAS_FPU

_Static_assert(offsetof(struct nn_depthwise_taps, to_tail) == 24 && offsetof(struct nn_depthwise_taps, positive) == 28,
               "the assembly loads the members in this order");

/* Registers: r0 the taps, r1 the input, r2 the weights, r3 the output, r4 rows left, r5 columns, r6 step, r7 next_row,
 * r8 left_out, r9 columns left, r12 to_tail; s0 to s3 sums, s4 to s7 inputs and products, s8 to s11 weights. */
__attribute__((naked, noinline)) int32_t nn_depthwise4_f32_fpu(const struct nn_depthwise_taps *taps NN_UNUSED,
                                                               const float *input NN_UNUSED,
                                                               const float *weights NN_UNUSED,
                                                               float *output NN_UNUSED) {
    __asm__ volatile(".syntax unified\n"
                     ".macro nn_step\n"
                     "    vldm r2!, {s8-s11}\n"
                     "    vldm r1, {s4-s7}\n"
                     "    add r1, r1, r6\n"
                     "    vmul.f32 s4, s4, s8\n"
                     "    vmul.f32 s5, s5, s9\n"
                     "    vmul.f32 s6, s6, s10\n"
                     "    vmul.f32 s7, s7, s11\n"
                     "    vadd.f32 s0, s0, s4\n"
                     "    vadd.f32 s1, s1, s5\n"
                     "    vadd.f32 s2, s2, s6\n"
                     "    vadd.f32 s3, s3, s7\n"
                     ".endm\n"

                     "    push {r4-r9}\n"
                     "    ldm r0, {r4, r5, r6, r7, r8, r9, r12}\n"
                     "    add r2, r2, r9\n"
                     "    movs r9, #0\n"
                     "    vmov d0, r9, r9\n"
                     "    vmov d1, r9, r9\n"
                     "    cmp r4, #0\n"
                     "    beq 5f\n"
                     "0:\n"
                     "    subs r9, r5, #3\n"
                     "    blt 2f\n"
                     "1:\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    nn_step\n"
                     "    subs r9, #3\n"
                     "    bge 1b\n"
                     "2:\n"
                     "    adds r9, #3\n"
                     "    beq 4f\n"
                     "3:\n"
                     "    nn_step\n"
                     "    subs r9, #1\n"
                     "    bne 3b\n"
                     "4:\n"
                     "    add r1, r1, r7\n"
                     "    add r2, r2, r8\n"
                     "    subs r4, #1\n"
                     "    bne 0b\n"
                     "5:\n"
                     "    add r2, r2, r12\n"
                     "    vldm r2, {s8-s11}\n"
                     "    vadd.f32 s0, s0, s8\n"
                     "    vadd.f32 s1, s1, s9\n"
                     "    vadd.f32 s2, s2, s10\n"
                     "    vadd.f32 s3, s3, s11\n"
                     /* Not finite: then so is the sum of all, and its difference to itself is no number. */
                     "    vadd.f32 s4, s0, s1\n"
                     "    vadd.f32 s5, s2, s3\n"
                     "    ldr r9, [r0, #28]\n"
                     "    vadd.f32 s4, s4, s5\n"
                     "    movs r0, #0\n"
                     "    vsub.f32 s4, s4, s4\n"
                     "    vcmp.f32 s4, s4\n"
                     "    vmrs APSR_nzcv, fpscr\n"
                     "    it vs\n"
                     "    movvs r0, #1\n"
                     "    bvs 6f\n"
                     "    cmp r9, #0\n"
                     "    beq 6f\n"
                     "    vmov r4, r5, s0, s1\n"
                     "    vmov r6, r7, s2, s3\n"
                     "    bic r4, r4, r4, asr #31\n"
                     "    bic r5, r5, r5, asr #31\n"
                     "    bic r6, r6, r6, asr #31\n"
                     "    bic r7, r7, r7, asr #31\n"
                     "    stm r3, {r4-r7}\n"
                     "    pop {r4-r9}\n"
                     "    bx lr\n"
                     "6:\n"
                     "    vstm r3, {s0-s3}\n"
                     "    pop {r4-r9}\n"
                     "    bx lr\n"
                     ".purgem nn_step\n");
}

#else

int32_t nn_depthwise4_f32_fpu(const struct nn_depthwise_taps *taps, const float *input, const float *weights,
                              float *output) {
    float sums[GROUP] = {0.0F, 0.0F, 0.0F, 0.0F};
    weights += taps->to_first / (int32_t)sizeof(float);
    for (int32_t row = taps->rows; row > 0; --row) {
        for (int32_t left = taps->columns; left > 0; --left, weights += GROUP) {
            for (int32_t i = 0; i < GROUP; ++i) {
                sums[i] += input[i] * weights[i];
            }
            input += taps->step / (int32_t)sizeof(float);
        }
        input += taps->next_row / (int32_t)sizeof(float);
        weights += taps->left_out / (int32_t)sizeof(float);
    }
    weights += taps->to_tail / (int32_t)sizeof(float);
    for (int32_t i = 0; i < GROUP; ++i) {
        sums[i] += weights[i];
    }
    const float sum = (sums[0] + sums[1]) + (sums[2] + sums[3]);
    const int32_t finite = sum - sum == 0.0F;
    for (int32_t i = 0; i < GROUP; ++i) {
        output[i] = finite && taps->positive && sums[i] < 0.0F ? 0.0F : sums[i];
    }
    return !finite;
}

#endif
