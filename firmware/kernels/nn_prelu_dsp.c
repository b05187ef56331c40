#include "nn_pairs_rows_dsp.h"

static inline int32_t prelu(const struct nn_prelu_dsp *op, int32_t a, int32_t b) {
    const int32_t x = a + op->offset1;
    return nn_ssat8(x >= 0 ? nn_rescale_positive(x * op->unit, &op->positive)
                           : nn_rescale_signed(x * (2 * b + op->offset2), &op->negative));
}

NN_PAIRS_ROWS(slopes, nn_prelu_dsp, int8_t, prelu)

void nn_prelu_s8_dsp(const struct nn_prelu_dsp *op, const int8_t *input1, const int8_t *input2, int8_t *output) {
    slopes(op, input1, input2, output);
}
