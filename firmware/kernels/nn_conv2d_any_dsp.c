#include "nn_clamp_dsp.h"
#include "nn_conv2d_dsp.h"

enum { PIXELS = NN_GEMM_PIXELS, UNIT = NN_GEMM_UNIT };

/* A window's first row and column, which may lie outside the image. */
struct corner {
    int32_t y, x;
};

/* One window of one group into the block. */
static void expand_window(const struct nn_conv2d_any_s8_dsp *op, const int8_t *input, struct corner at,
                          uint32_t *lane) {
    const struct nn_window *window = &op->window;
    const int32_t depth = op->input_channels / op->groups;
    const int32_t units = (depth + UNIT - 1) / UNIT;
    const int32_t whole = op->groups == 1 && depth % UNIT == 0 && window->dilation_width == 1 && at.x >= 0 &&
                          at.x + window->kernel_width <= window->input_width;
    for (int32_t ky = 0; ky < window->kernel_height; ++ky, at.y += window->dilation_height) {
        int32_t x = at.x;
        if (whole && at.y >= 0 && at.y < window->input_height) {
            const int8_t *row = input + (at.y * window->input_width + x) * depth;
            lane = nn_gemm_expand_dsp(row, window->kernel_width * units, lane);
            continue;
        }
        for (int32_t kx = 0; kx < window->kernel_width; ++kx, x += window->dilation_width) {
            const int32_t inside = at.y >= 0 && at.y < window->input_height && x >= 0 && x < window->input_width;
            lane = inside ? nn_gemm_expand_place_dsp(input + (at.y * window->input_width + x) * op->input_channels,
                                                     depth, lane)
                          : nn_gemm_fill_dsp(op->input_zero_point, units, lane);
        }
    }
}

/* One group of one image. */
static void compute(const struct nn_conv2d_any_s8_dsp *op, const struct nn_gemm_dsp *gemm, const int8_t *input,
                    const struct nn_gemm_sink_dsp *sink, uint32_t *block) {
    const struct nn_window *window = &op->window;
    const int32_t pixels = window->output_height * window->output_width;
    struct corner corner = {-window->pad_top, -window->pad_left};
    int32_t x = 0;
    for (int32_t pixel = 0; pixel < pixels; pixel += PIXELS) {
        const int32_t count = pixels - pixel < PIXELS ? pixels - pixel : PIXELS;
        for (int32_t i = 0; i < count; ++i) {
            expand_window(op, input, corner, block + i);
            corner.x += window->stride_width;
            if (++x == window->output_width) {
                x = 0;
                corner.x = -window->pad_left;
                corner.y += window->stride_height;
            }
        }
        nn_gemm_pixels_dsp(gemm, block, sink, pixel * op->output_channels, count);
    }
}

/* All groups of all images; `wide` is NULL, or goes with `sink->compute`. */
static void compute_groups(const struct nn_conv2d_any_s8_dsp *op, const int8_t *input, int8_t *output, uint32_t *block,
                           const struct nn_gemm_wide_dsp *wide, struct nn_gemm_sink_dsp *sink) {
    const struct nn_window *window = &op->window;
    const int32_t outputs = window->output_height * window->output_width * op->output_channels;
    const int32_t group_outputs = op->output_channels / op->groups;
    sink->channels = group_outputs;
    sink->stride = op->output_channels;
    sink->tile = (int8_t *)(block + op->gemm.units * NN_GEMM_UNIT_WORDS);
    for (int32_t batch = 0; batch < op->batches; ++batch) {
        struct nn_gemm_dsp gemm = op->gemm;
        struct nn_gemm_wide_dsp part;
        for (int32_t group = 0; group < op->groups; ++group, gemm.stream += op->stream_words) {
            const int32_t first = group * group_outputs;
            if (wide != NULL) {
                part = *wide;
                part.requant.multiplier += wide->requant.per_channel ? first : 0;
                part.requant.shift += wide->requant.per_channel ? first : 0;
                sink->wide = &part;
            }
            sink->output = output + batch * outputs + first;
            compute(op, &gemm, input + group * (op->input_channels / op->groups), sink, block);
        }
        input += window->input_height * window->input_width * op->input_channels;
    }
    nn_clamp_s8_dsp(output, op->batches * outputs, op->activation_min, op->activation_max);
}

void nn_conv2d_any_s8_dsp(const struct nn_conv2d_any_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch) {
    struct nn_gemm_sink_dsp sink = {.output = output};
    compute_groups(op, input, output, scratch, NULL, &sink);
}

void nn_conv2d_any_wide_s8_dsp(const struct nn_conv2d_any_wide_s8_dsp *op, const int8_t *input, int8_t *output,
                               void *scratch) {
    struct nn_gemm_sink_dsp sink = {.output = output, .compute = nn_gemm_wide_dsp};
    compute_groups(&op->conv, input, output, scratch, &op->wide, &sink);
}
