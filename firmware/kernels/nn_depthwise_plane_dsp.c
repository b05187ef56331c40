#include "nn_depthwise_plane_dsp.h"

#include <stddef.h>

#include "nn_clamp_dsp.h"
#include "nn_dsp.h"

enum { CHANNELS = NN_DEPTHWISE_PLANE_CHANNELS, PIXEL_WORDS = 2 };

/* What rows of outputs need; steps within the band are in words. The assembly knows the order of the members. */
struct band {
    const uint32_t *group; /* of four channels: biases [4], weights [taps][2], multipliers and shifts [4][2] */
    int32_t row_rest;      /* from the end of a window's row to its next row, */
    int32_t next_window;   /* from the end of a window to the next one, */
    int32_t next_row;      /* and from behind a row's last window to the next row's first one */
    int32_t output_step, output_row; /* bytes of a pixel, and of a row */
    int32_t round;
    int32_t kernel_height, kernel_width;
};

/* Which four output channels these are, where each input channel has several. */
struct repeated {
    int32_t multiplier, channel;
};

/* Four channels of `rows` rows of outputs; `x` is where the first window begins. */
typedef void rows_function(const struct band *band, const uint32_t *x, int8_t *output, int32_t rows);

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
    __attribute__((naked, noinline)) static void name(const struct band *band NN_UNUSED, const uint32_t *x NN_UNUSED,  \
                                                      int8_t *output NN_UNUSED, int32_t rows NN_UNUSED) {              \
        __asm__ volatile(".syntax unified\n" code);                                                                    \
    }

ROWS_FUNCTION(three_one_sided, ROWS3_BEGIN RESCALE(ONE_SIDED) ROWS_END("    subs r1, #104\n", "16"))
ROWS_FUNCTION(three_two_sided, ROWS3_BEGIN RESCALE(TWO_SIDED) ROWS_END("    subs r1, #104\n", "16"))
ROWS_FUNCTION(any_one_sided, ROWS_BEGIN RESCALE(ONE_SIDED) ROWS_END("", "40"))
ROWS_FUNCTION(any_two_sided, ROWS_BEGIN RESCALE(TWO_SIDED) ROWS_END("", "40"))

_Static_assert(offsetof(struct band, next_window) == 8 && offsetof(struct band, kernel_width) == 32,
               "the assembly reads the members at these places");

#else

/* `factors` are a channel's multiplier and shift. */
static inline int8_t rescale(const uint32_t *factors, int32_t acc, int32_t round, int32_t one_sided) {
    const int32_t multiplier = (int32_t)factors[0];
    const int32_t shift = (int32_t)factors[1];
    if (one_sided) {
        return (int8_t)nn_ssat8(nn_smmul(acc, multiplier) >> shift);
    }
    const int32_t rounded = nn_smmlar(acc, multiplier, 0);
    return (int8_t)nn_ssat8((rounded + (rounded >> 31) + round * (1 << shift)) >> shift >> 1);
}

static inline void compute_rows(const struct band *band, const uint32_t *x, int8_t *output, int32_t rows,
                                int32_t one_sided) {
    for (; rows > 0; --rows, x += band->next_row) {
        for (const int8_t *end = output + band->output_row; output != end; output += band->output_step) {
            const uint32_t *w = band->group;
            int32_t acc0 = (int32_t)w[0];
            int32_t acc1 = (int32_t)w[1];
            int32_t acc2 = (int32_t)w[2];
            int32_t acc3 = (int32_t)w[3];
            w += CHANNELS;
            for (int32_t ky = band->kernel_height; ky > 0; --ky) {
                for (int32_t kx = band->kernel_width; kx > 0; --kx, x += PIXEL_WORDS, w += PIXEL_WORDS) {
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

static void any_one_sided(const struct band *band, const uint32_t *x, int8_t *output, int32_t rows) {
    compute_rows(band, x, output, rows, 1);
}

static void any_two_sided(const struct band *band, const uint32_t *x, int8_t *output, int32_t rows) {
    compute_rows(band, x, output, rows, 0);
}

#define three_one_sided any_one_sided
#define three_two_sided any_two_sided

#endif

/* Where outputs go, in bytes: `channels` of them side by side, and from a pixel, or a row, to the next one. */
struct target {
    int32_t channels, step, row;
};

/* Four channels of rows of pixels, less the zero point, to the band's rows from `row` on; returns where the next row of
 * the image is. */
__attribute__((noinline)) static const int8_t *unpack_rows(const struct nn_depthwise_plane_s8_dsp *op,
                                                           const int8_t *input, uint32_t *row, int32_t rows) {
    const uint32_t zero_points = (uint32_t)(uint16_t)-op->input_zero_point * 0x10001U;
    const int32_t step = op->channels;
    for (; rows > 0; --rows, row += PIXEL_WORDS * op->band_width, input += op->input_width * step) {
        const int8_t *from = input;
        uint32_t *pixel = row + PIXEL_WORDS * op->pad_left;
        for (const uint32_t *end = pixel + PIXEL_WORDS * op->copy_width; pixel != end; pixel += PIXEL_WORDS) {
            const uint32_t word = nn_load_word(from);
            from += step;
            pixel[0] = nn_sxtab16(zero_points, word);
            pixel[1] = nn_sxtab16_odd(zero_points, word);
            NN_KEEP_IN_REGISTER(pixel); /* the compiler would keep two of it */
        }
    }
    return input;
}

/* The same of the input channels of four output channels, the first of which is `channel`, where each has several. */
__attribute__((noinline)) static const int8_t *unpack_repeated(const struct nn_depthwise_plane_s8_dsp *op,
                                                               const struct repeated *repeated, const int8_t *input,
                                                               uint32_t *row, int32_t rows) {
    const uint32_t zero_points = (uint32_t)(uint16_t)-op->input_zero_point * 0x10001U;
    const int32_t step = op->channels / repeated->multiplier;
    const int32_t channel = repeated->channel;
    const int32_t lane0 = channel / repeated->multiplier, lane1 = (channel + 1) / repeated->multiplier;
    const int32_t lane2 = (channel + 2) / repeated->multiplier, lane3 = (channel + 3) / repeated->multiplier;
    for (; rows > 0; --rows, row += PIXEL_WORDS * op->band_width, input += op->input_width * step) {
        const int8_t *from = input;
        uint32_t *pixel = row + PIXEL_WORDS * op->pad_left;
        for (const uint32_t *end = pixel + PIXEL_WORDS * op->copy_width; pixel != end; pixel += PIXEL_WORDS) {
            pixel[0] = nn_sadd16(zero_points, nn_pkhbt((uint32_t)from[lane0], (uint32_t)from[lane2]));
            pixel[1] = nn_sadd16(zero_points, nn_pkhbt((uint32_t)from[lane1], (uint32_t)from[lane3]));
            from += step;
        }
    }
    return input;
}

/* What the rows functions want to have of four channels; weights 256-fold or twofold. */
static void prepare(const uint32_t *packed, uint32_t *group, int32_t taps, int32_t one_sided) {
    const uint32_t *factors = packed + CHANNELS;
    const int8_t *shifts = (const int8_t *)(factors + CHANNELS);
    for (int32_t c = 0; c < CHANNELS; ++c) {
        *group++ = packed[c];
    }
    packed += NN_DEPTHWISE_PLANE_HEAD_WORDS;
    for (const uint32_t *end = packed + taps; packed != end; ++packed, group += PIXEL_WORDS) {
        const uint32_t word = *packed;
        group[0] = one_sided ? (word << 8) & 0xFF00FF00U : nn_sxtab16(nn_sxtb16(word), word);
        group[1] = one_sided ? word & 0xFF00FF00U : nn_sxtab16_odd(nn_sxtb16_odd(word), word);
    }
    for (int32_t c = 0; c < CHANNELS; ++c) {
        *group++ = factors[c];
        *group++ = (uint32_t)shifts[c];
    }
}

static void clear(uint32_t *words, const uint32_t *end) {
    while (words != end) {
        *words++ = 0;
    }
}

static int32_t smaller(int32_t a, int32_t b) {
    return a < b ? a : b;
}

/* Four channels of the whole image. `pixels` is the band: its columns of padding are 0 already. `repeated` and `target`
 * are known to be NULL, or not to be, where this is called; without `target` rows of outputs follow each other. */
static inline __attribute__((always_inline)) void
compute_channels(const struct nn_depthwise_plane_s8_dsp *op, const struct band *band, const struct repeated *repeated,
                 const struct target *target, const int8_t *input, int8_t *output, uint32_t *pixels,
                 rows_function *compute) {
    const int32_t row_words = PIXEL_WORDS * op->band_width;
    const uint32_t *end = pixels + op->band_height * row_words;
    const int32_t has_leftovers = op->band < op->output_height; /* else all padding is 0 already */
    uint32_t *row = pixels;                                     /* the first row that the band has not got yet */
    int32_t missing = op->band_height;
    int32_t above = op->pad_top;       /* rows of padding to come, */
    int32_t inside = op->input_height; /* and rows of the image after them */
    for (int32_t left = op->output_height; left > 0;) {
        const int32_t padded = smaller(above, missing);
        const int32_t unpacked = smaller(inside, missing - padded);
        uint32_t *first = row + padded * row_words;
        input = repeated == NULL ? unpack_rows(op, input, first, unpacked)
                                 : unpack_repeated(op, repeated, input, first, unpacked);
        if (has_leftovers) {
            clear(row, first);
            clear(first + unpacked * row_words, end);
        }
        above -= padded;
        inside -= unpacked;
        const int32_t rows = smaller(op->band, left);
        if (target == NULL) {
            compute(band, pixels, output, rows);
            output += rows * band->output_row;
        } else {
            for (int32_t i = 0; i < rows; ++i, output += target->row) {
                compute(band, pixels + i * row_words, output, 1);
            }
        }
        left -= rows;
        if (left > 0) { /* the rows that the next windows share with these */
            missing = smaller(rows * op->stride_height, op->band_height);
            row = pixels;
            for (const uint32_t *from = pixels + missing * row_words; from != end;) {
                *row++ = *from++;
            }
        }
    }
}

static void compute_plain(const struct nn_depthwise_plane_s8_dsp *op, const struct band *band, const int8_t *input,
                          int8_t *output, uint32_t *pixels, rows_function *compute) {
    compute_channels(op, band, NULL, NULL, input, output, pixels, compute);
}

static void compute_phase(const struct nn_depthwise_plane_s8_dsp *op, const struct band *band,
                          const struct target *target, const int8_t *input, int8_t *output, uint32_t *pixels,
                          rows_function *compute) {
    compute_channels(op, band, NULL, target, input, output, pixels, compute);
}

static void compute_repeated(const struct nn_depthwise_plane_s8_dsp *op, const struct band *band,
                             const struct repeated *repeated, const int8_t *input, int8_t *output, uint32_t *pixels,
                             rows_function *compute) {
    compute_channels(op, band, repeated, NULL, input, output, pixels, compute);
}

/* `multiplier` is 1, or known not to be, and `target` is known, where this is called. */
static inline __attribute__((always_inline)) void compute_image(const struct nn_depthwise_plane_s8_dsp *op,
                                                                const int8_t *input, int8_t *output, uint32_t *pixels,
                                                                int32_t one_sided, rows_function *compute,
                                                                int32_t multiplier, const struct target *target) {
    const int32_t step = target == NULL ? op->channels : target->step;
    const int32_t taps = op->kernel_height * op->kernel_width;
    const int32_t row_words = PIXEL_WORDS * op->band_width;
    const int32_t window_step = PIXEL_WORDS * op->stride_width;
    uint32_t *group = pixels + op->band_height * row_words;
    const struct band band = {.group = group,
                              .row_rest = row_words - PIXEL_WORDS * op->kernel_width,
                              .next_window =
                                  window_step - (op->kernel_height - 1) * row_words - PIXEL_WORDS * op->kernel_width,
                              .next_row = op->stride_height * row_words - op->output_width * window_step,
                              .output_step = step,
                              .output_row = op->output_width * step,
                              .round = op->round,
                              .kernel_height = op->kernel_height,
                              .kernel_width = op->kernel_width};
    clear(pixels, group);
    const uint32_t *packed = op->stream;
    int32_t c = 0;
    for (int32_t left = target == NULL ? op->channels : target->channels; left > 0;
         left -= CHANNELS, packed += NN_DEPTHWISE_PLANE_HEAD_WORDS + taps) {
        prepare(packed, group, taps, one_sided);
        if (target != NULL) {
            compute_phase(op, &band, target, input + c, output + c, pixels, compute);
        } else if (multiplier == 1) {
            compute_plain(op, &band, input + c, output + c, pixels, compute);
        } else {
            const struct repeated repeated = {multiplier, c};
            compute_repeated(op, &band, &repeated, input, output + c, pixels, compute);
        }
        c += left < 2 * CHANNELS ? left - CHANNELS : CHANNELS; /* the last four may be some of those before */
    }
}

static void clamp(const struct nn_depthwise_plane_s8_dsp *op, int8_t *output) {
    nn_clamp_s8_dsp(output, op->output_height * op->output_width * op->channels, op->activation_min,
                    op->activation_max);
}

static void plain_image(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                        uint32_t *pixels, int32_t one_sided, rows_function *compute) {
    compute_image(op, input, output, pixels, one_sided, compute, 1, NULL);
    clamp(op, output);
}

static void repeated_image(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input, int8_t *output,
                           uint32_t *pixels, int32_t one_sided, rows_function *compute) {
    compute_image(&op->plane, input, output, pixels, one_sided, compute, op->multiplier, NULL);
    clamp(&op->plane, output);
}

/* One axis of a phase: its inputs begin at `first` and its outputs at the phase's number, both `dilation` apart. */
struct axis {
    int32_t inputs, outputs, pad, first;
};

static struct axis axis_of(int32_t phase, int32_t dilation, int32_t inputs, int32_t outputs, int32_t pad) {
    const int32_t origin = phase - pad;
    const int32_t missing = origin < 0 ? (dilation - 1 - origin) / dilation : 0;
    const int32_t first = origin + missing * dilation;
    const struct axis axis = {first < inputs ? (inputs - first - 1) / dilation + 1 : 0,
                              phase < outputs ? (outputs - phase - 1) / dilation + 1 : 0, missing, first};
    return axis;
}

/* Outputs that are a dilation apart have the windows of an image that is not dilated. Its pixels are as far apart as if
 * they had so many channels more, its rows as if it were wider. */
static void dilated_image(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input, int8_t *output,
                          uint32_t *pixels, int32_t one_sided, rows_function *compute) {
    const struct nn_depthwise_plane_s8_dsp *all = &op->plane;
    const int32_t height = op->dilation_height, width = op->dilation_width, channels = all->channels;
    const struct target target = {channels, width * channels, height * all->output_width * channels};
    for (int32_t i = 0; i < height * width; ++i) {
        const int32_t y = i / width, x = i % width;
        const struct axis rows = axis_of(y, height, all->input_height, all->output_height, all->pad_top);
        const struct axis columns = axis_of(x, width, all->input_width, all->output_width, all->pad_left);
        struct nn_depthwise_plane_s8_dsp phase = *all;
        phase.channels = width * channels;
        phase.input_width = height * all->input_width / width;
        phase.input_height = rows.inputs;
        phase.output_height = rows.outputs;
        phase.output_width = columns.outputs;
        phase.pad_top = rows.pad;
        phase.pad_left = columns.pad;
        phase.copy_width = smaller(columns.inputs, all->band_width - columns.pad);
        if (columns.outputs > 0) {
            compute_image(&phase, input + (rows.first * all->input_width + columns.first) * channels,
                          output + (y * all->output_width + x) * channels, pixels, one_sided, compute, 1, &target);
        }
    }
    clamp(all, output);
}

void nn_depthwise_plane_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                               void *scratch) {
    plain_image(op, input, output, scratch, 1, any_one_sided);
}

void nn_depthwise_plane_two_sided_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input,
                                         int8_t *output, void *scratch) {
    plain_image(op, input, output, scratch, 0, any_two_sided);
}

void nn_depthwise_plane3_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input, int8_t *output,
                                void *scratch) {
    plain_image(op, input, output, scratch, 1, three_one_sided);
}

void nn_depthwise_plane3_two_sided_s8_dsp(const struct nn_depthwise_plane_s8_dsp *op, const int8_t *input,
                                          int8_t *output, void *scratch) {
    plain_image(op, input, output, scratch, 0, three_two_sided);
}

void nn_depthwise_repeated_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input, int8_t *output,
                                  void *scratch) {
    repeated_image(op, input, output, scratch, 1, any_one_sided);
}

void nn_depthwise_repeated_two_sided_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input,
                                            int8_t *output, void *scratch) {
    repeated_image(op, input, output, scratch, 0, any_two_sided);
}

void nn_depthwise_repeated3_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input, int8_t *output,
                                   void *scratch) {
    repeated_image(op, input, output, scratch, 1, three_one_sided);
}

void nn_depthwise_repeated3_two_sided_s8_dsp(const struct nn_depthwise_repeated_s8_dsp *op, const int8_t *input,
                                             int8_t *output, void *scratch) {
    repeated_image(op, input, output, scratch, 0, three_two_sided);
}

void nn_depthwise_dilated_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input, int8_t *output,
                                 void *scratch) {
    dilated_image(op, input, output, scratch, 1, any_one_sided);
}

void nn_depthwise_dilated_two_sided_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input,
                                           int8_t *output, void *scratch) {
    dilated_image(op, input, output, scratch, 0, any_two_sided);
}

void nn_depthwise_dilated3_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input, int8_t *output,
                                  void *scratch) {
    dilated_image(op, input, output, scratch, 1, three_one_sided);
}

void nn_depthwise_dilated3_two_sided_s8_dsp(const struct nn_depthwise_dilated_s8_dsp *op, const int8_t *input,
                                            int8_t *output, void *scratch) {
    dilated_image(op, input, output, scratch, 0, three_two_sided);
}
