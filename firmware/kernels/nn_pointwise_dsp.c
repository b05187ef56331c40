#include "nn_conv2d_dsp.h"

#include "nn_clamp_dsp.h"

/* Four pixels into the block, those after the first `count` being any. */
static void expand_pixels(const int8_t *input, int32_t channels, int32_t count, uint32_t *block) {
    const int8_t *pixel1 = input + (count > 1 ? channels : 0);
    const int8_t *pixel2 = pixel1 + (count > 2 ? channels : 0);
    const int8_t *pixel3 = pixel2 + (count > 3 ? channels : 0);
    nn_gemm_expand_pixels_dsp(input, pixel1, pixel2, pixel3, channels, block);
}

static void compute(const struct nn_pointwise_s8_dsp *op, const int8_t *input, uint32_t *block,
                    struct nn_gemm_sink_dsp *sink) {
    sink->channels = op->output_channels;
    sink->stride = op->output_channels;
    sink->tile = (int8_t *)(block + op->gemm.units * NN_GEMM_UNIT_WORDS);
    for (int32_t pixel = 0; pixel < op->pixels; pixel += NN_GEMM_PIXELS) {
        const int32_t left = op->pixels - pixel;
        const int32_t count = left < NN_GEMM_PIXELS ? left : NN_GEMM_PIXELS;
        expand_pixels(input, op->input_channels, count, block);
        nn_gemm_pixels_dsp(&op->gemm, block, sink, pixel * op->output_channels, count);
        input += NN_GEMM_PIXELS * op->input_channels;
    }
}

void nn_pointwise_s8_dsp(const struct nn_pointwise_s8_dsp *op, const int8_t *input, int8_t *output, void *scratch) {
    struct nn_gemm_sink_dsp sink = {.output = output};
    compute(op, input, scratch, &sink);
    nn_clamp_s8_dsp(output, op->pixels * op->output_channels, op->activation_min, op->activation_max);
}

void nn_pointwise_add_s8_dsp(const struct nn_pointwise_add_s8_dsp *op, const int8_t *input, const int8_t *residual,
                             int8_t *output, void *scratch) {
    struct nn_gemm_sink_dsp sink = {.output = output, .residual = residual, .operands = &op->add, .add = nn_add_s8_dsp};
    compute(&op->conv, input, scratch, &sink);
}
