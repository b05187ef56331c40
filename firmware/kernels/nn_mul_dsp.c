#include "nn_clamp_dsp.h"
#include "nn_pairs_rows_dsp.h"

static inline int32_t product(const struct nn_mul_dsp *op, int32_t a, int32_t b) {
    return nn_ssat8(nn_rescale_signed((a + op->offset1) * (2 * b + op->offset2), &op->output));
}

NN_PAIRS_ROWS(multiply, nn_mul_dsp, int8_t, product)

void nn_mul_s8_dsp(const struct nn_mul_dsp *op, const int8_t *input1, const int8_t *input2, int8_t *output) {
    multiply(op, input1, input2, output);
    nn_clamp_s8_dsp(output, op->count, op->activation_min, op->activation_max);
}
