#include "nn_pool.h"
#include "nn_requant.h"
#include "nn_window.h"

static int32_t max_window(const struct nn_pool2d_s8 *op, const int8_t *input, struct nn_span rows,
                          struct nn_span columns) {
    int32_t max = INT8_MIN;
    for (int32_t ky = rows.begin; ky < rows.end; ++ky) {
        for (int32_t kx = columns.begin; kx < columns.end; ++kx) {
            const int32_t pixel = (rows.origin + ky) * op->window.input_width + columns.origin + kx;
            const int32_t value = input[(ptrdiff_t)pixel * op->channels];
            max = value > max ? value : max;
        }
    }
    return max;
}

void nn_max_pool2d_s8(const struct nn_pool2d_s8 *op, const int8_t *input, int8_t *output) {
    const struct nn_window *window = &op->window;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            const struct nn_span rows = nn_window_rows(window, y);
            for (int32_t x = 0; x < window->output_width; ++x) {
                const struct nn_span columns = nn_window_columns(window, x);
                for (int32_t c = 0; c < op->channels; ++c) {
                    const int32_t max = max_window(op, input + c, rows, columns);
                    *output++ = (int8_t)nn_clamp(max, op->activation_min, op->activation_max);
                }
            }
        }
        input += (ptrdiff_t)window->input_height * window->input_width * op->channels;
    }
}
