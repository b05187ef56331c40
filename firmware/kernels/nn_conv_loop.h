/* The loops of pools and dense layers, for types other than int8. */
#ifndef NN_CONV_LOOP_H
#define NN_CONV_LOOP_H

#include "nn_window.h"

/* Defines the kernel `name`: for each output, output_of(op, sum, channel) of the sum of products, added up in the order
 * of the filter. Its parameters are a struct `params` like nn_fully_connected_s8. */
#define NN_FULLY_CONNECTED_KERNEL(name, params, data, weight, accumulator, output_of)                                  \
    void name(const struct params *op, const data *input, data *output) {                                              \
        for (int32_t batch = 0; batch < op->batches; ++batch) {                                                        \
            const weight *weights = op->weights;                                                                       \
            for (int32_t o = 0; o < op->output_size; ++o) {                                                            \
                accumulator sum = 0;                                                                                   \
                for (int32_t i = 0; i < op->input_size; ++i) {                                                         \
                    sum += input[i] * weights[i];                                                                      \
                }                                                                                                      \
                weights += op->input_size;                                                                             \
                *output++ = output_of(op, sum, o);                                                                     \
            }                                                                                                          \
            input += op->input_size;                                                                                   \
        }                                                                                                              \
    }

/* Defines the kernel `name`: for each window finish(op, x, count), x being step(… step(step(start, a), b) …) of the
 * `count` elements inside the image. Four channels at a time share what it takes to walk a window; one of two by two
 * needs no walking. The parameters are a struct `params` like nn_pool2d_s8; it works on a copy of them, because for all
 * the compiler knows an output might be one of theirs. */
#define NN_POOL2D_KERNEL(name, params, element, state, start, step, finish)                                            \
    static inline __attribute__((always_inline)) void name##_walk(const struct params *op, const element *row,         \
                                                                  int32_t height, int32_t width, int32_t together,     \
                                                                  element *output) {                                   \
        const int32_t channels = op->channels, next_row = op->window.input_width * channels;                           \
        state x[4] = {start, start, start, start};                                                                     \
        for (int32_t rows = height; rows > 0; --rows, row += next_row) {                                               \
            const element *in = row;                                                                                   \
            for (int32_t left = width; left > 0; --left, in += channels) {                                             \
                _Pragma("GCC unroll 4") for (int32_t i = 0; i < together; ++i) {                                       \
                    x[i] = step(x[i], in[i]);                                                                          \
                }                                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        _Pragma("GCC unroll 4") for (int32_t i = 0; i < together; ++i) {                                               \
            output[i] = finish(op, x[i], height * width);                                                              \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    static inline __attribute__((always_inline)) void name##_pixel(const struct params *op, const element *in,         \
                                                                   int32_t height, int32_t width, element *output) {   \
        int32_t left = op->channels;                                                                                   \
        if (height == 2 && width == 2) {                                                                               \
            const element *const right = in + left, *const below = in + op->window.input_width * left;                 \
            for (int32_t c = 0; c < left; ++c) {                                                                       \
                output[c] = finish(op, step(step(step(step(start, in[c]), right[c]), below[c]), below[c + left]), 4);  \
            }                                                                                                          \
            return;                                                                                                    \
        }                                                                                                              \
        for (; left >= 4; left -= 4, in += 4, output += 4) {                                                           \
            name##_walk(op, in, height, width, 4, output);                                                             \
        }                                                                                                              \
        for (; left > 0; --left, ++in, ++output) {                                                                     \
            name##_walk(op, in, height, width, 1, output);                                                             \
        }                                                                                                              \
    }                                                                                                                  \
                                                                                                                       \
    void name(const struct params *op, const element *input, element *output) {                                        \
        const struct params own = *op;                                                                                 \
        const struct nn_window *window = &own.window;                                                                  \
        for (int32_t batch = 0; batch < own.batches; ++batch) {                                                        \
            for (int32_t y = 0; y < window->output_height; ++y) {                                                      \
                const struct nn_span rows = nn_window_rows(window, y);                                                 \
                const int32_t top = rows.origin + rows.begin;                                                          \
                for (int32_t x = 0; x < window->output_width; ++x, output += own.channels) {                           \
                    const struct nn_span columns = nn_window_columns(window, x);                                       \
                    const int32_t first = top * window->input_width + columns.origin + columns.begin;                  \
                    name##_pixel(&own, input + (ptrdiff_t)first * own.channels, rows.end - rows.begin,                 \
                                 columns.end - columns.begin, output);                                                 \
                }                                                                                                      \
            }                                                                                                          \
            input += (ptrdiff_t)window->input_height * window->input_width * own.channels;                             \
        }                                                                                                              \
    }

#endif
