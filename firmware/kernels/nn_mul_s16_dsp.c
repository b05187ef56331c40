#include "nn_conv_s16_dsp.h"
#include "nn_pairs_rows_dsp.h"

static inline int32_t product(const struct nn_mul_dsp *op, int32_t a, int32_t b) {
    const int32_t x = a * b;
    return nn_ssat16(nn_rescale_signed(nn_qadd(x, x), &op->output));
}

NN_PAIRS_ROWS(multiply, nn_mul_dsp, int16_t, product)

void nn_mul_s16_dsp(const struct nn_mul_dsp *op, const int16_t *input1, const int16_t *input2, int16_t *output) {
    multiply(op, input1, input2, output);
    nn_clamp_s16_dsp(output, op->count, op->activation_min, op->activation_max, 0);
}
