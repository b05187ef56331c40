#include "nn_conv.h"
#include "nn_requant.h"
#include "nn_window.h"

/* The sum over one window for one output channel; `input` is the window's batch at the input channel. */
static int32_t dot_window(const struct nn_depthwise_conv2d_s8 *op, const int8_t *input, const int8_t *weights,
                          struct nn_span rows, struct nn_span columns) {
    const struct nn_window *window = &op->window;
    const int32_t weight_step = op->input_channels * op->multiplier;
    const int32_t input_step = window->dilation_width * op->input_channels;
    const int32_t first_x = columns.origin + columns.begin * window->dilation_width;
    const int32_t zero_point = op->input_zero_point;
    int32_t acc = 0;
    for (int32_t ky = rows.begin; ky < rows.end; ++ky) {
        const int32_t y = rows.origin + ky * window->dilation_height;
        ptrdiff_t at = (ptrdiff_t)(y * window->input_width + first_x) * op->input_channels;
        ptrdiff_t weight = (ptrdiff_t)(ky * window->kernel_width + columns.begin) * weight_step;
        for (int32_t left = columns.end - columns.begin; left > 0; --left) {
            acc += weights[weight] * (input[at] - zero_point);
            weight += weight_step;
            at += input_step;
        }
    }
    return acc;
}

void nn_depthwise_conv2d_s8(const struct nn_depthwise_conv2d_s8 *op, const int8_t *input, int8_t *output) {
    const struct nn_window *window = &op->window;
    const int32_t output_channels = op->input_channels * op->multiplier;
    const ptrdiff_t image_size = (ptrdiff_t)window->input_height * window->input_width * op->input_channels;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            const struct nn_span rows = nn_window_rows(window, y);
            for (int32_t x = 0; x < window->output_width; ++x) {
                const struct nn_span columns = nn_window_columns(window, x);
                for (int32_t o = 0; o < output_channels; ++o) {
                    const int32_t acc = dot_window(op, input + o / op->multiplier, op->weights + o, rows, columns);
                    *output++ = nn_output_s8(op->bias ? acc + op->bias[o] : acc, &op->requant, o, op->output_zero_point,
                                             op->activation_min, op->activation_max);
                }
            }
        }
        input += image_size;
    }
}
