#include "nn_f32.h"

#include "nn_conv_f32_fpu.h"

enum { PIXELS = NN_GEMM_F32_PIXELS };

/* A window's first row and column, which may lie outside the image. */
struct corner {
    int32_t y, x;
};

/* `count` neighbours to the places of one pixel in the block; returns the place after them. Bits are moved, not
 * numbers. */
static float *lay_out(const float *from, int32_t count, float *lane) {
    for (; count >= 4; count -= 4, from += 4, lane += 4 * PIXELS) {
        lane[0] = from[0];
        lane[PIXELS] = from[1];
        lane[2 * PIXELS] = from[2];
        lane[3 * PIXELS] = from[3];
    }
    for (; count > 0; --count, ++from, lane += PIXELS) {
        lane[0] = from[0];
    }
    return lane;
}

static float *lay_out_zeros(int32_t count, float *lane) {
    for (; count > 0; --count, lane += PIXELS) {
        lane[0] = 0.0F;
    }
    return lane;
}

static void lay_out_window(const struct nn_conv2d_f32_fpu *op, const float *input, struct corner at, float *lane) {
    const struct nn_window *window = &op->window;
    const int32_t last = at.x + (window->kernel_width - 1) * window->dilation_width;
    const int32_t whole = at.x >= 0 && last < window->input_width;
    const int32_t depth = op->runs * op->run / window->kernel_width;
    for (int32_t ky = 0; ky < window->kernel_height; ++ky, at.y += window->dilation_height) {
        const float *row = input + (at.y * window->input_width + at.x) * op->input_channels;
        if (at.y < 0 || at.y >= window->input_height) {
            lane = lay_out_zeros(op->runs * op->run, lane);
        } else if (whole) {
            for (int32_t run = 0; run < op->runs; ++run) {
                lane = lay_out(row, op->run, lane);
                row += window->dilation_width * op->input_channels;
            }
        } else {
            int32_t x = at.x;
            for (int32_t kx = 0; kx < window->kernel_width; ++kx, x += window->dilation_width) {
                lane = x < 0 || x >= window->input_width ? lay_out_zeros(depth, lane) : lay_out(row, depth, lane);
                row += window->dilation_width * op->input_channels;
            }
        }
    }
}

/* One group of one image. */
static void compute(const struct nn_conv2d_f32_fpu *op, const struct nn_gemm_f32_fpu *gemm, const float *input,
                    float *output, float *block) {
    const struct nn_window *window = &op->window;
    const int32_t pixels = window->output_height * window->output_width;
    const int32_t channels = op->output_channels / op->groups;
    float *tile = block + PIXELS * gemm->depth;
    struct corner corner = {-window->pad_top, -window->pad_left};
    int32_t x = 0;
    for (int32_t pixel = 0; pixel < pixels; pixel += PIXELS) {
        const int32_t count = pixels - pixel < PIXELS ? pixels - pixel : PIXELS;
        for (int32_t i = 0; i < PIXELS; ++i) {
            if (i >= count) { /* numbers, whatever they are: what is left there might not be finite */
                (void)lay_out_zeros(gemm->depth, block + i);
                continue;
            }
            lay_out_window(op, input, corner, block + i);
            corner.x += window->stride_width;
            if (++x == window->output_width) {
                x = 0;
                corner.x = -window->pad_left;
                corner.y += window->stride_height;
            }
        }
        nn_gemm_pixels_f32_fpu(gemm, block, count, channels, output + pixel * op->output_channels, op->output_channels,
                               tile);
    }
}

void nn_conv2d_f32_fpu(const struct nn_conv2d_f32_fpu *op, const float *input, float *output, void *scratch) {
    const struct nn_window *window = &op->window;
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        struct nn_gemm_f32_fpu gemm = op->gemm;
        for (int32_t group = 0; group < op->groups; ++group, gemm.stream += op->stream_floats) {
            compute(op, &gemm, input + group * (op->input_channels / op->groups),
                    output + group * (op->output_channels / op->groups), scratch);
        }
        input += window->input_height * window->input_width * op->input_channels;
        output += window->output_height * window->output_width * op->output_channels;
    }
}
