#include "nn_depthwise_rows_dsp.h"

#include <stddef.h>

#include "nn_depthwise_plane_dsp.h"
#include "nn_dsp.h"

enum { CHANNELS = NN_DEPTHWISE_PLANE_CHANNELS };

#if NN_HAS_DSP

/* Registers: r0 pixels, r1 the group, r2 to r5 pixels and weights, r6 to r9 four channels, r10 row_rest, r11 output.
 * Stack: rows, band, end of the row of outputs, `round`. */
#define TAP                                                                                                            \
    "    ldrd r2, r3, [r0], #8\n"                                                                                      \
    "    ldrd r4, r5, [r1], #8\n"                                                                                      \
    "    smlabb r6, r2, r4, r6\n"                                                                                      \
    "    smlabb r7, r3, r5, r7\n"                                                                                      \
    "    smlatt r8, r2, r4, r8\n"                                                                                      \
    "    smlatt r9, r3, r5, r9\n"

/* 3x3: r12 output_step, lr next_window. */
#define ROWS3_BEGIN                                                                                                    \
    "    push {r4-r11, lr}\n"                                                                                          \
    "    sub sp, sp, #16\n"                                                                                            \
    "    strd r3, r0, [sp]\n"                                                                                          \
    "    ldr r4, [r0, #24]\n"                                                                                          \
    "    str r4, [sp, #12]\n"                                                                                          \
    "    mov r11, r2\n"                                                                                                \
    "    ldr r12, [r0, #16]\n"                                                                                         \
    "    ldrd r10, lr, [r0, #4]\n"                                                                                     \
    "    mov r4, r0\n"                                                                                                 \
    "    mov r0, r1\n"                                                                                                 \
    "    ldr r1, [r4]\n"                                                                                               \
    "0:\n"                                                                                                             \
    "    ldr r5, [r4, #20]\n"                                                                                          \
    "    add r5, r5, r11\n"                                                                                            \
    "    str r5, [sp, #8]\n"                                                                                           \
    "1:\n"                                                                                                             \
    "    ldmia r1!, {r6-r9}\n"                                                                                         \
    "    .rept 2\n" TAP TAP TAP "    add r0, r0, r10, lsl #2\n"                                                        \
    "    .endr\n" TAP TAP TAP "    add r0, r0, lr, lsl #2\n"

/* Any size: r12 counts the kernel's rows, lr blocks of eight columns, which are entered where the rest comes out even.
 * Stack, also: blocks in a row, where to enter the first; the kernel's rows; next_window less row_rest, output_step;
 * group. */
#define ROWS_BEGIN                                                                                                     \
    "    push {r4-r11, lr}\n"                                                                                          \
    "    sub sp, sp, #40\n"                                                                                            \
    "    strd r3, r0, [sp]\n"                                                                                          \
    "    mov r11, r2\n"                                                                                                \
    "    mov r4, r0\n"                                                                                                 \
    "    mov r0, r1\n"                                                                                                 \
    "    ldrd r1, r10, [r4]\n"                                                                                         \
    "    ldr r5, [r4, #8]\n"                                                                                           \
    "    ldr r6, [r4, #16]\n"                                                                                          \
    "    sub r5, r5, r10\n"                                                                                            \
    "    strd r5, r6, [sp, #28]\n"                                                                                     \
    "    str r1, [sp, #36]\n"                                                                                          \
    "    ldrd r5, r6, [r4, #24]\n"                                                                                     \
    "    str r5, [sp, #12]\n"                                                                                          \
    "    str r6, [sp, #24]\n"                                                                                          \
    "    ldr r6, [r4, #32]\n"                                                                                          \
    "    adds r5, r6, #7\n"                                                                                            \
    "    lsrs r5, r5, #3\n"                                                                                            \
    "    rsbs r6, r6, #0\n"                                                                                            \
    "    and r6, r6, #7\n"                                                                                             \
    "    add r6, r6, r6, lsl #1\n" /* 24 bytes of code for each column */                                              \
    "    adr r7, 2f\n"                                                                                                 \
    "    add r6, r7, r6, lsl #3\n"                                                                                     \
    "    orr r6, r6, #1\n"                                                                                             \
    "    strd r5, r6, [sp, #16]\n"                                                                                     \
    "0:\n"                                                                                                             \
    "    ldr r5, [r4, #20]\n"                                                                                          \
    "    add r5, r5, r11\n"                                                                                            \
    "    str r5, [sp, #8]\n"                                                                                           \
    "1:\n"                                                                                                             \
    "    ldr r1, [sp, #36]\n"                                                                                          \
    "    ldr r12, [sp, #24]\n"                                                                                         \
    "    ldmia r1!, {r6-r9}\n"                                                                                         \
    "3:\n"                                                                                                             \
    "    ldr lr, [sp, #16]\n"                                                                                          \
    "    ldr pc, [sp, #20]\n"                                                                                          \
    "    .balign 4\n"                                                                                                  \
    "2:\n"                                                                                                             \
    "    .rept 8\n" TAP "    .endr\n"                                                                                  \
    "    subs lr, lr, #1\n"                                                                                            \
    "    bne 2b\n"                                                                                                     \
    "    add r0, r0, r10, lsl #2\n"                                                                                    \
    "    subs r12, r12, #1\n"                                                                                          \
    "    bne 3b\n"                                                                                                     \
    "    ldrd r5, r12, [sp, #28]\n"                                                                                    \
    "    add r0, r0, r5, lsl #2\n"

/* Two channels at once, with the factors of both. */
#define ONE_SIDED(a, b, a_to, b_to)                                                                                    \
    "    smmul " a ", " a ", r2\n"                                                                                     \
    "    smmul " b ", " b ", r4\n"                                                                                     \
    "    asr " a ", " a ", r3\n"                                                                                       \
    "    asr " b ", " b ", r5\n"                                                                                       \
    "    ssat " a ", #8, " a "\n"                                                                                      \
    "    ssat " b ", #8, " b "\n"                                                                                      \
    "    strb " a ", [r11, #" a_to "]\n"                                                                               \
    "    strb " b ", [r11, #" b_to "]\n"

#define TWO_SIDED(a, b, a_to, b_to)                                                                                    \
    "    smmulr " a ", " a ", r2\n"                                                                                    \
    "    smmulr " b ", " b ", r4\n"                                                                                    \
    "    ldr r2, [sp, #12]\n"                                                                                          \
    "    add " a ", " a ", " a ", asr #31\n"                                                                           \
    "    add " b ", " b ", " b ", asr #31\n"                                                                           \
    "    lsl r4, r2, r3\n"                                                                                             \
    "    lsl r2, r2, r5\n"                                                                                             \
    "    add " a ", " a ", r4\n"                                                                                       \
    "    add " b ", " b ", r2\n"                                                                                       \
    "    asr " a ", " a ", r3\n"                                                                                       \
    "    asr " b ", " b ", r5\n"                                                                                       \
    "    ssat " a ", #8, " a ", asr #1\n"                                                                              \
    "    ssat " b ", #8, " b ", asr #1\n"                                                                              \
    "    strb " a ", [r11, #" a_to "]\n"                                                                               \
    "    strb " b ", [r11, #" b_to "]\n"

/* As TWO_SIDED; a channel whose shift is below 0 is shifted to the left before, and rounded once. */
#define MIXED(a, b, a_to, b_to) MIXED_CHANNEL(a, "r2", "r3", a_to) MIXED_CHANNEL(b, "r4", "r5", b_to)
#define MIXED_CHANNEL(a, multiplier, shift, to)                                                                        \
    "    cmp " shift ", #0\n"                                                                                          \
    "    itt lt\n"                                                                                                     \
    "    mvnlt " shift ", " shift "\n"                                                                                 \
    "    lsllt " a ", " a ", " shift "\n"                                                                              \
    "    smmulr " a ", " a ", " multiplier "\n"                                                                        \
    "    ldr " multiplier ", [sp, #12]\n"                                                                              \
    "    itet ge\n"                                                                                                    \
    "    addge " a ", " a ", " a ", asr #31\n"                                                                         \
    "    addlt " a ", " a ", " a "\n"                                                                                  \
    "    lslge " multiplier ", " multiplier ", " shift "\n"                                                            \
    "    add " a ", " a ", " multiplier "\n"                                                                           \
    "    it ge\n"                                                                                                      \
    "    asrge " a ", " a ", " shift "\n"                                                                              \
    "    ssat " a ", #8, " a ", asr #1\n"                                                                              \
    "    strb " a ", [r11, #" to "]\n"

#define RESCALE(rescale)                                                                                               \
    "    ldmia r1!, {r2-r5}\n" rescale("r6", "r7", "0", "1") "    ldmia r1, {r2-r5}\n" rescale("r8", "r9", "2", "3")

/* `again` gets r1 back to the group; `size` is the stack's. */
#define ROWS_END(again, size)                                                                                          \
    again "    ldr r2, [sp, #8]\n"                                                                                     \
          "    add r11, r11, r12\n"                                                                                    \
          "    cmp r11, r2\n"                                                                                          \
          "    bne 1b\n"                                                                                               \
          "    ldrd r2, r4, [sp]\n"                                                                                    \
          "    ldr r5, [r4, #12]\n"                                                                                    \
          "    add r0, r0, r5, lsl #2\n"                                                                               \
          "    subs r2, r2, #1\n"                                                                                      \
          "    str r2, [sp]\n"                                                                                         \
          "    bne 0b\n"                                                                                               \
          "    add sp, sp, #" size "\n"                                                                                \
          "    pop {r4-r11, pc}\n"

#define ROWS_FUNCTION(name, code)                                                                                      \
    __attribute__((naked, noinline)) void name(const struct nn_depthwise_band_dsp *band NN_UNUSED,                     \
                                               const uint32_t *x NN_UNUSED, int8_t *output NN_UNUSED,                  \
                                               int32_t rows NN_UNUSED) {                                               \
        __asm__ volatile(".syntax unified\n" code);                                                                    \
    }

ROWS_FUNCTION(nn_depthwise_rows3_one_sided_dsp, ROWS3_BEGIN RESCALE(ONE_SIDED) ROWS_END("    subs r1, #104\n", "16"))
ROWS_FUNCTION(nn_depthwise_rows3_two_sided_dsp, ROWS3_BEGIN RESCALE(TWO_SIDED) ROWS_END("    subs r1, #104\n", "16"))
ROWS_FUNCTION(nn_depthwise_rows3_mixed_dsp, ROWS3_BEGIN RESCALE(MIXED) ROWS_END("    subs r1, #104\n", "16"))
ROWS_FUNCTION(nn_depthwise_rows_mixed_dsp, ROWS_BEGIN RESCALE(MIXED) ROWS_END("", "40"))
ROWS_FUNCTION(nn_depthwise_rows_one_sided_dsp, ROWS_BEGIN RESCALE(ONE_SIDED) ROWS_END("", "40"))
ROWS_FUNCTION(nn_depthwise_rows_two_sided_dsp, ROWS_BEGIN RESCALE(TWO_SIDED) ROWS_END("", "40"))

_Static_assert(offsetof(struct nn_depthwise_band_dsp, next_window) == 8 &&
                   offsetof(struct nn_depthwise_band_dsp, kernel_width) == 32,
               "the assembly reads the members at these places");

#else

/* `factors` are a channel's multiplier and shift. */
static inline int8_t rescale(const uint32_t *factors, int32_t acc, int32_t round, int32_t one_sided) {
    const int32_t multiplier = (int32_t)factors[0];
    const int32_t shift = (int32_t)factors[1];
    if (one_sided) {
        return (int8_t)nn_ssat8(nn_smmul(acc, multiplier) >> shift);
    }
    if (shift < 0) {
        return (int8_t)nn_ssat8(nn_smmlar(acc * (1 << ~shift), multiplier, round >> 1));
    }
    const int32_t rounded = nn_smmlar(acc, multiplier, 0);
    return (int8_t)nn_ssat8((rounded + (rounded >> 31) + round * (1 << shift)) >> shift >> 1);
}

static inline void compute_rows(const struct nn_depthwise_band_dsp *band, const uint32_t *x, int8_t *output,
                                int32_t rows, int32_t one_sided) {
    for (; rows > 0; --rows, x += band->next_row) {
        for (const int8_t *end = output + band->output_row; output != end; output += band->output_step) {
            const uint32_t *w = band->group;
            int32_t acc0 = (int32_t)w[0];
            int32_t acc1 = (int32_t)w[1];
            int32_t acc2 = (int32_t)w[2];
            int32_t acc3 = (int32_t)w[3];
            w += CHANNELS;
            for (int32_t ky = band->kernel_height; ky > 0; --ky) {
                for (int32_t kx = band->kernel_width; kx > 0;
                     --kx, x += NN_DEPTHWISE_PIXEL_WORDS, w += NN_DEPTHWISE_PIXEL_WORDS) {
                    acc0 = nn_smlabb(x[0], w[0], acc0);
                    acc1 = nn_smlabb(x[1], w[1], acc1);
                    acc2 = nn_smlatt(x[0], w[0], acc2);
                    acc3 = nn_smlatt(x[1], w[1], acc3);
                }
                x += band->row_rest;
            }
            x += band->next_window - band->row_rest;
            output[0] = rescale(w, acc0, band->round, one_sided);
            output[1] = rescale(w + 2, acc1, band->round, one_sided);
            output[2] = rescale(w + 4, acc2, band->round, one_sided);
            output[3] = rescale(w + 6, acc3, band->round, one_sided);
        }
    }
}

void nn_depthwise_rows_one_sided_dsp(const struct nn_depthwise_band_dsp *band, const uint32_t *x, int8_t *output,
                                     int32_t rows) {
    compute_rows(band, x, output, rows, 1);
}

void nn_depthwise_rows_two_sided_dsp(const struct nn_depthwise_band_dsp *band, const uint32_t *x, int8_t *output,
                                     int32_t rows) {
    compute_rows(band, x, output, rows, 0);
}

void nn_depthwise_rows3_one_sided_dsp(const struct nn_depthwise_band_dsp *band, const uint32_t *x, int8_t *output,
                                      int32_t rows) {
    compute_rows(band, x, output, rows, 1);
}

void nn_depthwise_rows3_two_sided_dsp(const struct nn_depthwise_band_dsp *band, const uint32_t *x, int8_t *output,
                                      int32_t rows) {
    compute_rows(band, x, output, rows, 0);
}

void nn_depthwise_rows3_mixed_dsp(const struct nn_depthwise_band_dsp *band, const uint32_t *x, int8_t *output,
                                  int32_t rows) {
    compute_rows(band, x, output, rows, 0);
}

void nn_depthwise_rows_mixed_dsp(const struct nn_depthwise_band_dsp *band, const uint32_t *x, int8_t *output,
                                 int32_t rows) {
    compute_rows(band, x, output, rows, 0);
}

#endif
