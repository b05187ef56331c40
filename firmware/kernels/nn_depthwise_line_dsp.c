#include "nn_depthwise_line_dsp.h"

#include <stddef.h>

#include "nn_dsp.h"

#if NN_HAS_DSP

_Static_assert(offsetof(struct nn_depthwise_line_dsp, bias) == 8 && offsetof(struct nn_depthwise_line_dsp, odd) == 36,
               "the assembly loads the members in this order");

/* Registers: r0 the ring, r1 r2 r3 a word of each line, r4 r5 constants, r6 to r11 weights, r12 and lr two outputs.
 * Stack: bias, end, multiplier, shift, output, step, round, odd. The struct is laid out for the two LDMs.
 * An odd last output is computed as a pair whose second half is stored first, to the same place. */
#define LINE_BEGIN                                                                                                     \
    "    push {r4-r11, lr}\n"                                                                                          \
    "    ldm r0, {r0-r8, r12}\n"                                                                                       \
    "    push {r2-r8, r12}\n"                                                                                          \
    "    ldm r1, {r6-r11}\n"                                                                                           \
    "    ldm r0!, {r1-r3}\n"                                                                                           \
    "    b 2f\n"                                                                                                       \
    "1:\n"                                                                                                             \
    "    ldr lr, [sp]\n"

#define LINE_STRIDE1                                                                                                   \
    "    smlad r12, r1, r6, lr\n"                                                                                      \
    "    smlatb lr, r1, r6, lr\n"                                                                                      \
    "    smlad r12, r2, r8, r12\n"                                                                                     \
    "    smlatb lr, r2, r8, lr\n"                                                                                      \
    "    smlad r12, r3, r10, r12\n"                                                                                    \
    "    smlatb lr, r3, r10, lr\n"                                                                                     \
    "    ldm r0!, {r1-r3}\n"                                                                                           \
    "    smlabt r12, r1, r7, r12\n"                                                                                    \
    "    smlad lr, r1, r7, lr\n"                                                                                       \
    "    smlabt r12, r2, r9, r12\n"                                                                                    \
    "    smlad lr, r2, r9, lr\n"                                                                                       \
    "    smlabt r12, r3, r11, r12\n"                                                                                   \
    "    smlad lr, r3, r11, lr\n"

#define LINE_STRIDE2                                                                                                   \
    "    smlad r12, r1, r6, lr\n"                                                                                      \
    "    smlad r12, r2, r8, r12\n"                                                                                     \
    "    smlad r12, r3, r10, r12\n"                                                                                    \
    "    ldm r0!, {r1-r3}\n"                                                                                           \
    "    smlabt r12, r1, r7, r12\n"                                                                                    \
    "    smlad lr, r1, r6, lr\n"                                                                                       \
    "    smlabt r12, r2, r9, r12\n"                                                                                    \
    "    smlad lr, r2, r8, lr\n"                                                                                       \
    "    smlabt r12, r3, r11, r12\n"                                                                                   \
    "    smlad lr, r3, r10, lr\n"                                                                                      \
    "    ldm r0!, {r1-r3}\n"                                                                                           \
    "    smlabt lr, r1, r7, lr\n"                                                                                      \
    "    smlabt lr, r2, r9, lr\n"                                                                                      \
    "    smlabt lr, r3, r11, lr\n"

#define LINE_ONE_SIDED                                                                                                 \
    "    ldrd r4, r5, [sp, #8]\n"                                                                                      \
    "    smmul r12, r12, r4\n"                                                                                         \
    "    smmul lr, lr, r4\n"                                                                                           \
    "    asr r12, r12, r5\n"                                                                                           \
    "    asr lr, lr, r5\n"                                                                                             \
    "    ssat r12, #8, r12\n"                                                                                          \
    "    ssat lr, #8, lr\n"

#define LINE_TWO_SIDED                                                                                                 \
    "    ldrd r4, r5, [sp, #8]\n"                                                                                      \
    "    smmulr r12, r12, r4\n"                                                                                        \
    "    smmulr lr, lr, r4\n"                                                                                          \
    "    ldr r4, [sp, #24]\n"                                                                                          \
    "    add r12, r12, r12, asr #31\n"                                                                                 \
    "    add lr, lr, lr, asr #31\n"                                                                                    \
    "    add r12, r12, r4\n"                                                                                           \
    "    add lr, lr, r4\n"                                                                                             \
    "    asr r12, r12, r5\n"                                                                                           \
    "    asr lr, lr, r5\n"                                                                                             \
    "    ssat r12, #8, r12, asr #1\n"                                                                                  \
    "    ssat lr, #8, lr, asr #1\n"

/* `pair` is how far r0 moves in a pair of outputs. */
#define LINE_END(pair)                                                                                                 \
    "    ldrd r4, r5, [sp, #16]\n"                                                                                     \
    "    strb lr, [r4, r5]\n"                                                                                          \
    "    strb r12, [r4]\n"                                                                                             \
    "    add r4, r4, r5, lsl #1\n"                                                                                     \
    "    str r4, [sp, #16]\n"                                                                                          \
    "2:\n"                                                                                                             \
    "    ldr r4, [sp, #4]\n"                                                                                           \
    "    cmp r0, r4\n"                                                                                                 \
    "    bne 1b\n"                                                                                                     \
    "    ldr r5, [sp, #28]\n"                                                                                          \
    "    cbz r5, 3f\n"                                                                                                 \
    "    adds r4, #" pair "\n"                                                                                         \
    "    movs r5, #0\n"                                                                                                \
    "    str r4, [sp, #4]\n"                                                                                           \
    "    str r5, [sp, #20]\n"                                                                                          \
    "    str r5, [sp, #28]\n"                                                                                          \
    "    b 1b\n"                                                                                                       \
    "3:\n"                                                                                                             \
    "    add sp, sp, #32\n"                                                                                            \
    "    pop {r4-r11, pc}\n"

#define LINE_FUNCTION(name, stride, rescale, pair)                                                                     \
    __attribute__((naked, noinline)) void name(const struct nn_depthwise_line_dsp *line NN_UNUSED) {                   \
        __asm__ volatile(".syntax unified\n" LINE_BEGIN stride rescale LINE_END(pair));                                \
    }

LINE_FUNCTION(nn_depthwise_line1_one_sided_dsp, LINE_STRIDE1, LINE_ONE_SIDED, "12")
LINE_FUNCTION(nn_depthwise_line1_two_sided_dsp, LINE_STRIDE1, LINE_TWO_SIDED, "12")
LINE_FUNCTION(nn_depthwise_line2_one_sided_dsp, LINE_STRIDE2, LINE_ONE_SIDED, "24")
LINE_FUNCTION(nn_depthwise_line2_two_sided_dsp, LINE_STRIDE2, LINE_TWO_SIDED, "24")

#else

static int32_t rescale(const struct nn_depthwise_line_dsp *line, int32_t acc, int32_t one_sided) {
    if (one_sided) {
        return nn_ssat8(nn_smmul(acc, line->multiplier) >> line->shift);
    }
    const int32_t rounded = nn_smmlar(acc, line->multiplier, 0);
    return nn_ssat8((rounded + (rounded >> 31) + line->round) >> line->shift >> 1);
}

/* The outputs one by one, in the order of the assembly. */
static void compute_line(const struct nn_depthwise_line_dsp *line, int32_t stride, int32_t one_sided) {
    const int32_t pair_words = stride * NN_DEPTHWISE3_LINES;
    const int32_t outputs = 2 * (int32_t)((line->end - line->ring - NN_DEPTHWISE3_LINES) / pair_words) + line->odd;
    for (int32_t i = 0; i < outputs; ++i) {
        int32_t acc = line->bias;
        for (int32_t tap = 0; tap < NN_DEPTHWISE3_LINES; ++tap) {
            const int32_t element = i * stride + tap;
            for (int32_t k = 0; k < NN_DEPTHWISE3_LINES; ++k) {
                const uint32_t word = line->ring[element / 2 * NN_DEPTHWISE3_LINES + k];
                const uint32_t pair = line->weights[2 * k + (tap == 2)];
                const int32_t weight = tap == 0 ? nn_low(pair) : nn_high(pair);
                acc = nn_wrapping_add(acc, (element % 2 ? nn_high(word) : nn_low(word)) * weight);
            }
        }
        line->output[i * line->output_step] = (int8_t)rescale(line, acc, one_sided);
    }
}

void nn_depthwise_line1_one_sided_dsp(const struct nn_depthwise_line_dsp *line) {
    compute_line(line, 1, 1);
}

void nn_depthwise_line1_two_sided_dsp(const struct nn_depthwise_line_dsp *line) {
    compute_line(line, 1, 0);
}

void nn_depthwise_line2_one_sided_dsp(const struct nn_depthwise_line_dsp *line) {
    compute_line(line, 2, 1);
}

void nn_depthwise_line2_two_sided_dsp(const struct nn_depthwise_line_dsp *line) {
    compute_line(line, 2, 0);
}

#endif
