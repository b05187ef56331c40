#include "nn_clamp_dsp.h"
#include "nn_pairs_rows_dsp.h"

static inline int32_t sum(const struct nn_add_rows_dsp *op, int32_t a, int32_t b) {
    return nn_ssat8(nn_mla(b, op->factor2, nn_mla(a, op->factor1, op->constant)) >> op->shift);
}

NN_PAIRS_ROWS(add, nn_add_rows_dsp, int8_t, sum)

void nn_add_rows_s8_dsp(const struct nn_add_rows_dsp *op, const int8_t *input1, const int8_t *input2, int8_t *output) {
    add(op, input1, input2, output);
    nn_clamp_s8_dsp(output, op->count, op->activation_min, op->activation_max);
}
