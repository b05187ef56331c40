#include "nn_f32.h"

#include "nn_conv_f32_fpu.h"
#include "nn_window.h"

enum { GROUP = 4 };

struct four {
    float of[GROUP];
};

/* Four channels of one pixel, without bias. */
static inline struct four sums(const struct nn_depthwise_conv2d_f32_fpu *op, struct nn_span rows,
                               struct nn_span columns, const float *input, const float *weights) {
    const struct nn_window *window = &op->window;
    const int32_t step = window->dilation_width * op->channels;
    struct four s = {{0.0F, 0.0F, 0.0F, 0.0F}};
    for (int32_t ky = rows.begin; ky < rows.end; ++ky) {
        const int32_t y = rows.origin + ky * window->dilation_height;
        const int32_t x = columns.origin + columns.begin * window->dilation_width;
        const float *in = input + (y * window->input_width + x) * op->channels;
        const float *w = weights + (ky * window->kernel_width + columns.begin) * op->channels;
        for (int32_t left = columns.end - columns.begin; left > 0; --left, in += step, w += op->channels) {
            s.of[0] += in[0] * w[0];
            s.of[1] += in[1] * w[1];
            s.of[2] += in[2] * w[2];
            s.of[3] += in[3] * w[3];
        }
    }
    return s;
}

/* One channel of one pixel, likewise. */
static inline float sum(const struct nn_depthwise_conv2d_f32_fpu *op, struct nn_span rows, struct nn_span columns,
                        const float *input, const float *weights) {
    const struct nn_window *window = &op->window;
    const int32_t step = window->dilation_width * op->channels;
    float s = 0.0F;
    for (int32_t ky = rows.begin; ky < rows.end; ++ky) {
        const int32_t y = rows.origin + ky * window->dilation_height;
        const int32_t x = columns.origin + columns.begin * window->dilation_width;
        const float *in = input + (y * window->input_width + x) * op->channels;
        const float *w = weights + (ky * window->kernel_width + columns.begin) * op->channels;
        for (int32_t left = columns.end - columns.begin; left > 0; --left, in += step, w += op->channels) {
            s += *in * *w;
        }
    }
    return s;
}

void nn_depthwise_conv2d_f32_fpu(const struct nn_depthwise_conv2d_f32_fpu *op, const float *input, float *output) {
    const struct nn_window *window = &op->window;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        for (int32_t y = 0; y < window->output_height; ++y) {
            const struct nn_span rows = nn_window_rows(window, y);
            for (int32_t x = 0; x < window->output_width; ++x, output += op->channels) {
                const struct nn_span columns = nn_window_columns(window, x);
                int32_t c = 0;
                for (; c + GROUP <= op->channels; c += GROUP) {
                    const struct four s = sums(op, rows, columns, input + c, op->weights + c);
                    for (int32_t i = 0; i < GROUP; ++i) {
                        output[c + i] = nn_clamp_f32(s.of[i] + op->bias[c + i], op->activation_min, op->activation_max);
                    }
                }
                for (int32_t left = op->channels % GROUP; left > 0; --left, ++c) { /* GCC 12 warns of c < channels */
                    const float s = sum(op, rows, columns, input + c, op->weights + c);
                    output[c] = nn_clamp_f32(s + op->bias[c], op->activation_min, op->activation_max);
                }
            }
        }
        input += window->input_height * window->input_width * op->channels;
    }
}
