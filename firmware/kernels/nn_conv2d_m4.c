#include "nn_conv2d_m4.h"

#include <string.h>

/* An output pixel's window: its first row and column, which may lie outside the image. */
struct corner {
    int32_t y, x;
};

static struct corner window_corner(const struct nn_window *window, int32_t pixel)
{
    const int32_t y = pixel / window->output_width;
    const int32_t x = pixel - y * window->output_width;
    const struct corner corner = {y * window->stride_height - window->pad_top,
                                  x * window->stride_width - window->pad_left};
    return corner;
}

/* One window into the block. Whole units lie inside the image or outside of it. */
static void expand_window(const struct nn_conv2d_s8_m4 *op, const int8_t *input, struct corner at, uint32_t *lane)
{
    const struct nn_window *window = &op->window;
    const int32_t units = op->input_channels / NN_GEMM_UNIT;
    const int32_t whole = window->dilation_width == 1 && at.x >= 0 && at.x + window->kernel_width <= window->input_width;
    for (int32_t ky = 0; ky < window->kernel_height; ++ky, at.y += window->dilation_height) {
        if (at.y < 0 || at.y >= window->input_height) {
            lane = nn_gemm_fill_m4(op->input_zero_point, window->kernel_width * units, lane);
            continue;
        }
        const int8_t *row = input + at.y * window->input_width * op->input_channels;
        if (whole) {
            lane = nn_gemm_expand_m4(row + at.x * op->input_channels, window->kernel_width * units, lane);
            continue;
        }
        int32_t x = at.x;
        for (int32_t kx = 0; kx < window->kernel_width; ++kx, x += window->dilation_width) {
            lane = x < 0 || x >= window->input_width ? nn_gemm_fill_m4(op->input_zero_point, units, lane)
                                                     : nn_gemm_expand_m4(row + x * op->input_channels, units, lane);
        }
    }
}

/* One window gathered into `patch`, for channel counts that do not fill units. */
static void gather_window(const struct nn_conv2d_s8_m4 *op, const int8_t *input, struct corner at, int8_t *patch)
{
    const struct nn_window *window = &op->window;
    const size_t channels = (size_t)op->input_channels;
    const size_t row_size = (size_t)window->kernel_width * channels;
    const int32_t whole = window->dilation_width == 1 && at.x >= 0 && at.x + window->kernel_width <= window->input_width;
    for (int32_t ky = 0; ky < window->kernel_height; ++ky, at.y += window->dilation_height) {
        const int32_t inside = at.y >= 0 && at.y < window->input_height;
        const int8_t *row = input + at.y * window->input_width * op->input_channels;
        if (inside && whole) {
            memcpy(patch, row + at.x * op->input_channels, row_size);
            patch += row_size;
            continue;
        }
        int32_t x = at.x;
        for (int32_t kx = 0; kx < window->kernel_width; ++kx, x += window->dilation_width) {
            if (inside && x >= 0 && x < window->input_width) {
                memcpy(patch, row + x * op->input_channels, channels);
            } else {
                memset(patch, op->input_zero_point, channels);
            }
            patch += channels;
        }
    }
}

void nn_conv2d_s8_m4(const struct nn_conv2d_s8_m4 *op, const int8_t *input, int8_t *output, void *scratch)
{
    const struct nn_window *window = &op->window;
    const int32_t units = op->gemm.units;
    uint32_t *block = scratch;
    int8_t *patch = (int8_t *)(block + units * NN_GEMM_UNIT_WORDS);
    const int32_t gathered = op->input_channels % NN_GEMM_UNIT != 0;
    int8_t *tile = patch + (gathered ? units * NN_GEMM_UNIT : 0);
    const int32_t pixels = window->output_height * window->output_width;
    const int32_t channels = op->output_channels;
    for (int32_t pixel = 0; pixel < pixels; pixel += NN_GEMM_PIXELS) {
        const int32_t count = pixels - pixel < NN_GEMM_PIXELS ? pixels - pixel : NN_GEMM_PIXELS;
        for (int32_t i = 0; i < count; ++i) {
            const struct corner corner = window_corner(window, pixel + i);
            if (gathered) {
                gather_window(op, input, corner, patch);
                nn_gemm_expand_m4(patch, units, block + i);
            } else {
                expand_window(op, input, corner, block + i);
            }
        }
        if (count == NN_GEMM_PIXELS && channels % 2 == 0) {
            nn_gemm4_m4(&op->gemm, block, output, channels);
        } else {
            nn_gemm4_m4(&op->gemm, block, tile, 2 * op->gemm.pairs);
            for (int32_t i = 0; i < count; ++i) {
                memcpy(output + i * channels, tile + i * 2 * op->gemm.pairs, (size_t)channels);
            }
        }
        output += NN_GEMM_PIXELS * channels;
    }
}
