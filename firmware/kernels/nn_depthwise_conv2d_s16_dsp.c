#include "nn_conv_s16_dsp.h"
#include "nn_rescale_s16_dsp.h"
#include "nn_window.h"

enum { GROUP = 4 };

/* The part of a window that is inside the image, for one output pixel. */
struct pixel {
    struct nn_span rows, columns;
};

struct sums {
    int32_t of[GROUP];
};

static inline struct sums accumulate(struct sums s, uint32_t weights, uint32_t low, uint32_t high) {
    const uint32_t w01 = nn_sxtb16(weights), w23 = nn_sxtb16_odd(weights);
    const struct sums next = {{nn_smlabb(low, w01, s.of[0]), nn_smlatt(low, w01, s.of[1]),
                               nn_smlabb(high, w23, s.of[2]), nn_smlatt(high, w23, s.of[3])}};
    return next;
}

/* Four outputs of one pixel from four inputs side by side; `input` is the image from the first of the four on. */
static inline struct sums vector_sums(const struct nn_depthwise_conv2d_s16_dsp *op, const struct pixel *pixel,
                                      const int16_t *input, const uint32_t *weights, struct sums s) {
    const struct nn_window *window = &op->window;
    const int32_t step = window->dilation_width * op->input_channels;
    const int32_t x = pixel->columns.origin + pixel->columns.begin * window->dilation_width;
    for (int32_t ky = pixel->rows.begin; ky < pixel->rows.end; ++ky) {
        const int32_t y = pixel->rows.origin + ky * window->dilation_height;
        const int16_t *in = input + (y * window->input_width + x) * op->input_channels;
        const uint32_t *w = weights + ky * window->kernel_width + pixel->columns.begin;
        for (const uint32_t *end = weights + ky * window->kernel_width + pixel->columns.end; w != end; in += step) {
            s = accumulate(s, *w++, nn_load_word(in), nn_load_word(in + 2));
        }
    }
    return s;
}

/* Four outputs of one pixel from the inputs at four places of a pixel. */
static inline struct sums scattered_sums(const struct nn_depthwise_conv2d_s16_dsp *op, const struct pixel *pixel,
                                         const int16_t *input, int32_t first, const uint32_t *weights, struct sums s) {
    const struct nn_window *window = &op->window;
    const int32_t last = op->input_channels * op->multiplier - 1;
    int32_t channels[GROUP];
    for (int32_t i = 0; i < GROUP; ++i) {
        channels[i] = (first + i < last ? first + i : last) / op->multiplier;
    }
    for (int32_t ky = pixel->rows.begin; ky < pixel->rows.end; ++ky) {
        const int32_t y = pixel->rows.origin + ky * window->dilation_height;
        for (int32_t kx = pixel->columns.begin; kx < pixel->columns.end; ++kx) {
            const int32_t x = pixel->columns.origin + kx * window->dilation_width;
            const int16_t *in = input + (y * window->input_width + x) * op->input_channels;
            const uint32_t low = nn_pkhbt((uint16_t)in[channels[0]], (uint16_t)in[channels[1]]);
            const uint32_t high = nn_pkhbt((uint16_t)in[channels[2]], (uint16_t)in[channels[3]]);
            s = accumulate(s, weights[ky * window->kernel_width + kx], low, high);
        }
    }
    return s;
}

static inline int32_t output_of(int32_t sum, const uint32_t *tail) {
    return nn_ssat16(nn_rescale_s16(sum, tail[0], tail[GROUP]));
}

/* The outputs of one pixel; `vector` is a constant where this is called. */
static inline __attribute__((always_inline)) void compute_pixel(const struct nn_depthwise_conv2d_s16_dsp *op,
                                                                const struct pixel *pixel, const int16_t *input,
                                                                int16_t *output, int32_t vector) {
    const int32_t taps = op->window.kernel_height * op->window.kernel_width;
    const int32_t outputs = op->input_channels * op->multiplier;
    const uint32_t *stream = op->stream;
    for (int32_t o = 0; o < outputs; o += GROUP, stream += taps + 3 * GROUP) {
        struct sums s = {{(int32_t)stream[0], (int32_t)stream[1], (int32_t)stream[2], (int32_t)stream[3]}};
        s = vector ? vector_sums(op, pixel, input + o, stream + GROUP, s)
                   : scattered_sums(op, pixel, input, o, stream + GROUP, s);
        const uint32_t *tail = stream + GROUP + taps;
        const int32_t present = outputs - o;
        output[o] = (int16_t)output_of(s.of[0], tail);
        if (present > 1) {
            output[o + 1] = (int16_t)output_of(s.of[1], tail + 1);
        }
        if (present > 2) {
            output[o + 2] = (int16_t)output_of(s.of[2], tail + 2);
        }
        if (present > 3) {
            output[o + 3] = (int16_t)output_of(s.of[3], tail + 3);
        }
    }
}

NN_APART static void vector_pixel(const struct nn_depthwise_conv2d_s16_dsp *op, const struct pixel *pixel,
                                  const int16_t *input, int16_t *output) {
    compute_pixel(op, pixel, input, output, 1);
}

NN_APART static void scattered_pixel(const struct nn_depthwise_conv2d_s16_dsp *op, const struct pixel *pixel,
                                     const int16_t *input, int16_t *output) {
    compute_pixel(op, pixel, input, output, 0);
}

void nn_depthwise_conv2d_s16_dsp(const struct nn_depthwise_conv2d_s16_dsp *op, const int16_t *input, int16_t *output) {
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
    nn_clamp_s16_dsp(output - count, count, op->activation_min, op->activation_max, 0);
}
