#include <string.h>

#include "nn_clamp_dsp.h"
#include "nn_transpose_strip_dsp.h"

struct context {
    const struct nn_transpose_conv_s8_dsp *op;
    const int8_t *input;
    struct nn_gemm_sink_dsp *sink;
};

static void load(const void *context, int32_t place, uint32_t *lane) {
    const struct context *c = context;
    const int32_t depth = c->op->shape.input_channels;
    if (place < 0) {
        nn_gemm_fill_dsp(c->op->input_zero_point, c->op->shape.units, lane);
    } else {
        nn_gemm_expand_place_dsp(c->input + place, depth, lane);
    }
}

static void compute(const void *context, const uint32_t *block, int32_t stream, int32_t units, int32_t offset,
                    int32_t stride, int32_t count) {
    const struct context *c = context;
    struct nn_gemm_dsp gemm = c->op->gemm;
    gemm.stream += stream;
    gemm.units = units;
    c->sink->stride = stride;
    nn_gemm_pixels_dsp(&gemm, block, c->sink, offset, count);
}

static const struct nn_transpose_type type = {load, compute};

static void images(const struct nn_transpose_conv_s8_dsp *op, const int8_t *input, uint32_t *block,
                   struct nn_gemm_sink_dsp *sink) {
    const struct nn_transpose_shape_dsp *shape = &op->shape;
    const struct nn_window *window = &shape->window;
    const int32_t rows = (window->kernel_height - 1) / window->stride_height + 1;
    const int32_t outputs = window->input_height * window->input_width * shape->output_channels;
    int8_t *output = sink->output;
    sink->channels = shape->channels;
    sink->tile = (int8_t *)(block + shape->strip_columns * rows * shape->units * NN_GEMM_UNIT_WORDS);
    for (int32_t batch = 0; batch < shape->batches; ++batch, sink->output += outputs) {
        const struct context context = {op, input, sink};
        nn_transpose_image(shape, &type, &context, block);
        input += window->output_height * window->output_width * shape->input_channels;
    }
    nn_clamp_s8_dsp(output, shape->batches * outputs, op->activation_min, op->activation_max);
}

void nn_transpose_conv_s8_dsp(const struct nn_transpose_conv_s8_dsp *op, const int8_t *input, int8_t *output,
                              void *scratch) {
    struct nn_gemm_sink_dsp sink = {.output = output};
    images(op, input, scratch, &sink);
}

void nn_transpose_conv_wide_s8_dsp(const struct nn_transpose_conv_wide_s8_dsp *op, const int8_t *input, int8_t *output,
                                   void *scratch) {
    struct nn_gemm_sink_dsp sink = {.output = output, .wide = &op->wide, .compute = nn_gemm_wide_dsp};
    images(&op->conv, input, scratch, &sink);
}
