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
 * `count` elements inside the image. Its parameters are a struct `params` like nn_pool2d_s8. */
#define NN_POOL2D_KERNEL(name, params, element, state, start, step, finish)                                            \
    static state name##_of(const struct params *op, const element *input, struct nn_span rows,                         \
                           struct nn_span columns) {                                                                   \
        const int32_t channels = op->channels;                                                                         \
        const int32_t first = (rows.origin + rows.begin) * op->window.input_width + columns.origin + columns.begin;    \
        const element *row = input + (ptrdiff_t)first * channels;                                                      \
        state x = start;                                                                                               \
        for (int32_t ky = rows.begin; ky < rows.end; ++ky, row += op->window.input_width * channels) {                 \
            const element *in = row;                                                                                   \
            for (int32_t left = columns.end - columns.begin; left > 0; --left, in += channels) {                       \
                x = step(x, *in);                                                                                      \
            }                                                                                                          \
        }                                                                                                              \
        return x;                                                                                                      \
    }                                                                                                                  \
                                                                                                                       \
    void name(const struct params *op, const element *input, element *output) {                                        \
        const struct nn_window *window = &op->window;                                                                  \
        for (int32_t batch = 0; batch < op->batches; ++batch) {                                                        \
            for (int32_t y = 0; y < window->output_height; ++y) {                                                      \
                const struct nn_span rows = nn_window_rows(window, y);                                                 \
                for (int32_t x = 0; x < window->output_width; ++x) {                                                   \
                    const struct nn_span columns = nn_window_columns(window, x);                                       \
                    const int32_t count = (rows.end - rows.begin) * (columns.end - columns.begin);                     \
                    for (int32_t c = 0; c < op->channels; ++c) {                                                       \
                        *output++ = finish(op, name##_of(op, input + c, rows, columns), count);                        \
                    }                                                                                                  \
                }                                                                                                      \
            }                                                                                                          \
            input += (ptrdiff_t)window->input_height * window->input_width * op->channels;                             \
        }                                                                                                              \
    }

#endif
