#include "nn_add_scaled_dsp.h"
#include "nn_clamp_dsp.h"

static inline int32_t sum(const struct nn_add_scaled_dsp *op, int32_t a, int32_t b) {
    return nn_ssat8(nn_scaled_sum(op, a, b));
}

NN_PAIRS_ROWS(add, nn_add_scaled_dsp, int8_t, sum)

void nn_add_scaled_s8_dsp(const struct nn_add_scaled_dsp *op, const int8_t *input1, const int8_t *input2,
                          int8_t *output) {
    add(op, input1, input2, output);
    nn_clamp_s8_dsp(output, op->count, op->activation_min, op->activation_max);
}
