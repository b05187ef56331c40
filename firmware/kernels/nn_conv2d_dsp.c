#include "nn_conv2d_dsp.h"

#include "nn_clamp_dsp.h"

/* A window's first row and column, which may lie outside the image. */
struct corner {
    int32_t y, x;
};

/* One window into the block. Units lie inside the image or outside of it, as a whole. */
static void expand_window(const struct nn_conv2d_s8_dsp *op, const int8_t *input, struct corner at, uint32_t *lane) {
    const struct nn_window *window = &op->window;
    const int32_t units = op->input_channels / NN_GEMM_UNIT;
    const int32_t whole =
        window->dilation_width == 1 && at.x >= 0 && at.x + window->kernel_width <= window->input_width;
    for (int32_t ky = 0; ky < window->kernel_height; ++ky, at.y += window->dilation_height) {
        const int32_t inside = at.y >= 0 && at.y < window->input_height;
        const int8_t *row = input + at.y * window->input_width * op->input_channels;
        if (whole && inside) {
            lane = nn_gemm_expand_dsp(row + at.x * op->input_channels, window->kernel_width * units, lane);
            continue;
        }
        int32_t x = at.x;
        for (int32_t kx = 0; kx < window->kernel_width; ++kx, x += window->dilation_width) {
            lane = inside && x >= 0 && x < window->input_width
                       ? nn_gemm_expand_dsp(row + x * op->input_channels, units, lane)
                       : nn_gemm_fill_dsp(op->input_zero_point, units, lane);
        }
    }
}

static void compute(const struct nn_conv2d_s8_dsp *op, const int8_t *input, uint32_t *block,
                    struct nn_gemm_sink_dsp *sink) {
    const struct nn_window *window = &op->window;
    const int32_t pixels = window->output_height * window->output_width;
    struct corner corner = {-window->pad_top, -window->pad_left};
    int32_t x = 0;
    sink->channels = op->output_channels;
    sink->stride = op->output_channels;
    sink->tile = (int8_t *)(block + op->gemm.units * NN_GEMM_UNIT_WORDS);
    for (int32_t pixel = 0; pixel < pixels; pixel += NN_GEMM_PIXELS) {
        const int32_t count = pixels - pixel < NN_GEMM_PIXELS ? pixels - pixel : NN_GEMM_PIXELS;
        for (int32_t i = 0; i < count; ++i) {
            expand_window(op, input, corner, block + i);
            corner.x += window->stride_width;
            if (++x == window->output_width) {
                x = 0;
                corner.x = -window->pad_left;
                corner.y += window->stride_height;
            }
        }
        nn_gemm_pixels_dsp(&op->gemm, block, sink, pixel * op->output_channels, count);
    }
    nn_clamp_s8_dsp(sink->output, pixels * op->output_channels, op->activation_min, op->activation_max);
}

void nn_conv2d_s8_dsp(const struct nn_conv2d_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch) {
    struct nn_gemm_sink_dsp sink = {.output = output};
    compute(op, input, scratch, &sink);
}
