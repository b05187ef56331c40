#include "nn_clamp_dsp.h"
#include "nn_dsp.h"
#include "nn_pool_dsp.h"
#include "nn_window.h"

/* The larger of two pixels; `output` may be one of them. */
static void larger(const int8_t *a, const int8_t *b, int32_t channels, int8_t *output) {
    for (; channels >= 4; channels -= 4, a += 4, b += 4, output += 4) {
        nn_store_word(output, nn_smax8(nn_load_word(a), nn_load_word(b)));
    }
    for (; channels > 0; --channels, ++a, ++b) {
        *output++ = *a > *b ? *a : *b;
    }
}

/* One output pixel: the first pixels of the window into the output, the others into what is there. */
static void max_window(const struct nn_pool2d_s8 *op, const int8_t *input, struct nn_span rows, struct nn_span columns,
                       int8_t *output) {
    const int8_t *sofar = NULL;
    for (int32_t ky = rows.begin; ky < rows.end; ++ky) {
        const int32_t first = (rows.origin + ky) * op->window.input_width + columns.origin;
        for (int32_t kx = columns.begin; kx < columns.end; ++kx) {
            const int8_t *pixel = input + (first + kx) * op->channels;
            larger(sofar == NULL ? pixel : sofar, pixel, op->channels, output);
            sofar = output;
        }
    }
}

void nn_max_pool2d_s8_dsp(const struct nn_pool2d_s8 *op, const int8_t *input, int8_t *output) {
    const struct nn_window *window = &op->window;
    const int32_t pixels = op->batches * window->output_height * window->output_width;
    int8_t *next = output;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            const struct nn_span rows = nn_window_rows(window, y);
            for (int32_t x = 0; x < window->output_width; ++x, next += op->channels) {
                max_window(op, input, rows, nn_window_columns(window, x), next);
            }
        }
        input += window->input_height * window->input_width * op->channels;
    }
    nn_clamp_s8_dsp(output, pixels * op->channels, op->activation_min, op->activation_max);
}
