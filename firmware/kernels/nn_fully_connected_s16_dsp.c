#include <string.h>

#include "nn_conv_s16_dsp.h"
#include "nn_rescale_s16_dsp.h"

enum { ROWS = 4, UNIT = NN_GEMM_S16_UNIT };

static inline int32_t unit(uint32_t weights, uint32_t low, uint32_t high, int32_t sum) {
    return nn_smlad(high, nn_sxtb16_odd(weights), nn_smlad(low, nn_sxtb16(weights), sum));
}

/* `count` outputs, up to four, a constant where this is called; returns the stream after them. */
static inline __attribute__((always_inline)) const uint32_t *compute(const struct nn_fully_connected_s16_dsp *op,
                                                                     const uint32_t *stream, const int16_t *input,
                                                                     int32_t count, int16_t *output) {
    const int32_t left = op->input_size % UNIT;
    int32_t sum0 = (int32_t)stream[0];
    int32_t sum1 = count > 1 ? (int32_t)stream[1] : 0;
    int32_t sum2 = count > 2 ? (int32_t)stream[2] : 0;
    int32_t sum3 = count > 3 ? (int32_t)stream[3] : 0;
    stream += count;
    for (const int16_t *end = input + op->input_size - left; input != end; input += UNIT, stream += count) {
        const uint32_t low = nn_load_word(input), high = nn_load_word(input + 2);
        sum0 = unit(stream[0], low, high, sum0);
        sum1 = count > 1 ? unit(stream[1], low, high, sum1) : 0;
        sum2 = count > 2 ? unit(stream[2], low, high, sum2) : 0;
        sum3 = count > 3 ? unit(stream[3], low, high, sum3) : 0;
    }
    int32_t sums[ROWS] = {sum0, sum1, sum2, sum3};
    if (left > 0) {
        uint32_t words[2] = {0, 0};
        memcpy(words, input, (size_t)left * sizeof *input);
        for (int32_t i = 0; i < count; ++i) {
            sums[i] = unit(*stream++, words[0], words[1], sums[i]);
        }
    }
    for (int32_t i = 0; i < count; ++i) {
        output[i] = (int16_t)nn_ssat16(nn_rescale_s16(sums[i], stream[i], stream[count + i]));
    }
    return stream + 2 * count;
}

NN_APART static const uint32_t *compute_one(const struct nn_fully_connected_s16_dsp *op, const uint32_t *stream,
                                            const int16_t *input, int16_t *output) {
    return compute(op, stream, input, 1, output);
}

NN_APART static const uint32_t *compute_two(const struct nn_fully_connected_s16_dsp *op, const uint32_t *stream,
                                            const int16_t *input, int16_t *output) {
    return compute(op, stream, input, 2, output);
}

NN_APART static const uint32_t *compute_three(const struct nn_fully_connected_s16_dsp *op, const uint32_t *stream,
                                              const int16_t *input, int16_t *output) {
    return compute(op, stream, input, 3, output);
}

NN_APART static const uint32_t *compute_four(const struct nn_fully_connected_s16_dsp *op, const uint32_t *stream,
                                             const int16_t *input, int16_t *output) {
    return compute(op, stream, input, ROWS, output);
}

void nn_fully_connected_s16_dsp(const struct nn_fully_connected_s16_dsp *op, const int16_t *input, int16_t *output) {
    static const uint32_t *(*const some[ROWS])(const struct nn_fully_connected_s16_dsp *, const uint32_t *,
                                               const int16_t *,
                                               int16_t *) = {compute_one, compute_two, compute_three, compute_four};
    for (int32_t batch = 0; batch < op->batches; ++batch, input += op->input_size) {
        const uint32_t *stream = op->stream;
        for (int32_t left = op->output_size; left > 0;) {
            const int32_t count = left < ROWS ? left : ROWS;
            stream = some[count - 1](op, stream, input, output);
            output += count;
            left -= count;
        }
    }
    nn_clamp_s16_dsp(output - op->batches * op->output_size, op->batches * op->output_size, op->activation_min,
                     op->activation_max, 0);
}
