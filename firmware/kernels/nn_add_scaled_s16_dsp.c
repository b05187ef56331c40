#include "nn_add_scaled_dsp.h"
#include "nn_conv_s16_dsp.h"

static inline int32_t sum(const struct nn_add_scaled_dsp *op, int32_t a, int32_t b) {
    return nn_ssat16(nn_scaled_sum(op, a, b));
}

NN_PAIRS_ROWS(add, nn_add_scaled_dsp, int16_t, sum)

void nn_add_scaled_s16_dsp(const struct nn_add_scaled_dsp *op, const int16_t *input1, const int16_t *input2,
                           int16_t *output) {
    add(op, input1, input2, output);
    nn_clamp_s16_dsp(output, op->count, op->activation_min, op->activation_max, 0);
}
