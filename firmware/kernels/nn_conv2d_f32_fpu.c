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
    const int32_t right = window->input_width - at.x; /* columns from here on are outside */
    const int32_t depth = op->runs * op->run / window->kernel_width;
    const int32_t column = window->dilation_width * op->input_channels;
    int32_t begin = 0, end = window->kernel_width;
    while (begin < end && at.x + begin * window->dilation_width < 0) {
        ++begin;
    }
    while (end > begin && (end - 1) * window->dilation_width >= right) {
        --end;
    }
    for (int32_t ky = 0; ky < window->kernel_height; ++ky, at.y += window->dilation_height) {
        if (at.y < 0 || at.y >= window->input_height) {
            lane = lay_out_zeros(op->runs * op->run, lane);
            continue;
        }
        const float *from = input + (at.y * window->input_width + at.x) * op->input_channels + begin * column;
        lane = lay_out_zeros(begin * depth, lane);
        if (op->runs == 1) {
            lane = lay_out(from, (end - begin) * depth, lane);
        } else {
            for (int32_t kx = begin; kx < end; ++kx, from += column) {
                lane = lay_out(from, depth, lane);
            }
        }
        lane = lay_out_zeros((window->kernel_width - end) * depth, lane);
    }
}

/* `count` neighbours of each of four windows, `step` elements apart, to their places in the block. */
static float *lay_out_four(const float *from, int32_t step, int32_t count, float *block) {
    const float *second = from + step, *third = second + step, *fourth = third + step;
    for (; count > 0; --count, block += PIXELS) {
        block[0] = *from++;
        block[1] = *second++;
        block[2] = *third++;
        block[3] = *fourth++;
    }
    return block;
}

/* Zeros for what four windows side by side have left and right of the image. */
static void clear_outside(const struct nn_conv2d_f32_fpu *op, int32_t x, float *block) {
    const struct nn_window *window = &op->window;
    const int32_t row = op->runs * op->run, depth = row / window->kernel_width;
    for (int32_t i = 0; i < PIXELS; ++i, x += window->stride_width) {
        for (int32_t kx = 0; kx < window->kernel_width; ++kx) {
            const int32_t column = x + kx * window->dilation_width;
            if (column < 0 || column >= window->input_width) {
                float *lane = block + PIXELS * kx * depth + i;
                for (int32_t ky = 0; ky < window->kernel_height; ++ky, lane += PIXELS * row) {
                    (void)lay_out_zeros(depth, lane);
                }
            }
        }
    }
}

/* Four windows side by side; left and right of the image there are neighbouring rows. */
static void lay_out_windows(const struct nn_conv2d_f32_fpu *op, const float *input, struct corner at, float *block) {
    const struct nn_window *window = &op->window;
    const float *row = input + (at.y * window->input_width + at.x) * op->input_channels;
    const int32_t next_row = window->dilation_height * window->input_width * op->input_channels;
    for (int32_t ky = 0; ky < window->kernel_height; ++ky, at.y += window->dilation_height, row += next_row) {
        if (at.y < 0 || at.y >= window->input_height) {
            for (int32_t i = op->runs * op->run; i > 0; --i, block += PIXELS) {
                block[0] = block[1] = block[2] = block[3] = 0.0F;
            }
            continue;
        }
        const float *from = row;
        for (int32_t run = 0; run < op->runs; ++run, from += window->dilation_width * op->input_channels) {
            block = lay_out_four(from, window->stride_width * op->input_channels, op->run, block);
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
    const int32_t width = window->input_width, lowest = (window->kernel_height - 1) * window->dilation_height;
    const int32_t last = (PIXELS - 1) * window->stride_width + (window->kernel_width - 1) * window->dilation_width;
    struct corner corner = {-window->pad_top, -window->pad_left};
    int32_t x = 0;
    for (int32_t pixel = 0; pixel < pixels; pixel += PIXELS) {
        const int32_t count = pixels - pixel < PIXELS ? pixels - pixel : PIXELS;
        const int32_t left = corner.x < 0, right = corner.x + last >= width;
        const int32_t together =
            x + PIXELS <= window->output_width && (!left || (corner.y > 0 && corner.x >= -width)) &&
            (!right || (corner.y + lowest < window->input_height - 1 && corner.x + last < 2 * width));
        if (together) {
            lay_out_windows(op, input, corner, block);
            if (left || right) {
                clear_outside(op, corner.x, block);
            }
        }
        for (int32_t i = 0; i < PIXELS; ++i) {
            if (i >= count) { /* numbers, whatever they are: what is left there might not be finite */
                (void)lay_out_zeros(gemm->depth, block + i);
                continue;
            }
            if (!together) {
                lay_out_window(op, input, corner, block + i);
            }
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
