/* The way through a depthwise convolution of any window and multiplier, whatever its type: four outputs of a pixel at a
 * time. */
#ifndef NN_DEPTHWISE_PIXEL_DSP_H
#define NN_DEPTHWISE_PIXEL_DSP_H

#include <stddef.h>

#include "nn_depthwise_any_dsp.h"
#include "nn_dsp.h"
#include "nn_window.h"

enum { NN_DEPTHWISE_GROUP = 4 };

/* The part of a window that is inside the image, for one output pixel. */
struct nn_depthwise_pixel {
    struct nn_span rows, columns;
};

struct nn_depthwise_sums {
    int32_t of[NN_DEPTHWISE_GROUP];
};

/* What a type does; `op` is its own struct.
 *
 * `add` adds the products of four weights and four inputs: those side by side at `in`, or, where `channels` is not
 * NULL, those at four places from there.
 *
 * `store` makes outputs of the first `present` sums; `tail` has four multipliers and four shifts. */
struct nn_depthwise_type {
    int32_t element_bytes;
    struct nn_depthwise_sums (*add)(const void *op, struct nn_depthwise_sums sums, uint32_t weights, const void *in,
                                    const int32_t *channels);
    void (*store)(const void *op, struct nn_depthwise_sums sums, const uint32_t *tail, void *output, int32_t present);
};

/* Four outputs of one pixel; `input` is where the image's first of the inputs, or of all channels, is. */
static inline __attribute__((always_inline)) struct nn_depthwise_sums
nn_depthwise_add_up(const struct nn_depthwise_shape_dsp *shape, const struct nn_depthwise_type *type, const void *op,
                    const struct nn_depthwise_pixel *pixel, const char *input, const int32_t *channels,
                    const uint32_t *weights, struct nn_depthwise_sums sums) {
    const struct nn_window *window = &shape->window;
    const int32_t pixel_bytes = shape->input_channels * type->element_bytes;
    const int32_t step = window->dilation_width * pixel_bytes;
    const int32_t x = pixel->columns.origin + pixel->columns.begin * window->dilation_width;
    for (int32_t ky = pixel->rows.begin; ky < pixel->rows.end; ++ky) {
        const int32_t y = pixel->rows.origin + ky * window->dilation_height;
        const char *in = input + (y * window->input_width + x) * pixel_bytes;
        const uint32_t *w = weights + ky * window->kernel_width + pixel->columns.begin;
        for (const uint32_t *end = weights + ky * window->kernel_width + pixel->columns.end; w != end; in += step) {
            sums = type->add(op, sums, *w++, in, channels);
        }
    }
    return sums;
}

/* The outputs of one pixel; `vector` is a constant where this is called. */
static inline __attribute__((always_inline)) void
nn_depthwise_compute_pixel(const struct nn_depthwise_shape_dsp *shape, const struct nn_depthwise_type *type,
                           const void *op, const struct nn_depthwise_pixel *pixel, const char *input, char *output,
                           int32_t vector) {
    const int32_t taps = shape->window.kernel_height * shape->window.kernel_width;
    const int32_t outputs = shape->input_channels * shape->multiplier;
    const uint32_t *stream = shape->stream;
    for (int32_t o = 0; o < outputs; o += NN_DEPTHWISE_GROUP, stream += taps + 3 * NN_DEPTHWISE_GROUP) {
        const uint32_t *weights = stream + NN_DEPTHWISE_GROUP;
        const int32_t *biases = (const int32_t *)stream;
        struct nn_depthwise_sums sums = {{biases[0], biases[1], biases[2], biases[3]}};
        if (vector) {
            sums = nn_depthwise_add_up(shape, type, op, pixel, input + o * type->element_bytes, NULL, weights, sums);
        } else {
            int32_t channels[NN_DEPTHWISE_GROUP];
            for (int32_t i = 0; i < NN_DEPTHWISE_GROUP; ++i) {
                channels[i] = (o + i < outputs ? o + i : outputs - 1) / shape->multiplier;
            }
            sums = nn_depthwise_add_up(shape, type, op, pixel, input, channels, weights, sums);
        }
        const int32_t present = vector ? NN_DEPTHWISE_GROUP : outputs - o;
        type->store(op, sums, weights + taps, output + o * type->element_bytes, present);
    }
}

static inline int32_t nn_depthwise_outputs(const struct nn_depthwise_shape_dsp *shape) {
    const struct nn_window *window = &shape->window;
    return shape->batches * window->output_height * window->output_width * shape->input_channels * shape->multiplier;
}

/* All images; `compute` makes the outputs of one pixel. */
static inline __attribute__((always_inline)) void nn_depthwise_images(
    const struct nn_depthwise_shape_dsp *shape, int32_t element_bytes, const void *op, const char *input, char *output,
    void (*compute)(const void *op, const struct nn_depthwise_pixel *pixel, const char *input, char *output)) {
    const struct nn_window *window = &shape->window;
    const int32_t output_bytes = shape->input_channels * shape->multiplier * element_bytes;
    for (int32_t batch = 0; batch < shape->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            struct nn_depthwise_pixel pixel = {.rows = nn_window_rows(window, y)};
            for (int32_t x = 0; x < window->output_width; ++x, output += output_bytes) {
                pixel.columns = nn_window_columns(window, x);
                compute(op, &pixel, input, output);
            }
        }
        input += window->input_height * window->input_width * shape->input_channels * element_bytes;
    }
}

#endif
