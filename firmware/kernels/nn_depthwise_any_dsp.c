#include "nn_depthwise_any_dsp.h"

#include "nn_clamp_dsp.h"
#include "nn_dsp.h"
#include "nn_window.h"

enum { GROUP = 4 };

/* The part of a window that is inside the image, for one output pixel. */
struct pixel {
    struct nn_span rows, columns;
};

struct sums {
    int32_t of[GROUP];
};

/* `even` has the inputs of outputs 0 and 2, `odd` those of 1 and 3. */
static inline struct sums accumulate(struct sums s, uint32_t weights, uint32_t even, uint32_t odd) {
    const uint32_t w02 = nn_sxtb16(weights), w13 = nn_sxtb16_odd(weights);
    const struct sums next = {{nn_smlabb(even, w02, s.of[0]), nn_smlabb(odd, w13, s.of[1]),
                               nn_smlatt(even, w02, s.of[2]), nn_smlatt(odd, w13, s.of[3])}};
    return next;
}

/* Four outputs of one pixel from four inputs side by side; `input` is the image from the first of the four on. */
static inline struct sums vector_sums(const struct nn_depthwise_any_s8_dsp *op, const struct pixel *pixel,
                                      const int8_t *input, const uint32_t *weights, struct sums s) {
    const struct nn_window *window = &op->window;
    const uint32_t offset = (uint32_t)(uint16_t)-op->input_zero_point * 0x10001U;
    const int32_t step = window->dilation_width * op->input_channels;
    const int32_t x = pixel->columns.origin + pixel->columns.begin * window->dilation_width;
    for (int32_t ky = pixel->rows.begin; ky < pixel->rows.end; ++ky) {
        const int32_t y = pixel->rows.origin + ky * window->dilation_height;
        const int8_t *in = input + (y * window->input_width + x) * op->input_channels;
        const uint32_t *w = weights + ky * window->kernel_width + pixel->columns.begin;
        for (const uint32_t *end = weights + ky * window->kernel_width + pixel->columns.end; w != end; in += step) {
            const uint32_t word = nn_load_word(in);
            s = accumulate(s, *w++, nn_sxtab16(offset, word), nn_sxtab16_odd(offset, word));
        }
    }
    return s;
}

/* Four outputs of one pixel from the inputs at four places of a pixel. */
static inline struct sums scattered_sums(const struct nn_depthwise_any_s8_dsp *op, const struct pixel *pixel,
                                         const int8_t *input, int32_t first, const uint32_t *weights, struct sums s) {
    const struct nn_window *window = &op->window;
    const int32_t last = op->input_channels * op->multiplier - 1;
    int32_t channels[GROUP];
    for (int32_t i = 0; i < GROUP; ++i) {
        channels[i] = (first + i < last ? first + i : last) / op->multiplier;
    }
    const uint32_t offset = (uint32_t)(uint16_t)-op->input_zero_point * 0x10001U;
    for (int32_t ky = pixel->rows.begin; ky < pixel->rows.end; ++ky) {
        const int32_t y = pixel->rows.origin + ky * window->dilation_height;
        for (int32_t kx = pixel->columns.begin; kx < pixel->columns.end; ++kx) {
            const int32_t x = pixel->columns.origin + kx * window->dilation_width;
            const int8_t *in = input + (y * window->input_width + x) * op->input_channels;
            const uint32_t even = nn_pkhbt((uint32_t)in[channels[0]], (uint32_t)in[channels[2]]);
            const uint32_t odd = nn_pkhbt((uint32_t)in[channels[1]], (uint32_t)in[channels[3]]);
            s = accumulate(s, weights[ky * window->kernel_width + kx], nn_sadd16(even, offset), nn_sadd16(odd, offset));
        }
    }
    return s;
}

static inline int8_t output_of(int32_t sum, const uint32_t *tail, int32_t round) {
    const int32_t shift = (int32_t)tail[GROUP];
    if (shift <= 0) { /* a factor of a half or more: one rounding */
        return (int8_t)nn_ssat8(nn_smmlar((int32_t)((uint32_t)sum << (1 - shift)), (int32_t)tail[0], round >> 1));
    }
    const int32_t doubled = 2 * sum;
    const int32_t offset = (int32_t)(((uint32_t)round << (shift - 1)) + (uint32_t)(doubled >> 31));
    return (int8_t)nn_ssat8(nn_smmlar(doubled, (int32_t)tail[0], offset) >> shift);
}

/* The outputs of one pixel; `vector` is a constant where this is called. */
static inline __attribute__((always_inline)) void compute_pixel(const struct nn_depthwise_any_s8_dsp *op,
                                                                const struct pixel *pixel, const int8_t *input,
                                                                int8_t *output, int32_t vector) {
    const int32_t taps = op->window.kernel_height * op->window.kernel_width;
    const int32_t outputs = op->input_channels * op->multiplier;
    const uint32_t *stream = op->stream;
    for (int32_t o = 0; o < outputs; o += GROUP, stream += taps + 3 * GROUP) {
        struct sums s = {{(int32_t)stream[0], (int32_t)stream[1], (int32_t)stream[2], (int32_t)stream[3]}};
        s = vector ? vector_sums(op, pixel, input + o, stream + GROUP, s)
                   : scattered_sums(op, pixel, input, o, stream + GROUP, s);
        const uint32_t *tail = stream + GROUP + taps;
        const int32_t present = outputs - o;
        output[o] = output_of(s.of[0], tail, op->round);
        if (present > 1) {
            output[o + 1] = output_of(s.of[1], tail + 1, op->round);
        }
        if (present > 2) {
            output[o + 2] = output_of(s.of[2], tail + 2, op->round);
        }
        if (present > 3) {
            output[o + 3] = output_of(s.of[3], tail + 3, op->round);
        }
    }
}

NN_APART static void vector_pixel(const struct nn_depthwise_any_s8_dsp *op, const struct pixel *pixel,
                                  const int8_t *input, int8_t *output) {
    compute_pixel(op, pixel, input, output, 1);
}

NN_APART static void scattered_pixel(const struct nn_depthwise_any_s8_dsp *op, const struct pixel *pixel,
                                     const int8_t *input, int8_t *output) {
    compute_pixel(op, pixel, input, output, 0);
}

void nn_depthwise_any_s8_dsp(const struct nn_depthwise_any_s8_dsp *op, const int8_t *input, int8_t *output) {
    const struct nn_window *window = &op->window;
    const int32_t outputs = op->input_channels * op->multiplier;
    const int32_t count = op->batches * window->output_height * window->output_width * outputs;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            struct pixel pixel = {.rows = nn_window_rows(window, y)};
            for (int32_t x = 0; x < window->output_width; ++x, output += outputs) {
                pixel.columns = nn_window_columns(window, x);
                (op->vector ? vector_pixel : scattered_pixel)(op, &pixel, input, output);
            }
        }
        input += window->input_height * window->input_width * op->input_channels;
    }
    nn_clamp_s8_dsp(output - count, count, op->activation_min, op->activation_max);
}
