#include <string.h>

#include "nn_conv_s16_dsp.h"
#include "nn_transpose_strip_dsp.h"

struct context {
    const struct nn_transpose_conv_s16_dsp *op;
    const int16_t *input;
    int16_t *output;
    int16_t *tile;
};

static void load(const void *context, int32_t place, uint32_t *lane) {
    const struct context *c = context;
    const int16_t *from = c->input + place;
    int32_t left = place < 0 ? 0 : c->op->shape.input_channels;
    for (int32_t unit = 0; unit < c->op->shape.units; ++unit, left -= NN_GEMM_S16_UNIT, from += NN_GEMM_S16_UNIT) {
        uint32_t words[2] = {0, 0};
        if (left >= NN_GEMM_S16_UNIT) {
            words[0] = nn_load_word(from);
            words[1] = nn_load_word(from + 2);
        } else if (left > 0) {
            memcpy(words, from, (size_t)left * sizeof *from);
        }
        lane[0] = words[0];
        lane[NN_GEMM_S16_PIXELS] = words[1];
        lane += NN_GEMM_S16_UNIT_WORDS;
    }
}

static void compute(const void *context, const uint32_t *block, int32_t stream, int32_t units, int32_t offset,
                    int32_t stride, int32_t count) {
    const struct context *c = context;
    struct nn_gemm_s16_dsp gemm = c->op->gemm;
    gemm.stream += stream;
    gemm.units = units;
    nn_gemm_pixels_s16_dsp(&gemm, block, count, c->op->shape.channels, c->output + offset, stride, c->tile);
}

static const struct nn_transpose_type type = {load, compute};

void nn_transpose_conv_s16_dsp(const struct nn_transpose_conv_s16_dsp *op, const int16_t *input, int16_t *output,
                               void *scratch) {
    const struct nn_transpose_shape_dsp *shape = &op->shape;
    const struct nn_window *window = &shape->window;
    const int32_t rows = (window->kernel_height - 1) / window->stride_height + 1;
    const int32_t outputs = window->input_height * window->input_width * shape->output_channels;
    uint32_t *block = scratch;
    int16_t *tile = (int16_t *)(block + shape->strip_columns * rows * shape->units * NN_GEMM_UNIT_WORDS);
    for (int32_t batch = 0; batch < shape->batches; ++batch, output += outputs) {
        const struct context context = {op, input, output, tile};
        nn_transpose_image(shape, &type, &context, block);
        input += window->output_height * window->output_width * shape->input_channels;
    }
    nn_clamp_s16_dsp(output - shape->batches * outputs, shape->batches * outputs, op->activation_min,
                     op->activation_max, op->gemm.positive);
}
