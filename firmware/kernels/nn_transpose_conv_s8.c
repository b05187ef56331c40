#include "nn_requant.h"
#include "nn_transpose_conv.h"

/* The taps of one axis that reach an output position, and the inputs they come from: tap + i * stride for 0 <= i <
 * count meets input - i. */
struct reach {
    int32_t tap, input, count;
};

static struct reach find_reach(int32_t position, int32_t pad, int32_t stride, int32_t kernel, int32_t size) {
    const int32_t place = position + pad;
    const int32_t last = place / stride;
    const int32_t skipped = last < size ? 0 : last - size + 1;
    const int32_t tap = place % stride + skipped * stride;
    const int32_t taps = tap < kernel ? (kernel - 1 - tap) / stride + 1 : 0;
    const int32_t inputs = last - skipped + 1;
    const struct reach reach = {tap, last - skipped, taps < inputs ? taps : inputs};
    return reach;
}

/* The sum over everything that reaches one output pixel, for one channel; `weights` are that channel's. */
static int32_t dot(const struct nn_transpose_conv_s8 *op, const int8_t *input, const int8_t *weights, struct reach rows,
                   struct reach columns) {
    const struct nn_window *window = &op->window;
    int32_t acc = 0;
    for (int32_t i = 0; i < rows.count; ++i) {
        const int32_t y = rows.input - i;
        const int32_t ky = rows.tap + i * window->stride_height;
        for (int32_t j = 0; j < columns.count; ++j) {
            const int32_t x = columns.input - j;
            const int32_t kx = columns.tap + j * window->stride_width;
            const int8_t *in = input + (ptrdiff_t)(y * window->output_width + x) * op->input_channels;
            const int8_t *w = weights + (ptrdiff_t)(ky * window->kernel_width + kx) * op->input_channels;
            for (int32_t c = 0; c < op->input_channels; ++c) {
                acc += w[c] * (in[c] - op->input_zero_point);
            }
        }
    }
    return acc;
}

void nn_transpose_conv_s8(const struct nn_transpose_conv_s8 *op, const int8_t *input, int8_t *output) {
    const struct nn_window *window = &op->window;
    const ptrdiff_t filter_size = (ptrdiff_t)window->kernel_height * window->kernel_width * op->input_channels;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < window->input_height; ++y) {
            const struct reach rows =
                find_reach(y, window->pad_top, window->stride_height, window->kernel_height, window->output_height);
            for (int32_t x = 0; x < window->input_width; ++x) {
                const struct reach columns =
                    find_reach(x, window->pad_left, window->stride_width, window->kernel_width, window->output_width);
                for (int32_t o = 0; o < op->output_channels; ++o) {
                    const int32_t acc = dot(op, input, op->weights + o * filter_size, rows, columns);
                    *output++ = nn_output_s8(op->bias ? acc + op->bias[o] : acc, &op->requant, o, op->output_zero_point,
                                             op->activation_min, op->activation_max);
                }
            }
        }
        input += (ptrdiff_t)window->output_height * window->output_width * op->input_channels;
    }
}
