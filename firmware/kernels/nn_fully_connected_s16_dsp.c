#include "nn_conv_s16_dsp.h"
#include "nn_rescale_s16_dsp.h"

enum { ROWS = 4, UNIT = NN_GEMM_S16_UNIT };

static inline int32_t unit(uint32_t weights, uint32_t low, uint32_t high, int32_t sum) {
    return nn_smlad(high, nn_sxtb16_odd(weights), nn_smlad(low, nn_sxtb16(weights), sum));
}

/* Four outputs; returns the stream after them. */
static const uint32_t *compute(const struct nn_fully_connected_s16_dsp *op, const uint32_t *stream,
                               const int16_t *input, int32_t outputs[ROWS]) {
    int32_t sum0 = (int32_t)stream[0], sum1 = (int32_t)stream[1];
    int32_t sum2 = (int32_t)stream[2], sum3 = (int32_t)stream[3];
    stream += ROWS;
    for (const uint32_t *end = stream + op->input_size; stream != end; stream += ROWS, input += UNIT) {
        const uint32_t low = nn_load_word(input), high = nn_load_word(input + 2);
        sum0 = unit(stream[0], low, high, sum0);
        sum1 = unit(stream[1], low, high, sum1);
        sum2 = unit(stream[2], low, high, sum2);
        sum3 = unit(stream[3], low, high, sum3);
    }
    const int32_t sums[ROWS] = {sum0, sum1, sum2, sum3};
    for (int32_t i = 0; i < ROWS; ++i) {
        outputs[i] = nn_ssat16(nn_rescale_s16(sums[i], stream[i], stream[ROWS + i]));
    }
    return stream + 2 * ROWS;
}

void nn_fully_connected_s16_dsp(const struct nn_fully_connected_s16_dsp *op, const int16_t *input, int16_t *output) {
    for (int32_t batch = 0; batch < op->batches; ++batch, input += op->input_size) {
        const uint32_t *stream = op->stream;
        for (int32_t left = op->output_size; left > 0; left -= ROWS) {
            int32_t outputs[ROWS];
            stream = compute(op, stream, input, outputs);
            for (int32_t i = 0; i < ROWS && i < left; ++i) {
                *output++ = (int16_t)outputs[i];
            }
        }
    }
    nn_clamp_s16_dsp(output - op->batches * op->output_size, op->batches * op->output_size, op->activation_min,
                     op->activation_max, 0);
}
