/* The body of a transposed convolution, of any type: NN_KERNEL is its name and that of its parameters, which are like
 * nn_transpose_conv_s8; NN_DATA, NN_WEIGHT and NN_SUM are types. For each output it gives output_of(op, sum, channel)
 * of the sum of value_of(op, input) * weight over all inputs that reach it, added up in the order of the inputs.
 * Included once by each kernel's file, which defines those before. */
#include "nn_types.h"

/* Along one axis, the inputs that reach an output position, and by which taps: input + i meets tap - i * stride, for
 * 0 <= i < count. */
struct nn_reach {
    int32_t input, tap, count;
};

/* `position` is the output's, `size` the number of inputs. */
static inline struct nn_reach nn_find_reach(int32_t position, int32_t pad, int32_t stride, int32_t kernel,
                                            int32_t size) {
    const int32_t place = position + pad;
    const int32_t first = place < kernel ? 0 : (place - kernel) / stride + 1;
    const int32_t last = place / stride < size ? place / stride : size - 1;
    const struct nn_reach reach = {first, place - first * stride, last < first ? 0 : last - first + 1};
    return reach;
}

static NN_SUM dot(const struct NN_KERNEL *op, const NN_DATA *input, const NN_WEIGHT *weights, struct nn_reach rows,
                  struct nn_reach columns) {
    const struct nn_window *window = &op->window;
    NN_SUM sum = 0;
    for (int32_t i = 0; i < rows.count; ++i) {
        const int32_t y = rows.input + i;
        const int32_t ky = rows.tap - i * window->stride_height;
        for (int32_t j = 0; j < columns.count; ++j) {
            const int32_t x = columns.input + j;
            const int32_t kx = columns.tap - j * window->stride_width;
            const NN_DATA *in = input + (ptrdiff_t)(y * window->output_width + x) * op->input_channels;
            const NN_WEIGHT *w = weights + (ptrdiff_t)(ky * window->kernel_width + kx) * op->input_channels;
            for (int32_t c = 0; c < op->input_channels; ++c) {
                sum += value_of(op, in[c]) * w[c];
            }
        }
    }
    return sum;
}

void NN_KERNEL(const struct NN_KERNEL *op, const NN_DATA *input, NN_DATA *output) {
    const struct nn_window *window = &op->window;
    const ptrdiff_t filter_size = (ptrdiff_t)window->kernel_height * window->kernel_width * op->input_channels;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < window->input_height; ++y) {
            const struct nn_reach rows =
                nn_find_reach(y, window->pad_top, window->stride_height, window->kernel_height, window->output_height);
            for (int32_t x = 0; x < window->input_width; ++x) {
                const struct nn_reach columns = nn_find_reach(x, window->pad_left, window->stride_width,
                                                              window->kernel_width, window->output_width);
                for (int32_t o = 0; o < op->output_channels; ++o) {
                    const NN_WEIGHT *filter = op->weights + o * filter_size;
                    *output++ = output_of(op, dot(op, input, filter, rows, columns), o);
                }
            }
        }
        input += (ptrdiff_t)window->output_height * window->output_width * op->input_channels;
    }
}
