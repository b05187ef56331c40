#include "nn_depthwise_plane_m4.h"

#include "nn_clamp_m4.h"
#include "nn_dsp.h"

enum { CHANNELS = NN_DEPTHWISE_PLANE_CHANNELS, PIXEL_WORDS = 2 };

struct channel {
    int32_t bias, multiplier, shift, round;
};

/* What a row of outputs needs; steps within the band are in words. */
struct band {
    const uint32_t *weights;      /* [kernel_height][kernel_width][2] */
    int32_t row_rest, pixel_step; /* from the end of a window's row to its next row, from window to window */
    int32_t kernel_height, kernel_width;
    int32_t output_width, output_step;
    struct channel channels[CHANNELS];
};

/* One row of the kernel, for four channels: acc0 to acc3 += pixels from x on * weights from w on, both moved on.
 * `before` and `after` make one multiplication of them many; `left` is a loop's counter. */
#if NN_HAS_DSP
#define MULTIPLY_ROW(x, w, left, before, after)                                                                        \
    do {                                                                                                               \
        uint32_t x_even, x_odd, w_even, w_odd;                                                                         \
        __asm__ volatile(                                                                                              \
            before "ldrd %[xe], %[xo], [%[xs]], #8\n\t"                                                                \
                   "ldrd %[we], %[wo], [%[ws]], #8\n\t"                                                                \
                   "smlabb %[a0], %[xe], %[we], %[a0]\n\t"                                                             \
                   "smlabb %[a1], %[xo], %[wo], %[a1]\n\t"                                                             \
                   "smlatt %[a2], %[xe], %[we], %[a2]\n\t"                                                             \
                   "smlatt %[a3], %[xo], %[wo], %[a3]\n\t" after                                                       \
            : [a0] "+r"(acc0), [a1] "+r"(acc1), [a2] "+r"(acc2), [a3] "+r"(acc3), [xe] "=&r"(x_even),                  \
              [xo] "=&r"(x_odd), [we] "=&r"(w_even), [wo] "=&r"(w_odd), [xs] "+r"(x), [ws] "+r"(w), [n] "+r"(left)     \
            :                                                                                                          \
            : "memory", "cc");                                                                                         \
    } while (0)
#define MULTIPLY_3(x, w, left) MULTIPLY_ROW(x, w, left, ".rept 3\n\t", ".endr")
#define MULTIPLY_ANY(x, w, left) MULTIPLY_ROW(x, w, left, "1:\n\t", "subs %[n], %[n], #1\n\tbne 1b")
#else
#define MULTIPLY_ANY(x, w, left)                                                                                       \
    for (; (left) > 0; --(left), (x) += PIXEL_WORDS, (w) += PIXEL_WORDS) {                                             \
        acc0 = nn_smlabb((x)[0], (w)[0], acc0);                                                                        \
        acc1 = nn_smlabb((x)[1], (w)[1], acc1);                                                                        \
        acc2 = nn_smlatt((x)[0], (w)[0], acc2);                                                                        \
        acc3 = nn_smlatt((x)[1], (w)[1], acc3);                                                                        \
    }
#define MULTIPLY_3 MULTIPLY_ANY
#endif

static inline int32_t rescale(const struct channel *channel, int32_t acc, int32_t one_sided) {
    if (one_sided) {
        return nn_ssat8(nn_smmul(acc, channel->multiplier) >> channel->shift);
    }
    const int32_t rounded = nn_smmlar(acc, channel->multiplier, 0);
    return nn_ssat8((rounded + (rounded >> 31) + channel->round) >> channel->shift >> 1);
}

/* Four channels of one row of outputs; `x` is where its first window begins. */
static inline void compute_row(const struct band *band, const uint32_t *x, int8_t *output, int32_t is_3x3,
                               int32_t one_sided) {
    for (int32_t left = band->output_width; left > 0; --left) {
        const struct channel *channels = band->channels;
        const uint32_t *w = band->weights;
        int32_t acc0 = channels[0].bias;
        int32_t acc1 = channels[1].bias;
        int32_t acc2 = channels[2].bias;
        int32_t acc3 = channels[3].bias;
        const uint32_t *row = x;
        for (int32_t rows = is_3x3 ? 3 : band->kernel_height; rows > 0; --rows) {
            int32_t taps = is_3x3 ? 3 : band->kernel_width;
            if (is_3x3) {
                MULTIPLY_3(row, w, taps);
            } else {
                MULTIPLY_ANY(row, w, taps);
            }
            row += band->row_rest;
        }
        output[0] = (int8_t)rescale(&channels[0], acc0, one_sided);
        output[1] = (int8_t)rescale(&channels[1], acc1, one_sided);
        output[2] = (int8_t)rescale(&channels[2], acc2, one_sided);
        output[3] = (int8_t)rescale(&channels[3], acc3, one_sided);
        output += band->output_step;
        x += band->pixel_step;
    }
}

typedef void row_function(const struct band *, const uint32_t *, int8_t *);

#define ROW_FUNCTION(name, is_3x3, one_sided)                                                                          \
    __attribute__((noinline)) static void name(const struct band *band, const uint32_t *x, int8_t *output) {           \
        compute_row(band, x, output, is_3x3, one_sided);                                                               \
    }

ROW_FUNCTION(any_one_sided, 0, 1)
ROW_FUNCTION(any_two_sided, 0, 0)
ROW_FUNCTION(three_one_sided, 1, 1)
ROW_FUNCTION(three_two_sided, 1, 0)

/* Four channels of a row of pixels, less the zero point. */
__attribute__((noinline)) static void unpack_row(const int8_t *input, int32_t step, uint32_t zero_points,
                                                 uint32_t *pixels, const uint32_t *end) {
    for (; pixels != end; pixels += PIXEL_WORDS) {
        const uint32_t word = nn_load_word(input);
        input += step;
        pixels[0] = nn_sxtab16(zero_points, word);
        pixels[1] = nn_sxtab16_odd(zero_points, word);
    }
}

/* Weights 256-fold or twofold. */
static void unpack_weights(const uint32_t *packed, uint32_t *weights, const uint32_t *end, int32_t one_sided) {
    for (; weights != end; weights += PIXEL_WORDS) {
        const uint32_t word = *packed++;
        weights[0] = one_sided ? (word << 8) & 0xFF00FF00U : nn_sxtab16(nn_sxtb16(word), word);
        weights[1] = one_sided ? word & 0xFF00FF00U : nn_sxtab16_odd(nn_sxtb16_odd(word), word);
    }
}

static void prepare_channels(const uint32_t *group, int32_t round, struct channel *channels) {
    const int8_t *shifts = (const int8_t *)(group + 2 * CHANNELS);
    for (int32_t c = 0; c < CHANNELS; ++c) {
        const struct channel channel = {(int32_t)group[c], (int32_t)group[CHANNELS + c], shifts[c],
                                        round * (1 << shifts[c])};
        channels[c] = channel;
    }
}

static void clear(uint32_t *words, const uint32_t *end) {
    while (words != end) {
        *words++ = 0;
    }
}

/* Four channels of the whole image. `pixels` is the band: its columns of padding are 0 already. */
static void compute_channels(const struct nn_depthwise_plane_s8_m4 *op, const struct band *band, const int8_t *input,
                             int8_t *output, uint32_t *pixels, row_function *compute) {
    const uint32_t zero_points = (uint32_t)(uint16_t)-op->input_zero_point * 0x10001U;
    const int32_t row_words = PIXEL_WORDS * op->band_width;
    const int32_t step = row_words * op->stride_height;
    const uint32_t *end = pixels + op->band_height * row_words;
    uint32_t *missing = pixels;  /* where the rows begin that the band has not got yet */
    int32_t above = op->pad_top; /* rows of padding to come */
    int32_t inside = op->input_height;
    for (int32_t left = op->output_height; left > 0;) {
        for (; missing != end; missing += row_words) {
            if (above > 0 || inside == 0) {
                if (op->band < op->output_height) { /* else nothing but padding was ever there */
                    clear(missing, missing + row_words);
                }
                above -= 1;
            } else {
                uint32_t *first = missing + PIXEL_WORDS * op->pad_left;
                unpack_row(input, op->channels, zero_points, first, first + PIXEL_WORDS * op->copy_width);
                input += op->input_width * op->channels;
                inside -= 1;
            }
        }
        const uint32_t *row = pixels;
        for (int32_t rows = op->band; rows > 0 && left > 0; --rows, --left) {
            compute(band, row, output);
            row += step;
            output += op->output_width * op->channels;
        }
        missing = pixels;
        while (left > 0 && row < end) {
            *missing++ = *row++;
        }
    }
}

static void compute_image(const struct nn_depthwise_plane_s8_m4 *op, const int8_t *input, int8_t *output,
                          uint32_t *pixels, int32_t one_sided, row_function *compute) {
    const int32_t taps = op->kernel_height * op->kernel_width;
    const int32_t row_words = PIXEL_WORDS * op->band_width;
    uint32_t *weights = pixels + op->band_height * row_words;
    struct band band = {.weights = weights,
                        .row_rest = row_words - PIXEL_WORDS * op->kernel_width,
                        .pixel_step = PIXEL_WORDS * op->stride_width,
                        .kernel_height = op->kernel_height,
                        .kernel_width = op->kernel_width,
                        .output_width = op->output_width,
                        .output_step = op->channels};
    clear(pixels, weights);
    const uint32_t *group = op->stream;
    for (int32_t c = 0; c < op->channels; c += CHANNELS, group += NN_DEPTHWISE_PLANE_HEAD_WORDS + taps) {
        unpack_weights(group + NN_DEPTHWISE_PLANE_HEAD_WORDS, weights, weights + PIXEL_WORDS * taps, one_sided);
        prepare_channels(group, op->round, band.channels);
        compute_channels(op, &band, input + c, output + c, pixels, compute);
    }
    nn_clamp_s8_m4(output, op->output_height * op->output_width * op->channels, op->activation_min, op->activation_max);
}

void nn_depthwise_plane_s8_m4(const struct nn_depthwise_plane_s8_m4 *op, const int8_t *input, int8_t *output,
                              void *scratch) {
    compute_image(op, input, output, scratch, 1, any_one_sided);
}

void nn_depthwise_plane_two_sided_s8_m4(const struct nn_depthwise_plane_s8_m4 *op, const int8_t *input, int8_t *output,
                                        void *scratch) {
    compute_image(op, input, output, scratch, 0, any_two_sided);
}

void nn_depthwise_plane3_s8_m4(const struct nn_depthwise_plane_s8_m4 *op, const int8_t *input, int8_t *output,
                               void *scratch) {
    compute_image(op, input, output, scratch, 1, three_one_sided);
}

void nn_depthwise_plane3_two_sided_s8_m4(const struct nn_depthwise_plane_s8_m4 *op, const int8_t *input, int8_t *output,
                                         void *scratch) {
    compute_image(op, input, output, scratch, 0, three_two_sided);
}
