#include "nn_pairs_rows_dsp.h"

static inline int32_t square(const struct nn_squared_difference_dsp *op, int32_t a, int32_t b) {
    const int32_t difference = nn_rescale_signed(a * op->unit + op->offset, &op->input) - b * (1 << 6);
    return nn_ssat8(nn_rescale_positive(2 * difference * difference, &op->output));
}

NN_PAIRS_ROWS(squares, nn_squared_difference_dsp, int8_t, square)

void nn_squared_difference_s8_dsp(const struct nn_squared_difference_dsp *op, const int8_t *input1,
                                  const int8_t *input2, int8_t *output) {
    squares(op, input1, input2, output);
}
