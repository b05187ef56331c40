/* The body of a convolution, of any type: NN_KERNEL is its name and that of its parameters, which are like
 * nn_conv2d_s8 in shape, window and weights; NN_DATA, NN_WEIGHT and NN_SUM are types. For each output it gives
 * output_of(op, sum, channel) of the sum of products over its window, added up in the order of the filter. Included
 * once by each kernel's file, which defines those before. */
#include "nn_window.h"

static NN_SUM dot(const struct NN_KERNEL *op, const NN_DATA *input, const NN_WEIGHT *weights, struct nn_span rows,
                  struct nn_span columns) {
    const struct nn_window *window = &op->window;
    const int32_t depth = op->input_channels / op->groups;
    NN_SUM sum = 0;
    for (int32_t ky = rows.begin; ky < rows.end; ++ky) {
        const int32_t y = rows.origin + ky * window->dilation_height;
        for (int32_t kx = columns.begin; kx < columns.end; ++kx) {
            const int32_t x = columns.origin + kx * window->dilation_width;
            const NN_DATA *in = input + (ptrdiff_t)(y * window->input_width + x) * op->input_channels;
            const NN_WEIGHT *w = weights + (ptrdiff_t)(ky * window->kernel_width + kx) * depth;
            for (int32_t c = 0; c < depth; ++c) {
                sum += in[c] * w[c];
            }
        }
    }
    return sum;
}

void NN_KERNEL(const struct NN_KERNEL *op, const NN_DATA *input, NN_DATA *output) {
    const struct nn_window *window = &op->window;
    const int32_t depth = op->input_channels / op->groups;
    const int32_t group_outputs = op->output_channels / op->groups;
    const ptrdiff_t filter_size = (ptrdiff_t)window->kernel_height * window->kernel_width * depth;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            const struct nn_span rows = nn_window_rows(window, y);
            for (int32_t x = 0; x < window->output_width; ++x) {
                const struct nn_span columns = nn_window_columns(window, x);
                for (int32_t o = 0; o < op->output_channels; ++o) {
                    const NN_DATA *group = input + (ptrdiff_t)(o / group_outputs) * depth;
                    const NN_WEIGHT *filter = op->weights + o * filter_size;
                    *output++ = output_of(op, dot(op, group, filter, rows, columns), o);
                }
            }
        }
        input += (ptrdiff_t)window->input_height * window->input_width * op->input_channels;
    }
}
